import type { DecimalString } from '../../domain/decimal';
import { toMarketId } from '../../domain/market';
import type { EpochMs } from '../../domain/marketData';
import { product, quotient, sum } from '../../domain/money';
import { AppError } from '../../errors/appError';
import type { MarketFacts, Quote } from '../marketFacts';

/**
 * rate     units of the one currency for a unit of the other
 * none     the exchange has no way to turn the one into the other
 * unknown  there is a way, and its price is not known or not proven to be current
 */
export type Conversion =
  { readonly kind: 'rate'; readonly rate: DecimalString } | { readonly kind: 'none' } | { readonly kind: 'unknown' };

/** What a valuation asks for. */
export interface Prices {
  /** What a position of this market would be closed at about; null where that is not known. */
  mark(marketId: string): Promise<DecimalString | null>;
  convert(from: string, to: string): Promise<Conversion>;
}

const none: Conversion = { kind: 'none' };
const unknown: Conversion = { kind: 'unknown' };

/** Where two currencies have no market with each other, in this order. */
const bridges = ['USDT', 'BTC'];

/** Prices of one exchange at one moment. Each is asked for once: a table is made for a round of valuations and thrown away. */
export class PriceTable implements Prices {
  readonly #pairs = new Map<string, Promise<Conversion>>();
  readonly #marks = new Map<string, Promise<DecimalString | null>>();

  constructor(
    private readonly parts: {
      readonly exchange: string;
      readonly markets: Pick<MarketFacts, 'market' | 'quote'>;
      readonly clock: () => EpochMs;
      /** A price whose source was not proven alive for longer is not known. */
      readonly maxAgeMs: number;
    },
  ) {}

  mark(marketId: string): Promise<DecimalString | null> {
    return remember(this.#marks, marketId, () => this.#readMark(marketId));
  }

  /** By the market of the two, whichever way round; else by way of one other currency. */
  async convert(from: string, to: string): Promise<Conversion> {
    if (from === to) return { kind: 'rate', rate: '1' as DecimalString };
    const direct = await this.#pair(from, to);
    if (direct.kind !== 'none') return direct;
    for (const bridge of bridges) {
      if (bridge === from || bridge === to) continue;
      const [first, second] = await Promise.all([this.#pair(from, bridge), this.#pair(bridge, to)]);
      if (first.kind === 'none' || second.kind === 'none') continue;
      if (first.kind === 'unknown' || second.kind === 'unknown') return unknown;
      return { kind: 'rate', rate: product(first.rate, second.rate) };
    }
    return none;
  }

  #pair(from: string, to: string): Promise<Conversion> {
    return remember(this.#pairs, `${from}/${to}`, async () => {
      const direct = await this.#price(from, to);
      if (direct.kind !== 'none') return direct;
      const inverse = await this.#price(to, from);
      return inverse.kind === 'rate' ? { kind: 'rate', rate: quotient('1' as DecimalString, inverse.rate) } : inverse;
    });
  }

  async #price(base: string, quote: string): Promise<Conversion> {
    const id = toMarketId(this.parts.exchange, `${base}/${quote}`);
    const market = await known(() => this.parts.markets.market(id));
    if (market === undefined) return unknown;
    if (market === null) return none;
    const rate = market.active ? await this.mark(id) : null;
    return rate === null ? unknown : { kind: 'rate', rate };
  }

  async #readMark(marketId: string): Promise<DecimalString | null> {
    const quote = await known(() => this.parts.markets.quote(marketId));
    if (quote === undefined || this.parts.clock() - quote.provenAt > this.parts.maxAgeMs) return null;
    return markPriceOf(quote);
  }
}

/** The middle of bid and ask; the last trade where the book has a side that is empty. Null where nothing is above 0. */
export function markPriceOf({ bid, ask, last }: Quote): DecimalString | null {
  const price = bid !== null && ask !== null ? quotient(sum(bid, ask), '2' as DecimalString) : last;
  return price === null || price === '0' || price.startsWith('-') ? null : price;
}

/** Undefined where the exchange does not say. */
async function known<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function remember<T>(memory: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = memory.get(key) ?? make();
  memory.set(key, known);
  return known;
}
