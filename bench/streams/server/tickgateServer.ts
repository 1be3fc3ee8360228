import { startServer } from '../../../src/server/server';
import { TrustedOperations } from '../../../src/security/trustedOperations';
import { HealthRegistry } from '../../../src/telemetry/health';
import type { Assembly } from './assembly';

/** Ours as `main.ts` starts it, every guard in its place. */
export async function startTickgateServer(assembly: Assembly): Promise<number> {
  const { tokens, rateLimiter, services, logger, metrics } = assembly;
  const running = await startServer({
    http: { host: '127.0.0.1', port: 0, corsOrigins: [] },
    metricsAddress: { host: '127.0.0.1', port: 0 },
    access: { publicMarketData: false, introspection: true, clock: Date.now },
    trustedOperations: new TrustedOperations(null),
    rateLimiter,
    tokens,
    services,
    authServices: {
      login: { login: () => Promise.reject(new Error('no login in the benchmark')) },
      signingKeys: { publicJwks: () => ({ keys: [] }) },
    },
    health: new HealthRegistry(),
    logger,
    metrics,
  });
  return running.port;
}
