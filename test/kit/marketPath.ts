import { randomUUID } from 'node:crypto';
import { InProcessBus } from '../../src/bus/inProcessBus';
import { createExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import type { ExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import type { ExchangeSettings } from '../../src/exchanges/exchangeSettings';
import { FeedManager } from '../../src/feeds/feedManager';
import { MarketData } from '../../src/feeds/marketData';
import { MarketStreams } from '../../src/streams/marketStreams';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics';
import type { RunningSimulator } from './simulator';

/** The whole way of market data, from the exchange to the iterators of the streams. */
export interface MarketPath {
  readonly bus: InProcessBus;
  readonly exchanges: ExchangeRegistry;
  readonly feeds: FeedManager;
  readonly marketData: MarketData;
  readonly streams: MarketStreams;
  readonly metrics: Metrics;
  stop(): Promise<void>;
}

export interface MarketPathOptions {
  readonly clock?: () => number;
  readonly random?: () => number;
  readonly logLevel?: string;
  /** The protocol in which ccxt speaks to the simulated exchange. */
  readonly ccxtId?: 'binance' | 'mexc';
}

/** Builds it around exchanges of any kind, as the root does. */
export function startMarketPath(
  exchanges: ExchangeRegistry,
  options: MarketPathOptions & { readonly metrics?: Metrics } = {},
): MarketPath {
  const clock = options.clock ?? Date.now;
  const logger = createLogger(options.logLevel ?? 'silent');
  const metrics = options.metrics ?? createMetrics();
  const runner = new BackgroundRunner({ logger, metrics });
  const bus = new InProcessBus({ logger });
  const feeds = new FeedManager({ bus, exchanges, clock, logger, metrics, runner });
  const marketData = new MarketData({ bus, exchanges, feeds, clock });
  const assertMarket = (id: string) => marketData.assertMarket(id);
  const streams = new MarketStreams({ bus, clock, epoch: randomUUID(), metrics, assertMarket });
  feeds.start();
  const stop = async (): Promise<void> => {
    await feeds.stop();
    await runner.idle();
    await exchanges.close();
  };
  return { bus, exchanges, feeds, marketData, streams, metrics, stop };
}

/** The same with ccxt on a simulated exchange, under the name "simulator". */
export function connectMarketPath(
  simulator: Pick<RunningSimulator, 'restUrl' | 'wsUrl'>,
  options: MarketPathOptions = {},
): MarketPath {
  const ccxtId = options.ccxtId ?? 'binance';
  // Binance is at the root of the simulator, MEXC below a path of its own.
  const path = ccxtId === 'mexc' ? '/mexc' : '';
  const settings: ExchangeSettings = {
    id: 'simulator',
    ccxtId,
    sandbox: false,
    restUrl: `${simulator.restUrl}${path}`,
    wsUrl: `${simulator.wsUrl}${path}`,
  };
  const metrics = createMetrics();
  const clock = options.clock ?? Date.now;
  const random = options.random ?? Math.random;
  const logger = createLogger(options.logLevel ?? 'silent');
  const exchanges = createExchangeRegistry({ settings: [settings], clock, random, logger, metrics });
  return startMarketPath(exchanges, { ...options, metrics });
}
