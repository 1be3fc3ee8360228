import { createHash } from 'node:crypto';
import { BookReader } from './bookReader';
import { bookOf, candlesOf, tickersOf, tradesOf } from './liveMarketDocuments';
import { bookAt, candleAt, idOf, type LiveMarkets } from './liveMarkets';
import type { ReadEvent } from './recordingSocket';

const bookDepth = 10;

/** What a client knows by one stream and nothing but its contract, over as many connections as it takes. */
export abstract class ResumingView {
  cursor: string | null = null;
  resumedFromRing = 0;
  resumedBySnapshot = 0;
  /** What must not have come; none, in order. */
  readonly faults: string[] = [];
  #isResuming = false;

  constructor(protected readonly symbols: readonly string[]) {}

  /** What opens the stream where it was left. */
  document(): string {
    this.#isResuming = this.cursor !== null;
    return this.documentAfter(this.cursor);
  }

  read(event: ReadEvent): void {
    const { kind, cursor, reason } = event.meta;
    if (this.#isResuming) {
      this.#isResuming = false;
      if (reason?.includes('RESUME_NOT_AVAILABLE') === true) this.resumedBySnapshot += 1;
      else this.resumedFromRing += 1;
    }
    if (kind === 'SNAPSHOT' && this.cursor !== null && reason === null) this.fault('a SNAPSHOT came without a reason');
    this.cursor = cursor;
    this.apply(event);
  }

  get hash(): string {
    return hashOf(this.state());
  }

  protected fault(text: string): void {
    this.faults.push(`${this.constructor.name}: ${text}`);
  }

  protected abstract documentAfter(after: string | null): string;
  protected abstract apply(event: ReadEvent): void;
  protected abstract state(): unknown;
  /** The hash of who has missed nothing. */
  abstract hashOfServer(markets: LiveMarkets): string;
}

function hashOf(state: unknown): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('hex');
}

class TickerView extends ResumingView {
  readonly #prices = new Map<string, number>();

  override hashOfServer(markets: LiveMarkets): string {
    return hashOf(this.symbols.map((symbol) => markets.numberOf(symbol)));
  }

  protected override documentAfter(after: string | null): string {
    return tickersOf({ symbols: this.symbols, after });
  }

  protected override apply({ meta: { kind }, tickers }: ReadEvent): void {
    for (const { marketId, last } of tickers) {
      const known = this.#prices.get(marketId) ?? 0;
      const isOlder = kind === 'SNAPSHOT' ? Number(last) < known : Number(last) <= known;
      if (isOlder) this.fault(`${last} came after ${known}`);
      this.#prices.set(marketId, Number(last));
    }
  }

  protected override state(): unknown {
    return this.symbols.map((symbol) => this.#prices.get(idOf(symbol)));
  }
}

class BookView extends ResumingView {
  readonly #book = new BookReader();

  override hashOfServer(markets: LiveMarkets): string {
    return hashOf(levelsAt(markets.numberOf(this.symbols[0])));
  }

  protected override documentAfter(after: string | null): string {
    return bookOf({ symbols: this.symbols, after });
  }

  protected override apply(event: ReadEvent): void {
    this.#book.apply(event as never);
    if (hashOf(this.state()) !== hashOf(levelsAt(Number(event.nonce)))) this.fault(`another book at ${event.nonce}`);
  }

  protected override state(): unknown {
    return [this.#book.bids(Infinity), this.#book.asks(Infinity)];
  }
}

function levelsAt(number: number): unknown {
  const { bids, asks } = bookAt(number);
  return [bids, asks].map((side) => side.slice(0, bookDepth).map(({ price, amount }) => [price, amount]));
}

class TradesView extends ResumingView {
  readonly #ids = new Map<string, number>();

  override hashOfServer(markets: LiveMarkets): string {
    return hashOf(this.symbols.map((symbol) => markets.numberOf(symbol)));
  }

  protected override documentAfter(after: string | null): string {
    return tradesOf({ symbols: this.symbols, after });
  }

  protected override apply({ meta: { kind, reason }, trades }: ReadEvent): void {
    let missing = 0;
    for (const { marketId, id } of trades) {
      const known = this.#ids.get(marketId) ?? Number(id) - 1;
      if (kind === 'UPDATE') {
        if (Number(id) <= known) this.fault(`trade ${id} came twice`);
        missing += Number(id) - known - 1;
      }
      this.#ids.set(marketId, Math.max(known, Number(id)));
    }
    const told = Number(/TRADES_DROPPED: (\d+)/.exec(reason ?? '')?.[1] ?? 0);
    if (kind === 'UPDATE' && missing !== told) this.fault(`${missing} trades are missing, ${told} were told`);
  }

  protected override state(): unknown {
    return this.symbols.map((symbol) => this.#ids.get(idOf(symbol)));
  }
}

class CandleView extends ResumingView {
  #closes = new Map<number, number>();

  override hashOfServer(markets: LiveMarkets): string {
    const { candle } = candleAt(markets.numberOf(this.symbols[0]), idOf(this.symbols[0] ?? ''));
    return hashOf([candle.openTime, Number(candle.close)]);
  }

  protected override documentAfter(after: string | null): string {
    return candlesOf({ symbols: this.symbols, after });
  }

  protected override apply({ meta: { kind }, candle }: ReadEvent): void {
    const openTime = Date.parse(candle.openTime);
    const [newest = openTime] = [...this.#closes.keys()].slice(-1);
    const known = this.#closes.get(openTime) ?? 0;
    const close = Number(candle.close);
    if (kind === 'UPDATE' && close <= known) this.fault(`${close} came after ${known}`);
    // Where nothing was lost, a candle is seen closed before the next one begins.
    if (kind === 'UPDATE' && openTime > newest && !this.#closed.has(newest)) this.fault('a candle was left unfinished');
    if (candle.closed) this.#closed.add(openTime);
    this.#closes.set(openTime, close);
  }

  readonly #closed = new Set<number>();

  protected override state(): unknown {
    return [...this.#closes].at(-1);
  }
}

/** One of each kind of stream. */
export function viewsOf(symbols: readonly string[]): readonly ResumingView[] {
  return [new TickerView(symbols), new BookView(symbols), new TradesView(symbols), new CandleView(symbols)];
}
