import { credentialKeys, sealingKeys } from './credentialKeys';
import { exchangeNames } from './exchangeKeys';
import { headerKeys } from './headerKeys';
import type { KeyDefinition } from './keyDefinition';
import { mailSender, smtpServer } from './mailKeys';
import { managerKeys } from './managerKeys';
import { randomKey } from './randomKey';
import { trustedProxies } from './trustedProxies';
import {
  baseUrl,
  browserOrigin,
  factor,
  flag,
  listOf,
  oneOf,
  postgresUrl,
  redisUrl,
  rsaPrivateKey,
  text,
  wholeNumber,
  type ValueType,
} from './valueTypes';

const port = wholeNumber({ min: 0, max: 65_535 });
const cap = wholeNumber({ min: 1, max: 1_000_000 });
/** Chosen by the operator: as many bits as AES-128. */
const ownPassword = { in: 'url', minBits: 128 } as const;
const name = text({ pattern: /^[\x21-\x7e]{1,200}$/, allowed: 'up to 200 visible characters without blanks' });

/** Read before everything else, because it chooses the file and the defaults: only the environment can set it. */
export const modeKey = {
  type: oneOf(['development', 'production']),
  default: 'development',
  description:
    'Which defaults and which of the two configuration files hold. Production refuses the development defaults.',
} as const satisfies KeyDefinition;

/** Every setting but NODE_ENV (`modeKey`) and those of single exchanges (`exchangeKeys`), in the order in which a reader meets them. */
export const keys = {
  PORT: {
    type: port,
    unit: 'TCP port',
    default: '4000',
    description: 'Where GraphQL is served over HTTP and WebSocket; 0 takes any free port.',
  },
  HOST: {
    type: text({ pattern: /^[A-Za-z0-9.:_-]{1,253}$/, allowed: 'an IP address or a host name' }),
    default: '127.0.0.1',
    requiredInProduction: true,
    description: 'Address to listen on: 127.0.0.1 behind a proxy on the same machine, 0.0.0.0 in a container.',
  },
  TRUSTED_PROXIES: {
    type: trustedProxies,
    default: 'none',
    requiredInProduction: true,
    description:
      'Proxies in front of this server: from them alone X-Forwarded-For tells where a client is, and X-Forwarded-Proto how it came.',
  },
  PUBLIC_URL: {
    type: baseUrl(['https:']),
    default: null,
    description: 'Where clients reach this server, through the proxy: `npm run doctor` looks at it from there.',
  },
  CORS_ORIGINS: {
    type: listOf(browserOrigin),
    default: null,
    description: 'Browser origins that may call this server, over HTTP and WebSocket; none where it is not set.',
  },
  ...headerKeys,
  METRICS_PORT: {
    type: port,
    unit: 'TCP port',
    default: '9464',
    description: 'Where /metrics and /health are served, on loopback only; 0 takes any free port.',
  },
  LOG_LEVEL: {
    type: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'warn',
    defaultInProduction: 'info',
    description: 'How much is logged, as JSON lines on standard error.',
  },
  DATA_DIR: {
    type: text({ pattern: /^[^\0]{1,1024}$/, allowed: 'a folder' }),
    default: './data',
    description: "Where this server keeps its files; a relative path begins at the project's folder.",
  },
  DATABASE_URL: {
    type: postgresUrl,
    default: null,
    requiredInProduction: true,
    secret: true,
    holdsPassword: ownPassword,
    description: 'PostgreSQL to use. Development starts one of its own in DATA_DIR where this is not set.',
  },
  MIGRATION_DATABASE_URL: {
    type: postgresUrl,
    default: null,
    secret: true,
    holdsPassword: ownPassword,
    description:
      'The same database as the owner of its schema, who migrates it and lets the role of DATABASE_URL do what the server does. Not set: that role does both.',
  },
  REDIS_URL: {
    type: redisUrl,
    default: null,
    secret: true,
    holdsPassword: ownPassword,
    description: 'Redis that several nodes share; one node alone needs none.',
  },
  EXCHANGES: {
    type: exchangeNames,
    default: 'simulator',
    requiredInProduction: true,
    description: 'Exchanges to connect to. Production refuses the simulator.',
  },
  SIMULATOR_SEED: {
    type: wholeNumber({ min: 0, max: 2_147_483_647 }),
    default: '1',
    description: 'Seed of the simulated exchange: the same seed gives the same flow of orders.',
  },
  SIMULATOR_RATE: {
    type: factor({ min: 0.01, max: 100 }),
    unit: 'factor',
    default: '1',
    description: 'How many times the usual number of orders a second the simulated exchange makes.',
  },
  PUBLIC_MARKET_DATA: {
    type: flag,
    default: 'false',
    description: 'Whether market data is open to clients without an access token.',
  },
  ANALYSTS_SEE_ALL: {
    type: flag,
    default: 'false',
    description: 'Whether analysts may read every account, not only those that were granted to them.',
  },
  LIVE_NEEDS_APPROVAL: {
    type: flag,
    default: 'false',
    description:
      'Whether a LIVE account that is made from now on trades only once an admin other than its owner has approved it.',
  },
  RECONCILIATIONS_KEPT_DAYS: {
    type: wholeNumber({ min: 1, max: 3_650 }),
    unit: 'days',
    default: '30',
    description:
      'For how long it is kept what comparisons of accounts with their exchanges have found; the newest always is.',
  },
  OPERATIONS: {
    type: oneOf(['open', 'trusted']),
    default: 'open',
    description:
      'Whether clients may send any document (open) or only the operations that this server was built with (trusted).',
  },
  INTROSPECTION: {
    type: oneOf(['true', 'false', 'always']),
    default: 'true',
    defaultInProduction: 'false',
    description: 'Whether clients may ask for the schema. Production refuses true, and takes always: then it is meant.',
  },
  MAX_SOCKETS_PER_USER: {
    type: cap,
    default: null,
    description: 'WebSockets that one user may hold open; the number of src/security/limits.ts where it is not set.',
  },
  MAX_SOCKETS_PER_ADDRESS: {
    type: cap,
    default: null,
    description:
      'WebSockets from one address (a /64 of IPv6); as above. Behind a proxy that is not in TRUSTED_PROXIES, all come from the address of the proxy.',
  },
  MAX_OPERATIONS_PER_SOCKET: {
    type: cap,
    default: null,
    description: 'Subscriptions and queries that may run at a time on one WebSocket; as above.',
  },
  MAX_MESSAGES_PER_MINUTE: {
    type: cap,
    default: null,
    description: 'Messages that a client may send on one WebSocket in a minute; as above.',
  },
  STREAM_FLUSH_WINDOW_MS: {
    type: wholeNumber({ min: 0, max: 100 }),
    unit: 'milliseconds',
    default: '0',
    description:
      'Events of live streams wait so long for others, to go out in one write a socket: less work for up to so much delay. 0: what comes at once goes at once.',
  },
  ACCESS_TOKEN_PRIVATE_KEY: {
    type: rsaPrivateKey,
    default: null,
    secret: true,
    isKept: true,
    description:
      'First key that signs access tokens, PEM; made where it is not set. The database keeps it, sealed, and others after it (npm run keys:rotate): this is then ignored.',
  },
  ACCESS_TOKEN_ALGORITHM: {
    type: oneOf(['RS256', 'ES256']),
    default: 'RS256',
    description: 'What the next key that signs access tokens is for: RS256 (RSA of 3072 bits) or ES256 (P-256).',
  },
  ACCESS_TOKEN_KEY_DAYS: {
    type: wholeNumber({ min: 0, max: 3650 }),
    unit: 'days',
    default: '30',
    description: 'A key that has signed access tokens for so long is replaced; 0: by `npm run keys:rotate` alone.',
  },
  ACCESS_TOKEN_TTL_S: {
    type: wholeNumber({ min: 30, max: 3600 }),
    unit: 'seconds',
    default: '600',
    description: 'How long an access token is good for.',
  },
  TOKEN_ISSUER: { type: name, default: 'tickgate', description: 'Claim `iss` of access tokens; others are refused.' },
  TOKEN_AUDIENCE: {
    type: name,
    default: 'tickgate-api',
    description: 'Claim `aud` of access tokens; others are refused.',
  },
  SMTP_URL: {
    type: smtpServer,
    default: null,
    secret: true,
    holdsPassword: { in: 'url', minBits: 0 },
    description:
      'Mail server that takes one-time tokens for lost passwords; without one, `npm run user` alone gives them.',
  },
  MAIL_FROM: {
    type: mailSender,
    default: null,
    description: 'Whom those mails are from; goes with SMTP_URL.',
  },
  PASSWORD_RESET_URL: {
    type: baseUrl(['https:', 'http:']),
    default: null,
    description:
      'Page of yours that takes a one-time token behind `#` and calls `resetPassword`; without it, tokens are given without a link.',
  },
  CREDENTIAL_KEYS: {
    type: sealingKeys,
    default: null,
    requiredInProduction: true,
    secret: true,
    description:
      'Keys that seal exchange credentials, lost without them, and signing keys: the first seals, all open; also id:transit://mount/key. Development makes one.',
  },
  PASSWORD_PEPPERS: {
    type: credentialKeys,
    default: null,
    secret: true,
    description:
      'Secrets that go into password hashes: the first hashes, all check. Whose password was hashed with one that is gone needs a new password.',
  },
  AUDIT_KEY: {
    type: randomKey,
    default: null,
    requiredInProduction: true,
    secret: true,
    isKept: true,
    description:
      'Key of the audit log, the same on every node; without it the log cannot be verified. Development makes one in DATA_DIR where this is not set.',
  },
  AUDIT_CHECKPOINT_FILE: {
    type: text({ pattern: /^[^\0]{1,1024}$/, allowed: 'a file' }),
    default: null,
    description:
      'Where this node signs how far the audit log goes; audit-checkpoints.ndjson in DATA_DIR where it is not set. Best out of reach of the database.',
  },
  SECRETS_REFRESH_S: {
    type: wholeNumber({ min: 1, max: 40 }),
    unit: 'seconds',
    default: '30',
    description:
      'How often secrets of files and managers are read again at most; a new value is in use within a minute.',
  },
  SECRET_MAX_AGE_DAYS: {
    type: wholeNumber({ min: 0, max: 3_650 }),
    unit: 'days',
    default: '365',
    description:
      'A secret that has not changed for longer is told by GET /health on the metrics port, and /readyz says degraded; 0: none is.',
  },
  ...managerKeys,
} as const satisfies Readonly<Record<string, KeyDefinition>>;

type Keys = typeof keys;

/** Settings that are secrets, but for those that managers are opened with. */
export type SecretName = {
  [Name in keyof Keys]: Keys[Name] extends { readonly opensManager: true }
    ? never
    : Keys[Name] extends { readonly secret: true }
      ? Name
      : never;
}[keyof Keys];

type OutputOf<Type> = Type extends ValueType<infer Value> ? Value : never;

/** What the settings of `keys` read as: null only where a setting may be absent. */
export type Values = {
  readonly [Name in keyof Keys]: Keys[Name]['default'] extends null
    ? OutputOf<Keys[Name]['type']> | null
    : OutputOf<Keys[Name]['type']>;
};
