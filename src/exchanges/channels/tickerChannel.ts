import type { Ticker } from '../../domain/marketData';
import type { TickerSource } from '../exchangeDifferences';
import { readTicker } from '../readTicker';
import { readRecord } from '../readNumbers';
import type { ChannelHandler, ChannelParts, HandledSource } from './channelHandler';

const quoteFields = ['bid', 'bidVolume', 'ask', 'askVolume'] as const satisfies readonly (keyof Ticker)[];

/**
 * One ticker out of several sources: the 24-hour figures from one, best bid and ask from another.
 * The first event waits for REST or for all sources, so that a reader never begins with half a ticker.
 */
export class TickerChannel implements ChannelHandler {
  readonly sources: readonly HandledSource[];
  #ticker: Ticker | null = null;
  /** A quote of the stream is newer than any that comes with the 24-hour figures. */
  #hasLiveQuote = false;
  #hasLiveFigures = false;
  #isRefreshed = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: ChannelParts) {
    const sources = parts.differences.tickerSources(parts.exchange, parts.market.symbol);
    this.sources = sources.map((source) => ({
      watch: () => source.watch(),
      unwatch: () => source.unwatch(),
      onData: (data) => {
        this.#receive(data, source.part);
      },
    }));
  }

  async refresh(): Promise<void> {
    const { exchange, market, differences } = this.parts;
    const raw = await this.parts.ask(() => exchange.fetchTicker(market.symbol));
    const asked = readTicker(raw, market.id, this.parts.clock());
    this.#isRefreshed = true;
    this.#ticker = this.#withLiveParts(asked);
    this.parts.emit({ type: 'ticker', ticker: this.#ticker });
    if (differences.statisticsEveryMs !== null) this.#refreshLater(differences.statisticsEveryMs);
  }

  interrupted(): void {
    this.stop();
    this.#ticker = null;
    this.#hasLiveQuote = false;
    this.#hasLiveFigures = false;
    this.#isRefreshed = false;
  }

  failed(): void {
    // A ticker needs no sequence: the next one is complete.
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #receive(data: unknown, part: TickerSource['part']): void {
    const { market, clock } = this.parts;
    const raw = readRecord(data, 'answer');
    // watchBidsAsks answers with a dictionary by symbol, watchTicker with the ticker itself.
    const ticker = readTicker(raw[market.symbol] ?? raw, market.id, clock());
    this.#ticker = this.#merge(ticker, part);
    if (this.#isRefreshed || this.#isWhole(part)) this.parts.emit({ type: 'ticker', ticker: this.#ticker });
  }

  #isWhole(part: TickerSource['part']): boolean {
    return part === 'whole' || (this.#hasLiveFigures && this.#hasLiveQuote);
  }

  #merge(ticker: Ticker, part: TickerSource['part']): Ticker {
    if (part === 'quote') this.#hasLiveQuote = true;
    else this.#hasLiveFigures = true;
    if (part === 'whole' || this.#ticker === null) return ticker;
    if (part === 'statistics') return this.#hasLiveQuote ? withQuote(ticker, this.#ticker) : ticker;
    // Binance's quotes carry no time: the newest that the exchange has stated stands.
    const exchangeTime = ticker.exchangeTime ?? this.#ticker.exchangeTime;
    return { ...withQuote(this.#ticker, ticker), exchangeTime, receivedTime: ticker.receivedTime };
  }

  #withLiveParts(asked: Ticker): Ticker {
    if (this.#ticker === null) return asked;
    if (this.#hasLiveFigures) return this.#hasLiveQuote ? this.#ticker : withQuote(this.#ticker, asked);
    return this.#hasLiveQuote ? withQuote(asked, this.#ticker) : asked;
  }

  #refreshLater(delayMs: number): void {
    this.stop();
    this.#timer = setTimeout(() => {
      // Quotes go on without the figures; the next turn asks again.
      this.refresh().catch(() => {
        this.#refreshLater(delayMs);
      });
    }, delayMs);
  }
}

function withQuote(figures: Ticker, quote: Ticker): Ticker {
  const picked = Object.fromEntries(quoteFields.map((field) => [field, quote[field]]));
  return { ...figures, ...picked };
}
