import { buildAuthSchema } from '../../../src/graphql/buildSchemas';
import { limits } from '../../../src/security/limits';
import { Lockdown } from '../../../src/security/lockdown';
import { authTable } from '../../../src/security/permissions';
import { TrustedOperations } from '../../../src/security/trustedOperations';
import { startServer } from '../../../src/server/server';
import type { StreamSettings } from '../../../src/server/serverParts';
import type { SocketCaps } from '../../../src/server/socketCaps';
import { HealthRegistry } from '../../../src/telemetry/health';
import type { Assembly } from './assembly';
import { benchTable, buildBenchSchema } from './schema';

/** What a user would find lower: here all readers come from one address. */
export const raisedCaps = { maxSocketsPerAddress: 2_000 } satisfies Partial<SocketCaps>;

/** Ours as `main.ts` starts it, every guard in its place. */
export async function startTickgateServer(
  assembly: Assembly,
  streams: Partial<Omit<StreamSettings, 'caps'>> = {},
): Promise<number> {
  const { tokens, rateLimiter, costLimiter, services, logger, metrics } = assembly;
  const running = await startServer({
    main: { schema: buildBenchSchema(), table: benchTable },
    auth: { schema: buildAuthSchema(), table: authTable },
    streams: { sharedExecution: true, flushWindowMs: 0, ...streams, caps: { ...limits.socket, ...raisedCaps } },
    authority: { subscribe: () => () => undefined },
    http: { host: '127.0.0.1', port: 0, trustedProxies: [], corsOrigins: [], headers: {} },
    metricsAddress: { host: '127.0.0.1', port: 0 },
    access: { publicMarketData: false, introspection: true, clock: Date.now },
    trustedOperations: new TrustedOperations(null),
    rateLimiter,
    costLimiter,
    callLimiter: () => Promise.resolve(true),
    lockdown: new Lockdown({ clock: Date.now }),
    denials: { record: () => Promise.resolve() },
    tokens,
    services,
    authServices: {
      login: { login: () => Promise.reject(new Error('no login in the benchmark')) },
      secondFactors: {
        verify: noSecondFactor,
        enroll: noSecondFactor,
        confirm: noSecondFactor,
        stepUp: noSecondFactor,
      },
      passwords: {
        change: () => Promise.reject(new Error('no password in the benchmark')),
        reset: () => Promise.reject(new Error('no password in the benchmark')),
      },
      resetMails: { request: () => Promise.reject(new Error('no mail in the benchmark')) },
      sessions: {
        refresh: () => Promise.reject(new Error('no session in the benchmark')),
        end: () => Promise.reject(new Error('no session in the benchmark')),
      },
      signingKeys: { publicJwks: () => ({ keys: [] }) },
    },
    health: new HealthRegistry(),
    logger,
    metrics,
  });
  return running.port;
}

function noSecondFactor(): Promise<never> {
  return Promise.reject(new Error('no second factor in the benchmark'));
}
