import type { Secret } from '../domain/secret';
import type { Config } from './config';
import type { ExchangeSettings } from './exchangeKeys';
import { isLoopback } from './loopback';

/** Sentences about settings that development takes and production does not. */
export function productionChecks(config: Config): readonly string[] {
  const { database, redis, http, access, mail, exchanges } = config;
  const problems: string[] = [];
  if (exchanges.some((exchange) => exchange.id === 'simulator')) {
    problems.push('EXCHANGES names the simulator, which production refuses: name real exchanges.');
  }
  problems.push(...exchanges.flatMap(plainTextProblems));
  problems.push(...databaseProblems('DATABASE_URL', database.url));
  problems.push(...databaseProblems('MIGRATION_DATABASE_URL', database.migrationUrl));
  if (redis.url !== null && !isProtected(new URL(redis.url.reveal()))) {
    problems.push('REDIS_URL is not encrypted: production needs rediss://, except on loopback.');
  }
  for (const origin of http.corsOrigins.filter((one) => !isProtected(new URL(one)))) {
    problems.push(`CORS_ORIGINS names ${origin}, which anybody on the way can speak for: production needs https://.`);
  }
  if (mail.resetPageUrl !== null && !isProtected(new URL(mail.resetPageUrl))) {
    problems.push('PASSWORD_RESET_URL is not encrypted: production needs https://, except on loopback.');
  }
  if (access.introspection === 'true') {
    problems.push(
      'INTROSPECTION=true is for development: leave it out (API keys of scope SCHEMA_READ read the schema all the same), or say INTROSPECTION=always where everybody who signs in is to read it.',
    );
  }
  return problems;
}

/** As pg reads it: what stands behind the ? wins over what stands before it, and the last of a name over the others. */
function databaseProblems(name: string, secret: Secret | null): readonly string[] {
  if (secret === null) return [];
  const url = new URL(secret.reveal());
  const host = url.searchParams.getAll('host').at(-1);
  if (host !== undefined) url.hostname = host;
  const isSocket = host?.startsWith('/') ?? false;
  if (isSocket || isLoopback(url) || url.searchParams.getAll('sslmode').at(-1) === 'verify-full') return [];
  return [
    `${name} does not make sure whom it talks to: production needs ?sslmode=verify-full at its end (and sslrootcert=FILE where the authority is your own), except on loopback.`,
  ];
}

function plainTextProblems(exchange: ExchangeSettings): readonly string[] {
  return [exchange.restUrl, exchange.wsUrl].flatMap((url) =>
    url === null || isProtected(new URL(url))
      ? []
      : [
          `The address ${url} of ${exchange.id} is not encrypted: production needs https:// and wss://, except on loopback.`,
        ],
  );
}

function isProtected(url: URL): boolean {
  return ['https:', 'wss:', 'rediss:'].includes(url.protocol) || isLoopback(url);
}
