import { pino, type Logger } from 'pino';

export type { Logger };

/** Names under which a secret could travel in a log line; their values never leave the process. */
const secretPaths = ['authorization', 'password', 'token', 'accessToken', 'secret', 'apiKey', 'privateKey'];

/**
 * JSON lines on standard error, so that standard output stays free for what a command prints.
 * level: pino's names, `silent` included.
 */
export function createLogger(level: string): Logger {
  const redact = secretPaths.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    { level, redact: { paths: redact, censor: '[redacted]' }, base: null },
    pino.destination({ fd: 2, sync: true }),
  );
}
