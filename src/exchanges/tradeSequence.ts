import type { PublicTrade } from '../domain/marketData';

/** Ids remembered to tell what was already passed on; four times the most that one REST answer holds. */
const rememberedIds = 4_000;

export interface AcceptedTrades {
  /** Those not seen before, in order. */
  readonly trades: readonly PublicTrade[];
  /** False where some before or between them are missing, as far as the ids tell. */
  readonly isComplete: boolean;
}

/** Passes on every trade of one market once and in order, whichever way and however often it arrives. */
export class TradeSequence {
  readonly #seen = new Set<string>();
  #last: PublicTrade | null = null;

  /** consecutive: ids are whole numbers without holes. */
  constructor(private readonly idsAre: 'consecutive' | 'opaque' | 'absent') {}

  get isEmpty(): boolean {
    return this.#last === null;
  }

  /** True where nothing is missing between what was passed on and these. Always true for the first. */
  continues(trades: readonly PublicTrade[]): boolean {
    if (this.idsAre !== 'consecutive') return true;
    let last = this.#last;
    for (const trade of this.#ordered(trades)) {
      if (this.#isKnown(trade)) continue;
      if (last !== null && BigInt(trade.id) !== BigInt(last.id) + 1n) return false;
      last = trade;
    }
    return true;
  }

  /** Whether an answer of REST reaches back to what was already passed on. */
  overlaps(trades: readonly PublicTrade[]): boolean {
    return this.#last === null || trades.some((trade) => this.#isKnown(trade));
  }

  accept(trades: readonly PublicTrade[]): AcceptedTrades {
    const isComplete = this.continues(trades);
    const fresh = this.#ordered(trades).filter((trade) => {
      if (this.#isKnown(trade)) return false;
      this.#remember(trade);
      return true;
    });
    return { trades: fresh, isComplete };
  }

  #ordered(trades: readonly PublicTrade[]): readonly PublicTrade[] {
    if (this.idsAre === 'consecutive') return trades.toSorted((a, b) => compareIds(a.id, b.id));
    return trades.toSorted((a, b) => a.exchangeTime - b.exchangeTime);
  }

  #isKnown(trade: PublicTrade): boolean {
    if (this.#seen.has(trade.id)) return true;
    return this.idsAre === 'consecutive' && this.#last !== null && compareIds(trade.id, this.#last.id) <= 0;
  }

  #remember(trade: PublicTrade): void {
    this.#last = trade;
    this.#seen.add(trade.id);
    if (this.#seen.size <= rememberedIds) return;
    const [oldest] = this.#seen;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** Ids are longer than a float is exact. */
function compareIds(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}
