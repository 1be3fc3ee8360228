import path from 'node:path';
import type { ExchangeSettings } from './exchangeKeys';
import type { Mode } from './keyDefinition';
import type { Values } from './keys';
import type { Secret } from './secret';

/** The settings of one process, checked and frozen; rooms are given their slice of it. */
export interface Config {
  readonly mode: Mode;
  /** Absolute. */
  readonly dataDir: string;
  readonly logLevel: Values['LOG_LEVEL'];
  readonly http: { readonly host: string; readonly port: number; readonly corsOrigins: readonly string[] };
  readonly metrics: { readonly host: string; readonly port: number };
  /** `url` is null where the embedded PostgreSQL is to be used: never in production. */
  readonly database: { readonly url: Secret | null };
  readonly redis: { readonly url: Secret | null };
  readonly exchanges: readonly ExchangeSettings[];
  /** `rate`: factor of the usual order flow. */
  readonly simulator: { readonly seed: number; readonly rate: number };
  readonly access: {
    readonly publicMarketData: boolean;
    readonly operations: Values['OPERATIONS'];
    readonly introspection: boolean;
  };
  readonly streams: StreamSettings;
  readonly tokens: TokenSettings;
}

/** What a deployment sets otherwise than `src/security/limits.ts`. */
export interface StreamSettings {
  readonly caps: Partial<
    Readonly<
      Record<'maxSocketsPerUser' | 'maxSocketsPerAddress' | 'maxOperationsPerSocket' | 'maxMessagesPerMinute', number>
    >
  >;
  readonly flushWindowMs: number;
}

export interface TokenSettings {
  /** Null where the key is to be made and kept in the data folder: never in production. */
  readonly privateKeyPem: Secret | null;
  readonly ttlS: number;
  readonly issuer: string;
  readonly audience: string;
}

/** Metrics tell more than a stranger should know: they never leave the machine. */
const metricsHost = '127.0.0.1';

export function toConfig(parts: {
  readonly mode: Mode;
  readonly values: Values;
  readonly exchanges: readonly ExchangeSettings[];
  readonly projectDir: string;
}): Config {
  const { values } = parts;
  return deepFreeze<Config>({
    mode: parts.mode,
    dataDir: path.resolve(parts.projectDir, values.DATA_DIR),
    logLevel: values.LOG_LEVEL,
    http: { host: values.HOST, port: values.PORT, corsOrigins: values.CORS_ORIGINS ?? [] },
    metrics: { host: metricsHost, port: values.METRICS_PORT },
    database: { url: values.DATABASE_URL },
    redis: { url: values.REDIS_URL },
    exchanges: parts.exchanges,
    simulator: { seed: values.SIMULATOR_SEED, rate: values.SIMULATOR_RATE },
    access: {
      publicMarketData: values.PUBLIC_MARKET_DATA,
      operations: values.OPERATIONS,
      introspection: values.INTROSPECTION,
    },
    streams: {
      caps: setOnly({
        maxSocketsPerUser: values.MAX_SOCKETS_PER_USER,
        maxSocketsPerAddress: values.MAX_SOCKETS_PER_ADDRESS,
        maxOperationsPerSocket: values.MAX_OPERATIONS_PER_SOCKET,
        maxMessagesPerMinute: values.MAX_MESSAGES_PER_MINUTE,
      }),
      flushWindowMs: values.STREAM_FLUSH_WINDOW_MS,
    },
    tokens: {
      privateKeyPem: values.ACCESS_TOKEN_PRIVATE_KEY,
      ttlS: values.ACCESS_TOKEN_TTL_S,
      issuer: values.TOKEN_ISSUER,
      audience: values.TOKEN_AUDIENCE,
    },
  });
}

function setOnly<Name extends string>(numbers: Readonly<Record<Name, number | null>>): Partial<Record<Name, number>> {
  const set = Object.entries<number | null>(numbers).filter(([, value]) => value !== null);
  return Object.fromEntries(set) as Partial<Record<Name, number>>;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
