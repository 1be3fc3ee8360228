import type { PublicTrade } from '../../domain/marketData';
import { readList } from '../readNumbers';
import { TradeReader } from '../readTrade';
import { TradeSequence } from '../tradeSequence';
import type { ChannelHandler, ChannelParts, HandledSource } from './channelHandler';

/** How many trades one answer of REST is asked for: the most that Binance and MEXC give. */
const refillLimit = 1_000;

/** An answer can be older than the live trades that it is to join: it is asked for again. */
const refillTries = 3;

/** While REST is asked, this many live trades are held back; a market is never that fast. */
const maxHeldBack = 10_000;

/** Public trades, each once and in order. What a lost connection or frame has swallowed is fetched from REST. */
export class TradeChannel implements ChannelHandler {
  readonly sources: readonly HandledSource[];
  readonly #sequence: TradeSequence;
  readonly #reader: TradeReader;
  readonly #showsHoles: boolean;
  #heldBack: PublicTrade[] = [];
  #refilling: Promise<void> | null = null;
  /** Where ids show no holes: true until REST was asked after the first live trade, which closes the hole between both. */
  #needsJoin: boolean;

  constructor(private readonly parts: ChannelParts) {
    const { exchange, market, differences } = parts;
    const { tradeIds } = differences.tradesOf(market);
    this.#sequence = new TradeSequence(tradeIds);
    this.#reader = new TradeReader(market.id, tradeIds);
    this.#showsHoles = tradeIds === 'consecutive';
    this.#needsJoin = !this.#showsHoles;
    this.sources = [
      {
        watch: () => exchange.watchTrades(market.symbol),
        unwatch: () => exchange.unWatchTrades(market.symbol),
        onData: (data) => {
          this.#receive(this.#reader.live(readList(data, 'trades'), parts.clock()));
        },
      },
    ];
  }

  refresh(): Promise<void> {
    this.#refilling ??= this.#refill().finally(() => {
      this.#refilling = null;
    });
    return this.#refilling;
  }

  interrupted(): void {
    this.#needsJoin = !this.#showsHoles;
    this.#reader.interrupted();
  }

  failed(): void {
    // A lost frame shows as a hole in the ids.
  }

  stop(): void {
    this.#heldBack = [];
  }

  #receive(trades: readonly PublicTrade[]): void {
    const isJoined = !this.#needsJoin && this.#sequence.continues(trades);
    if (this.#refilling === null && isJoined) {
      this.#emit(trades, true);
      return;
    }
    this.#heldBack.push(...trades);
    if (this.#heldBack.length > maxHeldBack) this.#join([]);
    if (this.#refilling !== null) return;
    this.#needsJoin = false;
    // A refill that fails passes on what was held back, marked as incomplete.
    this.refresh().catch(() => undefined);
  }

  async #refill(): Promise<void> {
    let fetched: readonly PublicTrade[] = [];
    try {
      for (let tries = 0; tries < refillTries; tries += 1) {
        fetched = await this.#ask();
        if (this.#sequence.continues([...fetched, ...this.#heldBack])) break;
      }
    } catch (error) {
      if (this.#heldBack.length > 0) this.#join([]);
      throw error;
    }
    this.#join(fetched);
  }

  async #ask(): Promise<readonly PublicTrade[]> {
    const { exchange, market, differences, clock } = this.parts;
    const rows = await this.parts.ask(() =>
      exchange.fetchTrades(market.symbol, undefined, refillLimit, differences.tradesOf(market).tradeParams),
    );
    return this.#reader.asked(readList(rows, 'trades'), clock());
  }

  /** Puts together what was asked for and what came live. */
  #join(fetched: readonly PublicTrade[]): void {
    const live = this.#heldBack;
    this.#heldBack = [];
    this.#emit([...fetched, ...live], this.#sequence.overlaps(fetched));
  }

  #emit(trades: readonly PublicTrade[], isOverlapping: boolean): void {
    const accepted = this.#sequence.accept(trades);
    this.parts.emit({ type: 'trades', trades: accepted.trades, isComplete: isOverlapping && accepted.isComplete });
  }
}
