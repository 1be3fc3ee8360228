import { Decimal } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { OpenView } from './enterBook';
import type { MarketView, PaperMarketEvent, PaperMarketSource } from './marketSource';
import { joinSpans, spanOf, topsOf, type PriceSpan } from './priceSpan';

/** A market that nobody has needed for this long is not followed any more. */
const lingerMs = 60_000;

interface Followed {
  view: MarketView;
  neededAt: EpochMs;
  readonly release: () => void;
}

export interface PaperMarketsParts {
  readonly source: PaperMarketSource;
  readonly clock: () => EpochMs;
  /** Told every event of a market that is followed, after the view has taken it in. */
  readonly onEvent: (view: MarketView, event: PaperMarketEvent) => void;
  /** True where an order or a position depends on the market. */
  readonly isNeeded: (symbol: string) => boolean;
}

/** The live markets that paper accounts trade: followed from the first order on, as long as there is need. */
export class PaperMarkets {
  readonly #followed = new Map<string, Promise<Followed | null>>();
  readonly #live = new Map<string, Followed>();

  constructor(private readonly parts: PaperMarketsParts) {}

  /** False where there is no such market. */
  async follow(symbol: string): Promise<boolean> {
    return (await this.#follow(symbol)) !== null;
  }

  /** The market with a book, live or asked for; `noBook` where there is none that can be trusted. */
  async open(symbol: string): Promise<OpenView | 'noMarket' | 'noBook'> {
    const followed = await this.#follow(symbol);
    if (followed === null) return 'noMarket';
    followed.neededAt = this.parts.clock();
    if (followed.view.book !== null && followed.view.last !== null)
      return { ...followed.view, book: followed.view.book };
    const asked = await this.parts.source.snapshot(symbol);
    // An answer is of one moment: it is good for this order, but not the start of what is followed.
    if (asked !== null) followed.view = { ...followed.view, since: followed.view.since ?? topsOf(asked.book) };
    const { view } = followed;
    const book = view.book ?? asked?.book ?? null;
    if (book === null) return 'noBook';
    return { ...view, book, last: view.last ?? (asked?.last == null ? null : new Decimal(asked.last)) };
  }

  /** The view as it is now, where the market is followed. */
  view(symbol: string): MarketView | null {
    return this.#live.get(symbol)?.view ?? null;
  }

  close(): void {
    for (const { release } of this.#live.values()) release();
    this.#live.clear();
    this.#followed.clear();
  }

  async #follow(symbol: string): Promise<Followed | null> {
    const known = this.#followed.get(symbol);
    if (known !== undefined) return known;
    const opening = this.#open(symbol);
    this.#followed.set(symbol, opening);
    try {
      const followed = await opening;
      if (followed === null) this.#followed.delete(symbol);
      return followed;
    } catch (error) {
      this.#followed.delete(symbol);
      throw error;
    }
  }

  async #open(symbol: string): Promise<Followed | null> {
    const market = await this.parts.source.market(symbol);
    if (market === null) return null;
    const rules = await this.parts.source.rules(symbol);
    const followed: Followed = {
      view: { market, rules, book: null, last: null, before: null, since: null, mark: null },
      neededAt: this.parts.clock(),
      release: this.parts.source.follow(symbol, (event) => {
        this.#take(symbol, event);
      }),
    };
    this.#live.set(symbol, followed);
    return followed;
  }

  #take(symbol: string, event: PaperMarketEvent): void {
    const followed = this.#live.get(symbol);
    if (followed === undefined) return;
    followed.view = afterEvent(followed.view, event);
    if (this.parts.clock() - followed.neededAt > lingerMs && !this.#isStillNeeded(symbol, followed)) return;
    this.parts.onEvent(followed.view, event);
  }

  /** Looked at now and then only: it takes a look at every account. */
  #isStillNeeded(symbol: string, followed: Followed): boolean {
    if (this.parts.isNeeded(symbol)) {
      followed.neededAt = this.parts.clock();
      return true;
    }
    followed.release();
    this.#live.delete(symbol);
    this.#followed.delete(symbol);
    return false;
  }
}

function afterEvent(view: MarketView, event: PaperMarketEvent): MarketView {
  switch (event.type) {
    case 'book':
      return { ...view, book: event.book, before: view.since, since: topsOf(event.book) };
    case 'trades': {
      const newest = event.trades.at(-1);
      if (newest === undefined) return view;
      const traded = event.trades
        .map(({ price }) => spanOf(new Decimal(price)))
        .reduce<PriceSpan | null>(joinSpans, view.since);
      return { ...view, last: new Decimal(newest.price), since: traded };
    }
    case 'stale':
      return { ...view, book: null, last: null, mark: null };
    case 'tradesStale':
      return { ...view, last: null };
    case 'mark':
      return { ...view, mark: new Decimal(event.price) };
    case 'funding':
      return { ...view, mark: new Decimal(event.markPrice) };
  }
}
