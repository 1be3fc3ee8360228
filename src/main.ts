import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrations } from '../migrations/migrations';
import { InProcessBus } from './bus/inProcessBus';
import type { Config } from './config/config';
import { createExchangeRegistry, type ExchangeRegistry } from './exchanges/exchangeRegistry';
import { FeedManager } from './feeds/feedManager';
import { MarketData } from './feeds/marketData';
import { buildAuthSchema, buildMainSchema } from './graphql/buildSchemas';
import * as operations from './graphql/operations.generated';
import { AccessTokens } from './identity/accessTokens';
import { Authority } from './identity/authority';
import { ensureDemoUsers, type DemoUser } from './identity/demoUsers';
import { LoginService } from './identity/loginService';
import { openSigningKey } from './identity/openSigningKey';
import { PasswordHasher } from './identity/passwordHasher';
import { createFieldRateLimiter } from './security/fieldRateLimiter';
import { limits } from './security/limits';
import { openReservations } from './security/openReservations';
import { authTable, mainTable } from './security/permissions';
import { TrustedOperations } from './security/trustedOperations';
import { startServer } from './server/server';
import { openStorage, type Storage } from './storage/storage';
import type { UserChanges } from './storage/userChanges';
import { MarketStreams } from './streams/marketStreams';
import { BackgroundRunner } from './telemetry/backgroundRunner';
import { HealthRegistry } from './telemetry/health';
import { createLogger, type Logger } from './telemetry/logger';
import { createMetrics } from './telemetry/metrics';

export interface TickgateOptions {
  readonly config: Config;
  /** The exchanges to connect to, the address of a simulated one filled in. */
  readonly exchanges: Config['exchanges'];
  /** Told what is being done, a line a step. */
  readonly onProgress: (message: string) => void;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
}

export interface Tickgate {
  readonly port: number;
  readonly metricsPort: number;
  /** Where the database is, without its password. */
  readonly databasePlace: string;
  /** Development only. `isNew`: made by this start. */
  readonly demo: { readonly users: readonly DemoUser[]; readonly isNew: boolean; readonly file: string } | null;
  /** Resolves when the embedded database has died: nothing can go on. */
  readonly crashed: Promise<void>;
  /** Stops everything, in the reverse order of the start. */
  stop(): Promise<void>;
}

/** Builds every room by hand and starts them in order. Where one fails, those before it are stopped again. */
export async function startTickgate(options: TickgateOptions): Promise<Tickgate> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let undo = stops.pop(); undo !== undefined; undo = stops.pop()) await undo();
  };
  try {
    return { ...(await startRooms(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startRooms(options: TickgateOptions, stops: (() => Promise<void>)[]): Promise<Omit<Tickgate, 'stop'>> {
  const { config, onProgress, signal } = options;
  const clock = Date.now;
  const logger = createLogger(config.logLevel);
  const metrics = createMetrics();
  const health = new HealthRegistry();
  const runner = new BackgroundRunner({ logger, metrics });
  stops.push(() => runner.idle());

  const storage = await openStorage({
    databaseUrl: config.database.url?.reveal() ?? null,
    dataDir: config.dataDir,
    migrations,
    onProgress,
    signal,
  });
  stops.push(() => storage.stop());
  health.register(() => storage.check());

  const signingKey = await openSigningKey({
    pem: config.tokens.privateKeyPem?.reveal() ?? null,
    dataDir: config.dataDir,
    mayGenerate: config.mode === 'development',
    onProgress,
  });
  const tokens = new AccessTokens({ ...config.tokens, signingKey, clock, newId: randomUUID });
  const hasher = new PasswordHasher();
  await hasher.prepare();
  const demo =
    config.mode === 'development'
      ? await ensureDemoUsers({ dataDir: config.dataDir, users: storage.users, hasher })
      : null;
  const authority = new Authority({ clock, tokenTtlMs: config.tokens.ttlS * 1000, logger });
  const userChanges = followUsers({ storage, authority, runner, logger });
  stops.push(() => userChanges.stop());
  await userChanges.start();
  signal.throwIfAborted();

  const bus = new InProcessBus({ logger });
  const exchanges = createExchangeRegistry({
    settings: options.exchanges,
    clock,
    random: Math.random,
    logger,
    metrics,
  });
  stops.push(() => exchanges.close());
  const feeds = new FeedManager({ bus, exchanges, clock, logger, metrics, runner });
  feeds.start();
  stops.push(() => feeds.stop());
  const marketData = new MarketData({ bus, exchanges, feeds, clock });
  const marketStreams = new MarketStreams({
    bus,
    clock,
    metrics,
    assertMarket: (id) => marketData.assertMarket(id),
    epoch: randomUUID().slice(0, 8),
  });

  const rateLimits = openReservations({
    redisUrl: config.redis.url?.reveal() ?? null,
    clock,
    logger,
  });
  stops.push(() => rateLimits.close());
  const server = await startServer({
    main: { schema: buildMainSchema(), table: mainTable },
    auth: { schema: buildAuthSchema(), table: authTable },
    streams: {
      sharedExecution: true,
      flushWindowMs: config.streams.flushWindowMs,
      caps: { ...limits.socket, ...config.streams.caps },
    },
    authority,
    http: config.http,
    metricsAddress: config.metrics,
    access: { ...config.access, clock },
    trustedOperations: new TrustedOperations(config.access.operations === 'trusted' ? knownDocuments() : null),
    rateLimiter: createFieldRateLimiter({ reservations: rateLimits.reservations, clock }),
    tokens: { verify: (token) => authority.apply(tokens.verify(token)) },
    services: { clock, marketData, marketStreams, users: storage.users },
    authServices: {
      login: new LoginService({ users: storage.users, hasher, tokens, logger }),
      signingKeys: signingKey,
    },
    health,
    logger,
    metrics,
  });
  stops.push(() => server.close());
  warmUp(exchanges, logger);
  stops.push(() => {
    health.markStopping();
    return Promise.resolve();
  });
  return {
    port: server.port,
    metricsPort: server.metricsPort,
    databasePlace: storage.place,
    demo: demo === null ? null : { users: demo.demoUsers, isNew: demo.isNew, file: demo.file },
    crashed: storage.crashed,
  };
}

/** Lets what the database says of users count for the tokens that they have. */
function followUsers(parts: {
  readonly storage: Storage;
  readonly authority: Authority;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
}): UserChanges {
  const { storage, authority, runner, logger } = parts;
  return storage.userChanges({
    lookBackMs: authority.memoryMs,
    onUser: (user) => {
      authority.learn(user);
    },
    onDoubt: (userId) => {
      authority.change({ kind: 'userDisabled', userId });
    },
    runner,
    logger,
    random: Math.random,
  });
}

/** What OPERATIONS=trusted trusts: schema/operations/, compiled in. */
function knownDocuments() {
  return Object.values(operations);
}

/** Loading ccxt and the list of markets takes a second or two: better now than while the first reader waits. */
function warmUp(exchanges: ExchangeRegistry, logger: Logger): void {
  for (const exchange of exchanges.all()) {
    exchange.loadMarkets().then(
      (markets) => {
        logger.info({ exchange: exchange.id, markets: markets.size }, 'exchange answers');
      },
      (error: unknown) => {
        logger.warn(
          { exchange: exchange.id, err: error },
          'exchange does not answer yet; it is asked again when someone needs it',
        );
      },
    );
  }
}
