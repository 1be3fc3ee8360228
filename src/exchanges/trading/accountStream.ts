import type { Logger } from '../../telemetry/logger';
import { BadMarketData } from '../badMarketData';
import type { CcxtConnection } from '../ccxtConnection';
import type { CcxtAccountExchange } from '../ccxtTypes';
import { readList, readRecord, readText } from '../readNumbers';
import type { AccountEvent } from '../tradingPort';
import { WatchLoop, type LoopFailure } from '../watchLoop';
import type { AccountMarkets } from './accountMarkets';
import type { AccountQuestions } from './accountQuestions';
import { describeFailure } from './classifySending';
import type { AccountMarket, TradingDifferences, Wallet } from './tradingDifferences';

export interface AccountStreamParts {
  readonly wallet: Wallet;
  readonly connection: CcxtConnection;
  readonly differences: TradingDifferences;
  readonly logger: Logger;
  readonly markets: AccountMarkets;
  readonly questions: AccountQuestions;
  readonly tell: (event: Extract<AccountEvent, { type: 'order' | 'fill' }>) => void;
  /** Balances or positions have changed. data: what ccxt says of it. */
  readonly onChanged: (what: 'balances' | 'positions', data: unknown) => void;
  readonly onConnection: (isConnected: boolean) => void;
}

/** The private stream of one wallet. It counts as connected from the moment on at which nothing can be missed any more. */
export class AccountStream {
  readonly #told = new WeakMap<object, string>();
  #loops: readonly WatchLoop[] = [];
  #isClosed = false;
  #isConnected = false;
  #subscribing: Promise<void> | null = null;

  constructor(private readonly parts: AccountStreamParts) {}

  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(exchange: CcxtAccountExchange): void {
    const { wallet } = this.parts;
    const params = { type: wallet };
    const sources: (readonly [() => Promise<unknown>, (data: unknown) => void])[] = [
      [() => exchange.watchOrders(undefined, undefined, undefined, params), this.#tellOrders.bind(this)],
      [() => exchange.watchMyTrades(undefined, undefined, undefined, params), this.#tellFills.bind(this)],
      [
        () => exchange.watchBalance(params),
        (data) => {
          this.parts.onChanged('balances', data);
        },
      ],
    ];
    if (wallet === 'swap') {
      const watch = (): Promise<unknown> => exchange.watchPositions(undefined, undefined, undefined, params);
      sources.push([
        watch,
        (data) => {
          this.parts.onChanged('positions', data);
        },
      ]);
    }
    this.#loops = sources.map(([watch, onData]) => this.#loop(exchange, watch, onData));
    for (const loop of this.#loops) loop.start();
  }

  /** A socket of the account has opened. Of ours: what its predecessor would have told is lost. */
  socketOpened(url: string): void {
    const session = this.parts.differences.session(this.parts.wallet);
    if (!session.url.test(url)) return;
    this.#lose('the connection was replaced');
    if (session.confirmedBy === 'opening') this.#connected();
  }

  close(): void {
    this.#isClosed = true;
    for (const loop of this.#loops) loop.stop();
  }

  #loop(exchange: CcxtAccountExchange, watch: () => Promise<unknown>, onData: (data: unknown) => void): WatchLoop {
    const source = {
      watch: async () => {
        await this.#subscribe(exchange);
        return watch();
      },
      unwatch: () => Promise.resolve(),
    };
    const onFailure = (failure: LoopFailure, error: unknown): void => {
      this.#fail(exchange, failure, error);
    };
    return new WatchLoop(this.parts.connection.surroundings, source, { onData, onFailure });
  }

  /** Resolves when the exchange has confirmed. One at a time: to a second caller, ccxt says at once that it is done. */
  #subscribe(exchange: CcxtAccountExchange): Promise<void> {
    this.#subscribing ??= this.#authenticate(exchange).finally(() => {
      this.#subscribing = null;
    });
    return this.#subscribing;
  }

  async #authenticate(exchange: CcxtAccountExchange): Promise<void> {
    const { wallet, differences } = this.parts;
    await exchange.authenticate({ type: wallet });
    if (differences.session(wallet).confirmedBy === 'answer') this.#connected();
  }

  #tellOrders(data: unknown): void {
    for (const row of this.#newOf(data, 'orders')) {
      const market = this.#marketOf(row);
      if (market !== null) this.parts.tell({ type: 'order', report: this.parts.differences.readOrder(row, market) });
    }
  }

  #tellFills(data: unknown): void {
    for (const row of this.#newOf(data, 'trades')) {
      const market = this.#marketOf(row);
      if (market !== null) this.parts.tell({ type: 'fill', fill: this.parts.differences.readFill(row, market) });
    }
  }

  /** ccxt keeps one row for each order or trade, and gives it again with the next frame that comes before it was asked. */
  #newOf(data: unknown, name: string): readonly unknown[] {
    return readList(data, name).filter((row) => {
      if (typeof row !== 'object' || row === null) return true;
      const text = JSON.stringify(row);
      if (this.#told.get(row) === text) return false;
      this.#told.set(row, text);
      return true;
    });
  }

  /** Null of a market that is not ours to trade, or of the other wallet: ccxt keeps one list for both. */
  #marketOf(row: unknown): AccountMarket | null {
    const market = this.parts.markets.find(readText(readRecord(row, 'row').symbol, 'symbol'));
    return market?.isSwap === (this.parts.wallet === 'swap') ? market : null;
  }

  #connected(): void {
    if (this.#isConnected || this.#isClosed) return;
    this.#isConnected = true;
    this.parts.onConnection(true);
  }

  #fail(exchange: CcxtAccountExchange, failure: LoopFailure, error: unknown): void {
    const { connection, differences, wallet, logger } = this.parts;
    if (error instanceof BadMarketData) connection.countBadData('account');
    else differences.session(wallet).forget(exchange);
    logger.warn({ failure, wallet, reason: describeFailure(error) }, 'account stream failed');
    // Of whatever kind: what this answer would have told is not known.
    this.#lose(describeFailure(error));
  }

  #lose(reason: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.parts.logger.warn({ reason, wallet: this.parts.wallet }, 'account stream is interrupted');
    this.parts.onConnection(false);
  }
}
