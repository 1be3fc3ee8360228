import type { Bus } from '../bus/bus';
import { orderBookTopic, tradesTopic, type OrderBookMessage, type TradeMessage } from '../bus/marketTopics';
import type { DecimalString } from '../domain/decimal';
import type { FundingRate } from '../domain/fundingRate';
import { toMarketId, type Market } from '../domain/market';
import type { EpochMs, OrderBook } from '../domain/marketData';
import type { MarketRules } from '../domain/marketRules';
import type { ExchangePort } from '../exchanges/exchangePort';
import type { PaperMarketEvent, PaperMarketSource } from '../exchanges/paper/marketSource';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { MarketData } from './marketData';

/** How often the mark price and the funding of a swap are asked for: no channel tells them. */
const fundingPollMs = 5_000;

/** Levels a side that an order may take where the book is asked for; the live one has what its feed has. */
const askedDepth = 500;

type Listener = (event: PaperMarketEvent) => void;

export interface LivePaperMarketsParts {
  readonly exchange: ExchangePort;
  readonly bus: Bus;
  readonly marketData: MarketData;
  readonly clock: () => EpochMs;
  readonly runner: BackgroundRunner;
}

/** The live markets of an exchange, as its paper exchange follows them: the feeds that everybody else reads. */
export class LivePaperMarkets implements PaperMarketSource {
  constructor(private readonly parts: LivePaperMarketsParts) {}

  market(symbol: string): Promise<Market | null> {
    return this.parts.marketData.market(this.#idOf(symbol));
  }

  rules(symbol: string): Promise<MarketRules> {
    return this.parts.exchange.marketRules(symbol);
  }

  async snapshot(symbol: string): Promise<{ readonly book: OrderBook; readonly last: DecimalString | null } | null> {
    const { marketData } = this.parts;
    const id = this.#idOf(symbol);
    try {
      const [book, ticker] = await Promise.all([marketData.orderBook(id, askedDepth), marketData.ticker(id)]);
      return { book, last: ticker.last };
    } catch {
      // Whoever asks refuses the order: the market is not known.
      return null;
    }
  }

  follow(symbol: string, listener: Listener): () => void {
    const { bus, exchange } = this.parts;
    const id = toMarketId(exchange.id, symbol);
    const ends = [
      bus.subscribe(orderBookTopic(id), (message) => {
        tellBook(listener, message);
      }),
      bus.subscribe(tradesTopic(id), (message) => {
        tellTrades(listener, message);
      }),
    ];
    if (symbol.includes(':')) ends.push(this.#pollFunding(symbol, listener));
    let isOver = false;
    // Feeds that others have open already tell only what changes from now on.
    queueMicrotask(() => {
      const [book, trades] = [bus.last(orderBookTopic(id)), bus.last(tradesTopic(id))];
      if (isOver) return;
      if (book !== null) tellBook(listener, book);
      if (trades?.kind === 'data') listener({ type: 'trades', trades: trades.data.trades.slice(-1) });
    });
    return () => {
      isOver = true;
      for (const end of ends) end();
    };
  }

  /** Funding that falls due while nobody follows the market is not told. */
  #pollFunding(symbol: string, listener: Listener): () => void {
    const { exchange, clock, runner } = this.parts;
    let known: FundingRate | null = null;
    let isOver = false;
    const poll = async (): Promise<void> => {
      const [now] = await exchange.fetchFundingRates([symbol]);
      if (isOver || now === undefined) return;
      if (now.markPrice !== null) listener({ type: 'mark', price: now.markPrice });
      const dueAt = known?.nextFundingTime ?? null;
      const markPrice = now.markPrice ?? known?.markPrice ?? null;
      if (known !== null && dueAt !== null && markPrice !== null && dueAt <= clock() && now.nextFundingTime !== dueAt) {
        listener({ type: 'funding', rate: known.fundingRate, markPrice, dueAt });
      }
      known = now;
    };
    const run = (): void => {
      runner.run('paper funding', poll);
    };
    run();
    const timer = setInterval(run, fundingPollMs);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }

  #idOf(symbol: string): string {
    return toMarketId(this.parts.exchange.id, symbol);
  }
}

function tellBook(listener: Listener, message: OrderBookMessage): void {
  listener(message.kind === 'data' ? { type: 'book', book: message.data } : { type: 'stale' });
}

function tellTrades(listener: Listener, message: TradeMessage): void {
  if (message.kind !== 'data') listener({ type: 'tradesStale' });
  else if (message.data.trades.length > 0) listener({ type: 'trades', trades: message.data.trades });
}
