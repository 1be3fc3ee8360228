import path from 'node:path';
import type { Secret } from '../domain/secret';
import type { VaultSettings } from '../secrets/vault/vaultSession';
import type { CredentialKey, VaultedKey } from './credentialKeys';
import type { ExchangeSettings } from './exchangeKeys';
import type { Mode } from './keyDefinition';
import type { MailSender, SmtpServer } from './mailKeys';
import type { Values } from './keys';
import type { SecretPlace } from './secretPlaces';

/** The settings of one process, checked and frozen; rooms are given their slice of it. */
export interface Config {
  readonly mode: Mode;
  /** Absolute. */
  readonly dataDir: string;
  readonly logLevel: Values['LOG_LEVEL'];
  readonly secretPlaces: readonly SecretPlace[];
  readonly http: HttpSettings;
  readonly metrics: { readonly host: string; readonly port: number };
  /** `url` is null where the embedded PostgreSQL is to be used: never in production. `migrationUrl`: as the owner of its schema; null where `url` is that. */
  readonly database: { readonly url: Secret | null; readonly migrationUrl: Secret | null };
  readonly redis: { readonly url: Secret | null };
  readonly exchanges: readonly ExchangeSettings[];
  /** `rate`: factor of the usual order flow. */
  readonly simulator: { readonly seed: number; readonly rate: number };
  readonly access: {
    readonly publicMarketData: boolean;
    /** Analysts read accounts that nobody granted to them. */
    readonly analystsSeeAll: boolean;
    readonly operations: Values['OPERATIONS'];
    readonly introspection: Values['INTROSPECTION'];
  };
  readonly trading: { readonly liveNeedsApproval: boolean; readonly reconciliationsKeptDays: number };
  readonly streams: StreamSettings;
  readonly tokens: TokenSettings;
  readonly mail: MailSettings;
  readonly credentials: CredentialSettings;
  /** Null where no Vault is named. */
  readonly vault: VaultSettings | null;
  /** Newest first. */
  readonly passwords: { readonly peppers: readonly CredentialKey[] };
  readonly audit: AuditSettings;
  /** Secrets of files and managers are read again at most so far apart. One older than `maxAgeDays` is told; 0: none. */
  readonly secrets: { readonly refreshS: number; readonly maxAgeDays: number };
}

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly trustedProxies: readonly string[];
  /** Where clients reach this server; null where nobody has said. */
  readonly publicUrl: string | null;
  readonly corsOrigins: readonly string[];
  /** What every answer says to browsers. */
  readonly headers: {
    readonly contentSecurityPolicy: string;
    readonly frameOptions: string;
    readonly xssProtection: string;
    /** Null: nothing is said of it. */
    readonly strictTransportSecurity: string | null;
    readonly referrerPolicy: string;
  };
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
  /** What a ring of signing keys begins with; null: one that is made for it. */
  readonly privateKeyPem: Secret | null;
  /** Of the next key. */
  readonly algorithm: Values['ACCESS_TOKEN_ALGORITHM'];
  /** A key that signs for so long is replaced; 0: never by itself. */
  readonly keyDays: number;
  readonly ttlS: number;
  readonly issuer: string;
  readonly audience: string;
}

/** `smtp` and `from` are both set, or neither is. */
export interface MailSettings {
  readonly smtp: SmtpServer | null;
  readonly from: MailSender | null;
  /** A page that takes a one-time token as its fragment: no server is sent that. */
  readonly resetPageUrl: string | null;
}

export interface CredentialSettings {
  /** Newest first. Null where one is to be made and kept in the data folder: never in production. */
  readonly keys: readonly (CredentialKey | VaultedKey)[] | null;
}

export interface AuditSettings {
  /** Null where it is to be made and kept in the data folder: never in production. */
  readonly key: Secret | null;
  /** Absolute. */
  readonly checkpointFile: string;
}

const checkpointFileName = 'audit-checkpoints.ndjson';

/** Metrics tell more than a stranger should know: they never leave the machine. */
const metricsHost = '127.0.0.1';

export function toConfig(parts: {
  readonly mode: Mode;
  readonly values: Values;
  readonly exchanges: readonly ExchangeSettings[];
  readonly secretPlaces: readonly SecretPlace[];
  readonly vault: VaultSettings | null;
  readonly projectDir: string;
}): Config {
  const { values } = parts;
  const dataDir = path.resolve(parts.projectDir, values.DATA_DIR);
  return deepFreeze<Config>({
    mode: parts.mode,
    dataDir,
    logLevel: values.LOG_LEVEL,
    secretPlaces: parts.secretPlaces,
    http: {
      host: values.HOST,
      port: values.PORT,
      trustedProxies: values.TRUSTED_PROXIES,
      publicUrl: values.PUBLIC_URL,
      corsOrigins: values.CORS_ORIGINS ?? [],
      headers: {
        contentSecurityPolicy: values.CONTENT_SECURITY_POLICY,
        frameOptions: values.X_FRAME_OPTIONS,
        xssProtection: values.X_XSS_PROTECTION,
        strictTransportSecurity: values.STRICT_TRANSPORT_SECURITY,
        referrerPolicy: values.REFERRER_POLICY,
      },
    },
    metrics: { host: metricsHost, port: values.METRICS_PORT },
    database: { url: values.DATABASE_URL, migrationUrl: values.MIGRATION_DATABASE_URL },
    redis: { url: values.REDIS_URL },
    exchanges: parts.exchanges,
    simulator: { seed: values.SIMULATOR_SEED, rate: values.SIMULATOR_RATE },
    access: {
      publicMarketData: values.PUBLIC_MARKET_DATA,
      analystsSeeAll: values.ANALYSTS_SEE_ALL,
      operations: values.OPERATIONS,
      introspection: values.INTROSPECTION,
    },
    trading: {
      liveNeedsApproval: values.LIVE_NEEDS_APPROVAL,
      reconciliationsKeptDays: values.RECONCILIATIONS_KEPT_DAYS,
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
      algorithm: values.ACCESS_TOKEN_ALGORITHM,
      keyDays: values.ACCESS_TOKEN_KEY_DAYS,
      ttlS: values.ACCESS_TOKEN_TTL_S,
      issuer: values.TOKEN_ISSUER,
      audience: values.TOKEN_AUDIENCE,
    },
    mail: { smtp: values.SMTP_URL, from: values.MAIL_FROM, resetPageUrl: values.PASSWORD_RESET_URL },
    credentials: { keys: values.CREDENTIAL_KEYS },
    vault: parts.vault,
    passwords: { peppers: values.PASSWORD_PEPPERS ?? [] },
    secrets: { refreshS: values.SECRETS_REFRESH_S, maxAgeDays: values.SECRET_MAX_AGE_DAYS },
    audit: {
      key: values.AUDIT_KEY,
      checkpointFile: path.resolve(
        parts.projectDir,
        values.AUDIT_CHECKPOINT_FILE ?? path.join(dataDir, checkpointFileName),
      ),
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
