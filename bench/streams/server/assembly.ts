import { randomUUID } from 'node:crypto';
import { InProcessBus } from '../../../src/bus/inProcessBus';
import type { MarketId } from '../../../src/domain/market';
import type { GraphqlServices } from '../../../src/graphql/context';
import type { AccessTokens } from '../../../src/identity/accessTokens';
import { createCostLimiter, type CostLimiter } from '../../../src/security/costLimiter';
import { createFieldRateLimiter, type FieldRateLimiter } from '../../../src/security/fieldRateLimiter';
import { limits } from '../../../src/security/limits';
import { MemoryReservations } from '../../../src/security/reservations';
import { MarketStreams } from '../../../src/streams/marketStreams';
import { createLogger, type Logger } from '../../../src/telemetry/logger';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics';
import { openTokens } from '../tokens';
import { Feed } from './feed';
import type { ServerSettings } from './serverKind';

/** What every server of the benchmark is built over: the same bus, the same streams, the same tokens. */
export interface Assembly {
  readonly bus: InProcessBus;
  readonly feed: Feed;
  readonly tokens: AccessTokens;
  readonly rateLimiter: FieldRateLimiter;
  readonly costLimiter: CostLimiter;
  readonly services: GraphqlServices;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function assemble(settings: ServerSettings): Assembly {
  const clock = Date.now;
  const logger = createLogger('fatal');
  const metrics = createMetrics();
  const bus = new InProcessBus({ logger });
  const assertMarket = (id: string): Promise<MarketId> => Promise.resolve(id as MarketId);
  const marketStreams = new MarketStreams({ bus, clock, metrics, assertMarket, epoch: randomUUID().slice(0, 8) });
  const reservations = new MemoryReservations({ clock, maxIdentities: limits.rateLimiter.maxIdentities });
  return {
    bus,
    feed: new Feed(bus),
    tokens: openTokens(settings.signingKeyPem),
    rateLimiter: createFieldRateLimiter({ reservations, clock }),
    costLimiter: createCostLimiter(reservations),
    services: withoutTheRest({ clock, marketData: noMarketData, marketStreams, users: noUsers }),
    logger,
    metrics,
  };
}

const notAsked = (): never => {
  throw new Error('nobody asks for this in the benchmark');
};

const noUsers: GraphqlServices['users'] = { findById: () => Promise.resolve(null) };

/** What else a server has is not built here. */
function withoutTheRest(built: Partial<GraphqlServices>): GraphqlServices {
  const get = (services: Partial<GraphqlServices>, name: string): unknown =>
    name in services ? Reflect.get(services, name) : notAsked();
  return new Proxy(built, { get }) as GraphqlServices;
}

/** Streams alone are measured. */
const noMarketData: GraphqlServices['marketData'] = {
  markets: notAsked,
  market: notAsked,
  ticker: notAsked,
  tickers: notAsked,
  orderBook: notAsked,
  trades: notAsked,
  candles: notAsked,
  health: notAsked,
  assertMarket: notAsked,
};
