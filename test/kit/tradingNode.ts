import { randomUUID } from 'node:crypto';
import { InProcessBus } from '../../src/bus/inProcessBus';
import type { ExchangeCredentials } from '../../src/domain/exchangeCredentials';
import { createExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import { FeedManager } from '../../src/feeds/feedManager';
import { MarketData } from '../../src/feeds/marketData';
import { MarketQuotes } from '../../src/feeds/marketQuotes';
import type { Storage } from '../../src/storage/storage';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import type { IntentRequest } from '../../src/trading/orderIntake';
import { openTrading, type OpenedTrading, type OpenTradingParts } from '../../src/trading/openTrading';
import { credentialsOf, openAccount } from './tradingAccount';

export interface TradingNodeOptions {
  readonly storage: Storage;
  /** Origins of the simulated exchange. */
  readonly restUrl: string;
  readonly wsUrl: string;
  /** How long an order may take to be answered; the product's own where nothing is said. */
  readonly answerTimeoutMs?: number;
  /** No wait of trading is longer: its comparisons with the exchange, else 30 s apart, then come as often. */
  readonly longestWaitMs?: number;
  readonly onAlarm?: OpenTradingParts['onAlarm'];
  /** Stands between trading and the way to an account's exchange. */
  readonly follow?: (open: OpenTradingParts['openPort']) => OpenTradingParts['openPort'];
}

export interface TradingNode extends OpenedTrading {
  readonly markets: MarketQuotes;
  readonly marketData: MarketData;
  /** Every wait that trading has asked for, in ms, before any is cut short. */
  readonly waitsMs: ReadonlySet<number>;
}

const asItIs: NonNullable<TradingNodeOptions['follow']> = (open) => open;

/** The keys of an account of the simulated exchange, as its control endpoint tells them. */
async function credentialsAt(restUrl: string, name: string): Promise<ExchangeCredentials> {
  const state = (await (await fetch(`${restUrl}/control/state`)).json()) as {
    readonly accounts: readonly { readonly name: string; readonly apiKey: string; readonly secret: string }[];
  };
  const key = state.accounts.find((account) => account.name === name);
  if (key === undefined) throw new Error(`the simulated exchange has no account ${name}`);
  return credentialsOf(key);
}

/**
 * Trading as one node runs it: its database, its feeds, ccxt. It trades every LIVE account of the database, whose label names an
 * account of the simulated exchange.
 */
export function openTradingNode(options: TradingNodeOptions): TradingNode {
  const { storage, answerTimeoutMs, longestWaitMs = Infinity, onAlarm, follow = asItIs, ...urls } = options;
  const waitsMs = new Set<number>();
  const logger = createLogger(process.env['TRADING_LOG'] ?? 'silent');
  const metrics = createMetrics();
  const runner = new BackgroundRunner({ logger, metrics });
  const bus = new InProcessBus({ logger });
  const settings = [{ id: 'simulator', ccxtId: 'binance', sandbox: false, ...urls }];
  const exchanges = createExchangeRegistry({ settings, clock: Date.now, random: Math.random, logger, metrics });
  const feeds = new FeedManager({ bus, exchanges, clock: Date.now, logger, metrics, runner });
  feeds.start();
  const marketData = new MarketData({ bus, exchanges, feeds, clock: Date.now });
  const markets = new MarketQuotes({ bus, marketData, exchanges });
  const opened = openTrading({
    store: storage.trading,
    leaderLock: (onLost) => storage.leaderLock(onLost),
    markets,
    openPort: follow(async (account) => {
      const credentials = await credentialsAt(urls.restUrl, account.label);
      return openAccount(urls, credentials, answerTimeoutMs === undefined ? {} : { answerTimeoutMs });
    }),
    equity: () => null,
    clock: Date.now,
    newId: randomUUID,
    schedule: (task, delayMs) => {
      waitsMs.add(delayMs);
      const timer = setTimeout(task, Math.min(delayMs, longestWaitMs));
      return () => {
        clearTimeout(timer);
      };
    },
    runner,
    logger,
    onAlarm: onAlarm ?? (() => undefined),
  });
  return {
    ...opened,
    markets,
    marketData,
    waitsMs,
    stop: async () => {
      await opened.stop();
      await feeds.stop();
      await exchanges.close();
      await runner.idle();
    },
  };
}

/** A market order to buy 0.001 BTC, and whatever is said otherwise. */
export function intentFor(
  accountId: string,
  changes: Partial<IntentRequest['input']> = {},
  idempotencyKey: string = randomUUID(),
): IntentRequest {
  return {
    accountId,
    idempotencyKey,
    subject: null,
    maxPriceAgeMs: null,
    input: {
      market: 'simulator:BTC/USDT',
      type: 'MARKET',
      side: 'BUY',
      amount: '0.001',
      quoteAmount: null,
      price: null,
      triggerPrice: null,
      trailingDelta: null,
      timeInForce: null,
      positionSide: null,
      reduceOnly: false,
      ...changes,
    },
  };
}
