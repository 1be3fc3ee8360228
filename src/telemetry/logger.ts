import { pino, stdSerializers, type Logger } from 'pino';

export type { Logger };

/** Names under which a secret could travel in a log line; their values never leave the process. */
const secretPaths = ['authorization', 'password', 'token', 'accessToken', 'secret', 'apiKey', 'privateKey'];

/**
 * What is told of an error. Whatever else one carries stays here: one of the database carries the values of its statement, and the row that
 * was refused, and both hold what people have typed.
 */
const toldOfErrors = [
  ...['type', 'message', 'stack', 'code', 'errno', 'syscall', 'address', 'port', 'path'],
  ...['severity', 'schema', 'table', 'column', 'constraint', 'routine'],
] as const;

/**
 * JSON lines on standard error, so that standard output stays free for what a command prints.
 * level: pino's names, `silent` included.
 */
export function createLogger(level: string): Logger {
  const redact = secretPaths.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    { level, redact: { paths: redact, censor: '[redacted]' }, base: null, serializers: { err: describeError } },
    pino.destination({ fd: 2, sync: true }),
  );
}

function describeError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const all = stdSerializers.err(error as Error) as Readonly<Record<string, unknown>>;
  const told = toldOfErrors.flatMap((name) => (isSaid(all[name]) ? [[name, all[name]] as const] : []));
  const aggregated = 'errors' in error && Array.isArray(error.errors) ? error.errors.map(describeError) : null;
  return { ...Object.fromEntries(told), ...(aggregated === null ? {} : { aggregateErrors: aggregated }) };
}

/** A word, a number or, of the path to a field, several. */
function isSaid(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every((part) => typeof part === 'string' || typeof part === 'number')
    : typeof value === 'string' || typeof value === 'number';
}
