import type { EpochMs, PublicTrade } from '../../domain/marketData';
import type { BackgroundRunner } from '../../telemetry/backgroundRunner';
import type { TradingPort } from '../tradingPort';
import type { Matching, OpenView } from './enterBook';
import { matchBook, matchTrades, doesBookConcern, doTradesConcern } from './matchMarket';
import type { MarketView, PaperMarketEvent, PaperMarketSource } from './marketSource';
import { PaperAccount } from './paperAccount';
import { PaperMarkets } from './paperMarkets';
import type { NewPaperAccount, PaperStore } from './paperStore';
import { PaperTradingPort } from './paperTradingPort';
import { isMarginGone, liquidate, payFunding, type FundingDue } from './swapUpkeep';

export interface PaperExchangeParts {
  /** Our name of the exchange whose live markets are traded. */
  readonly exchange: string;
  readonly store: PaperStore;
  readonly source: PaperMarketSource;
  readonly clock: () => EpochMs;
  readonly runner: BackgroundRunner;
}

/**
 * An exchange on paper: accounts with money of their own, executed against the live market of a real exchange. Behind the same
 * port as the real one. The market is not moved by what is traded here, and accounts do not meet each other.
 */
export class PaperExchange {
  readonly #accounts = new Map<string, PaperAccount>();
  readonly #markets: PaperMarkets;
  /** Accounts and markets whose newest book is still to be matched. */
  readonly #queuedBooks = new Set<string>();

  constructor(private readonly parts: PaperExchangeParts) {
    this.#markets = new PaperMarkets({
      source: parts.source,
      clock: parts.clock,
      onEvent: (view, event) => {
        this.#onEvent(view, event);
      },
      isNeeded: (symbol) => [...this.#accounts.values()].some((account) => dependsOn(account, symbol)),
    });
  }

  /** Goes on with every account that has open orders or positions. Throws where the store or the markets cannot be read; may be called again then. */
  async start(): Promise<void> {
    for (const id of await this.parts.store.activeAccounts(this.parts.exchange)) {
      const { openOrders, positions } = await this.#account(id).refresh();
      const symbols = [...openOrders.values()].map(({ terms }) => terms.symbol);
      for (const { symbol } of positions.values()) symbols.push(symbol);
      for (const symbol of new Set(symbols)) await this.#markets.follow(symbol);
    }
  }

  /** Gives an account its first money. An account that is there already stays as it is. */
  async createAccount(account: Omit<NewPaperAccount, 'exchange'>): Promise<void> {
    await this.parts.store.create({ ...account, exchange: this.parts.exchange });
  }

  /** The account as the order path sees it. It has to be there: see `createAccount`. */
  port(accountId: string): TradingPort {
    const { exchange, store, clock } = this.parts;
    const account = this.#account(accountId);
    return new PaperTradingPort({ accountId, exchange, store, clock, account, markets: this.#markets });
  }

  /** The account is gone: nothing is executed for it any more. */
  forget(accountId: string): void {
    this.#accounts.delete(accountId);
  }

  close(): void {
    this.#markets.close();
  }

  #account(id: string): PaperAccount {
    const known = this.#accounts.get(id);
    if (known !== undefined) return known;
    const account = new PaperAccount({ id, store: this.parts.store, clock: this.parts.clock });
    this.#accounts.set(id, account);
    return account;
  }

  #onEvent(view: MarketView, event: PaperMarketEvent): void {
    for (const account of this.#accounts.values()) {
      if (event.type === 'book') this.#matchBook(account, view);
      if (event.type === 'trades') this.#matchTrades(account, view, event.trades);
      if (event.type === 'funding') this.#payFunding(account, view, event);
      if (view.market.type === 'SWAP' && event.type !== 'book') this.#checkMargin(account, view);
    }
  }

  /** Books that come faster than changes are stored are passed over but for the newest. */
  #matchBook(account: PaperAccount, { market: { symbol } }: MarketView): void {
    const open = this.#openView(symbol);
    if (open === null) return;
    account.observeBook(symbol, open.book);
    if (!account.mayBeConcerned((ledger) => doesBookConcern(ledger, open))) return;
    const key = `${account.id} ${symbol}`;
    if (this.#queuedBooks.has(key)) return;
    this.#queuedBooks.add(key);
    let isQueued = true;
    const leaveQueue = (): void => {
      // Once only: the key may be of a later book by then.
      if (isQueued) this.#queuedBooks.delete(key);
      isQueued = false;
    };
    const match = (matching: Matching): void => {
      leaveQueue();
      const newest = this.#openView(symbol);
      if (newest !== null) matchBook(matching, newest);
    };
    this.#change(account, match, leaveQueue);
  }

  #openView(symbol: string): OpenView | null {
    const view = this.#markets.view(symbol);
    return view?.book == null ? null : { ...view, book: view.book };
  }

  #matchTrades(account: PaperAccount, view: MarketView, trades: readonly PublicTrade[]): void {
    const { symbol } = view.market;
    if (!account.mayBeConcerned((ledger) => doTradesConcern(ledger, symbol, trades))) return;
    this.#change(account, (matching) => {
      matchTrades(matching, view, trades);
    });
  }

  /** Prices are those of the moment at which the change is decided on. */
  #checkMargin(account: PaperAccount, { market }: MarketView): void {
    const viewOf = (symbol: string): MarketView | null => this.#markets.view(symbol);
    const currency = market.settle ?? market.quote;
    if (!account.mayBeConcerned((ledger) => isMarginGone(ledger, { currency, viewOf }))) return;
    this.#change(account, ({ draft }) => {
      if (isMarginGone(draft.ledger(false), { currency, viewOf })) liquidate(draft, { currency, viewOf });
    });
  }

  #payFunding(account: PaperAccount, view: MarketView, due: FundingDue): void {
    const { symbol } = view.market;
    if (!account.mayBeConcerned(({ positions }) => [...positions.values()].some((held) => held.symbol === symbol)))
      return;
    this.#change(account, ({ draft }) => {
      payFunding(draft, { symbol, due });
    });
  }

  /** onSettled: called whatever comes of the change; it may have failed before anything was decided. */
  #change(account: PaperAccount, decide: (matching: Matching) => void, onSettled: () => void = () => undefined): void {
    this.parts.runner.run('paper matching', async () => {
      try {
        await account.change(decide);
      } finally {
        onSettled();
      }
    });
  }
}

function dependsOn(account: PaperAccount, symbol: string): boolean {
  return account.mayBeConcerned(({ openOrders, positions }) => {
    const orders = [...openOrders.values()];
    return (
      orders.some(({ terms }) => terms.symbol === symbol) ||
      [...positions.values()].some((held) => held.symbol === symbol)
    );
  });
}
