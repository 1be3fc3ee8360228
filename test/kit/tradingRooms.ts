import { InProcessBus } from '../../src/bus/inProcessBus';
import { loadConfig } from '../../src/config/loadConfig';
import { findProjectDir } from '../../src/config/processConfig';
import { createExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import { FeedManager } from '../../src/feeds/feedManager';
import { MarketData } from '../../src/feeds/marketData';
import { openProvenKeys } from '../../src/startSealing';
import { startTrading, type TradingServices } from '../../src/startTrading';
import type { Storage } from '../../src/storage/storage';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { HealthRegistry } from '../../src/telemetry/health';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { makeTemporaryDir } from './temporaryDir';

/** Nobody answers there: who may ask is decided before anyone is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };

export interface TradingRooms {
  readonly services: TradingServices;
  stop(): Promise<void>;
}

/** The trading half as `npm start` builds it, on a database of the test, at an exchange that is away. */
export async function openTradingRooms(storage: Storage): Promise<TradingRooms> {
  const data = makeTemporaryDir();
  const stops: (() => Promise<void>)[] = [];
  const environment = { DATA_DIR: data.dir, LOG_LEVEL: 'silent', EXCHANGES: 'simulator' };
  const config = loadConfig({ environment, projectDir: findProjectDir() });
  const [clock, logger, metrics] = [Date.now, createLogger('silent'), createMetrics()];
  const runner = new BackgroundRunner({ logger, metrics });
  stops.push(() => runner.idle());
  const bus = new InProcessBus({ logger });
  const settings = [{ id: 'simulator', ccxtId: 'binance', sandbox: false, ...deadExchange }];
  const exchanges = createExchangeRegistry({ settings, clock, random: Math.random, logger, metrics });
  stops.push(() => exchanges.close());
  const feeds = new FeedManager({ bus, exchanges, clock, logger, metrics, runner });
  feeds.start();
  stops.push(() => feeds.stop());
  const services = await startTrading({
    config,
    sealingKeys: await openProvenKeys({ config, mayGenerate: true, onProgress: () => undefined, storage }),
    settings,
    storage,
    bus,
    exchanges,
    marketData: new MarketData({ bus, exchanges, feeds, clock }),
    authority: { subscribe: () => () => undefined },
    lockdown: { subscribe: () => () => undefined },
    demoTraders: [],
    clock,
    logger,
    metrics,
    runner,
    health: new HealthRegistry(),
    stops,
  });
  const stop = async (): Promise<void> => {
    for (let undo = stops.pop(); undo !== undefined; undo = stops.pop()) await undo();
    data.remove();
  };
  return { services, stop };
}
