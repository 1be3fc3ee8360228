import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrations } from '../migrations/migrations';
import { InProcessBus } from './bus/inProcessBus';
import type { Config } from './config/config';
import type { SecretSource } from './config/loadSettings';
import { createExchangeRegistry } from './exchanges/exchangeRegistry';
import { FeedManager } from './feeds/feedManager';
import { MarketData } from './feeds/marketData';
import { buildAuthSchema, buildMainSchema } from './graphql/buildSchemas';
import * as operations from './graphql/operations.generated';
import { createCostLimiter } from './security/costLimiter';
import { createCallLimiter, createFieldRateLimiter } from './security/fieldRateLimiter';
import { AccessReview } from './security/accessReview';
import { DeniedCalls } from './security/deniedCalls';
import { limits } from './security/limits';
import { openReservations } from './security/openReservations';
import { authTable, mainTable } from './security/permissions';
import { TrustedOperations } from './security/trustedOperations';
import { SecretError } from './secrets/secretError';
import { securityHeaders } from './server/securityHeaders';
import { startServer } from './server/server';
import { startAudit } from './startAudit';
import { startDoctor } from './startDoctor';
import { assertOffered, warmUp } from './startExchanges';
import { startIdentity, type Demo } from './startIdentity';
import { startLockdown } from './startLockdown';
import type { KeyRingTiming } from './startKeyRing';
import { followSealingKeys, openProvenKeys, useSealingKeys } from './startSealing';
import { openSecretAges, startSecrets } from './startSecrets';
import { startTrading } from './startTrading';
import { openStorage } from './storage/storage';
import { removePaperAccounts } from './trading/accounts/removePaperAccounts';
import { MarketStreams } from './streams/marketStreams';
import { BackgroundRunner } from './telemetry/backgroundRunner';
import { HealthRegistry } from './telemetry/health';
import { createLogger } from './telemetry/logger';
import { createMetrics } from './telemetry/metrics';

export interface TickgateOptions {
  readonly config: Config;
  /** Those of its secrets that may change while the server runs. */
  readonly secrets: readonly SecretSource[];
  /** The exchanges to connect to, the address of a simulated one filled in. */
  readonly exchanges: Config['exchanges'];
  /** Told what is being done, a line a step. */
  readonly onProgress: (message: string) => void;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
  /** Other times for the steps of the signing keys than those of a real server. */
  readonly keyTiming?: KeyRingTiming;
  /** Another time than `usualSpreadMs` for a new key to reach every node. */
  readonly spreadMs?: number;
}

export interface Tickgate {
  readonly port: number;
  readonly metricsPort: number;
  /** Where the database is, without its password. */
  readonly databasePlace: string;
  /** Development only. `isNew`: made by this start. */
  readonly demo: Demo | null;
  /** Resolves when the embedded database has died: nothing can go on. */
  readonly crashed: Promise<void>;
  /** Stops everything, in the reverse order of the start. Rejects with the first failure, when all the rest has stopped as well. */
  stop(): Promise<void>;
}

/** Builds every room by hand and starts them in order. Where one fails, those before it are stopped again. */
export async function startTickgate(options: TickgateOptions): Promise<Tickgate> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    // One that fails keeps none of the others from its end: the process would live on by what they hold.
    for (let undo = stops.pop(); undo !== undefined; undo = stops.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
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
  assertOffered(options.exchanges);
  const clock = Date.now;
  const logger = createLogger(config.logLevel);
  const metrics = createMetrics();
  const health = new HealthRegistry();
  const runner = new BackgroundRunner({ logger, metrics });

  const storage = await openStorage({
    databaseUrl: config.database.url?.reveal() ?? null,
    ownerUrl: config.database.migrationUrl?.reveal() ?? null,
    dataDir: config.dataDir,
    migrations,
    onProgress,
    signal,
  });
  stops.push(() => storage.stop());
  // What is still under way reads and writes there.
  stops.push(() => runner.idle());
  health.register(() => storage.check());
  const lockdown = await startLockdown({ storage, clock, logger, runner, health, stops });
  const auditLog = await startAudit({ config, storage, clock, logger, runner, onProgress, stops });

  const rateLimits = openReservations({
    redisUrl: config.redis.url?.reveal() ?? null,
    clock,
    logger,
  });
  stops.push(() => rateLimits.close());
  const { reservations, nonces } = rateLimits;
  const sealingKeys = await openProvenKeys({
    config,
    mayGenerate: config.mode === 'development',
    onProgress,
    spreadMs: options.spreadMs,
    storage,
  });
  const identity = await startIdentity({
    ...options,
    sealingKeys,
    storage,
    reservations,
    nonces,
    clock,
    logger,
    metrics,
    runner,
    health,
    stops,
  });
  followSealingKeys({
    keys: sealingKeys,
    refreshMs: config.secrets.refreshS * 1_000,
    onUsable: () => {
      identity.use.sealingKeys();
    },
    random: Math.random,
    runner,
    health,
    stops,
  });
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

  const tradingServices = await startTrading({
    config,
    sealingKeys,
    settings: options.exchanges,
    storage,
    bus,
    exchanges,
    marketData,
    authority: identity.authority,
    lockdown,
    demoTraders: (identity.demo?.users ?? []).filter(({ role }) => role === 'TRADER').map(({ id }) => id),
    clock,
    logger,
    metrics,
    runner,
    health,
    stops,
  });

  const denials = new DeniedCalls({ write: (entry) => storage.auditEntries.write(entry), clock, runner, logger });
  stops.push(() => denials.close());
  const main = { schema: buildMainSchema(), table: mainTable };
  const access = { ...config.access, introspection: config.access.introspection !== 'false', clock };
  const trustedOperations = new TrustedOperations(config.access.operations === 'trusted' ? knownDocuments() : null);
  const review = new AccessReview({ ...main, settings: access, trustedOperations });
  const headers = securityHeaders(config.http.headers);
  const { signingKeys } = identity.authServices;
  const { accessRecords } = storage;
  const secretAges = openSecretAges({ config, sources: options.secrets, clock });
  const server = await startServer({
    main,
    auth: { schema: buildAuthSchema(), table: authTable },
    streams: {
      sharedExecution: true,
      flushWindowMs: config.streams.flushWindowMs,
      caps: { ...limits.socket, ...config.streams.caps },
    },
    authority: identity.authority,
    http: { ...config.http, headers },
    metricsAddress: config.metrics,
    access,
    trustedOperations,
    rateLimiter: createFieldRateLimiter({ reservations, clock }),
    costLimiter: createCostLimiter(reservations),
    callLimiter: createCallLimiter({ reservations, clock }),
    lockdown,
    denials,
    tokens: identity.verifier,
    services: {
      clock,
      access: review,
      doctor: startDoctor({
        config,
        secretAges,
        headers,
        access: review,
        accessRecords,
        signingKeys,
        reservations,
        clock,
      }),
      marketData,
      marketStreams,
      users: storage.users,
      userAdministration: identity.users,
      sessions: identity.sessions,
      apiKeys: identity.apiKeys,
      personalData: identity.personalData({
        removePaperAccounts: (asker) => removePaperAccounts(tradingServices, asker),
      }),
      auditLog,
      ...tradingServices,
    },
    authServices: identity.authServices,
    health,
    logger,
    metrics,
  });
  stops.push(() => server.close());
  startSecrets({
    sources: options.secrets,
    ages: secretAges,
    refreshMs: config.secrets.refreshS * 1_000,
    uses: {
      DATABASE_URL: async (url) => ((await storage.useUrl(url.reveal())) ? 'used' : 'needsRestart'),
      REDIS_URL: async (url) => {
        const answer = await rateLimits.useUrl(url.reveal());
        if (answer === 'refused') throw new SecretError('refused', 'Redis does not take it, or does not answer.');
        return answer === 'used' ? 'used' : 'needsRestart';
      },
      SMTP_URL: (smtp) => Promise.resolve(identity.use.mailServer(smtp) ? 'used' : 'needsRestart'),
      CREDENTIAL_KEYS: async (keys) => {
        await useSealingKeys({ keys: sealingKeys, vault: config.vault, storage }, keys);
        return 'used';
      },
      PASSWORD_PEPPERS: async (peppers) => {
        await identity.use.peppers(peppers);
        return 'used';
      },
      // The next start migrates with it: nothing else does.
      MIGRATION_DATABASE_URL: () => Promise.resolve('used'),
      // What a ring begins with: one that is there goes its own way.
      ACCESS_TOKEN_PRIVATE_KEY: () => Promise.resolve('used'),
      AUDIT_KEY: () => Promise.resolve('needsRestart'),
    },
    runner,
    health,
    logger,
    stops,
  });
  warmUp(exchanges, { logger, isStopping: () => health.isStopping });
  stops.push(() => {
    health.markStopping();
    return Promise.resolve();
  });
  return {
    port: server.port,
    metricsPort: server.metricsPort,
    databasePlace: storage.place,
    demo: identity.demo,
    crashed: storage.crashed,
  };
}

/** What OPERATIONS=trusted trusts: schema/operations/, compiled in. */
function knownDocuments() {
  return Object.values(operations);
}
