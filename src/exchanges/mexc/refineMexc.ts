import type { CcxtBookHooks, CcxtClass, CcxtClient, CcxtExchange, CcxtHooks, CcxtModule } from '../ccxtTypes';
import { BadMarketData } from '../badMarketData';
import { exactBooks } from '../exactBooks';
import { ExactOrderBook } from '../exactOrderBook';
import type { ExactBookSide } from '../exactBookSide';
import { readList, readRecord, readText } from '../readNumbers';

/** The handlers of ccxt's mexc class that are overridden here. */
interface MexcHandlers extends CcxtExchange, CcxtHooks, CcxtBookHooks {
  handleBooksideDelta(side: ExactBookSide, levels: unknown): void;
  handleDelta(book: ExactOrderBook, delta: unknown): void;
  handleOrderBook(client: CcxtClient, message: unknown): void;
  getCacheIndex(snapshot: unknown, cache: readonly unknown[]): number;
  handleOrderBookSubscription(client: CcxtClient, message: unknown): void;
  handleSubscriptionStatus(client: CcxtClient, message: unknown): void;
  loadOrderBook(...args: readonly unknown[]): Promise<void>;
  parseTrades(trades: unknown, ...rest: readonly unknown[]): unknown;
  spawn(method: (...args: unknown[]) => Promise<unknown>, ...args: unknown[]): Promise<unknown>;
  readonly options: Readonly<Record<string, unknown>>;
  findTimeframe(interval: unknown, timeframes: unknown): string;
  calculateRateLimiterCost(...call: readonly unknown[]): unknown;
  fetchSwapMarkets(): Promise<readonly unknown[]>;
  safeSymbol(id: unknown): string;
}

interface Versions {
  readonly from: number;
  readonly to: number;
}

const snapshotDepth = 1_000;

/** A snapshot may be older than the first change that came. */
const snapshotTries = 5;

/** What MEXC says in place of an acknowledgement: for a channel that it does not have, and beyond 30 on one socket. */
const refusal = /^Not Subscribed successfully!\s*\[(.*)\]/;

const bookHash = (symbol: string): string => `orderbook:${symbol}`;

/**
 * ccxt's mexc class keeps books as floats and applies changes without looking whether one is missing.
 * Each change carries fromVersion and toVersion; the next one begins where the last has ended.
 * Source: MEXC spot v3, "How to properly maintain a local copy of the order book".
 */
export function refineMexc(base: CcxtClass, ccxt: CcxtModule): CcxtClass {
  const parent = exactBooks(base) as CcxtClass<MexcHandlers>;
  /** Books whose snapshot is on its way. */
  const loading = new WeakSet();
  return class extends parent {
    override handleBooksideDelta(side: ExactBookSide, levels: unknown): void {
      for (const level of readList(levels, 'levels')) {
        const { price, quantity } = readRecord(level, 'level');
        side.store(price, quantity);
      }
    }

    override handleDelta(book: ExactOrderBook, delta: unknown): void {
      const versions = readVersions(delta);
      if (book.nonce === undefined) throw new BadMarketData('a change came before the snapshot');
      if (versions.to <= book.nonce) return;
      if (versions.from > book.nonce + 1) throw new ccxt.ChecksumError('a change of the order book is missing');
      const { asks, bids } = readRecord(delta, 'change');
      this.handleBooksideDelta(book.asks, asks ?? []);
      this.handleBooksideDelta(book.bids, bids ?? []);
      book.nonce = versions.to;
    }

    /** A change for a book that nobody watches at this moment is let pass; ccxt would begin to synchronise a book with it. */
    override handleOrderBook(client: CcxtClient, message: unknown): void {
      const symbol = this.safeSymbol(readRecord(message, 'message').symbol);
      const hash = bookHash(symbol);
      if (!(hash in client.subscriptions)) return;
      super.handleOrderBook(client, message);
      // ccxt rejects the watcher of a broken book but goes on with the book; it has to begin anew.
      if (!(hash in client.subscriptions)) this.orderbooks[symbol] = this.orderBook();
    }

    /** ccxt looks for the symbol where the pace of the channel stands, and keeps the book of a lost connection. */
    override handleOrderBookSubscription(client: CcxtClient, message: unknown): void {
      const { msg } = readRecord(message, 'acknowledgement');
      const symbol = this.safeSymbol(readText(msg, 'channel').split('@').at(-1));
      const hash = bookHash(symbol);
      // The end of a subscription is acknowledged in the same words.
      if (!(hash in client.subscriptions)) return;
      this.orderbooks[symbol] = this.orderBook();
      void this.loadOrderBook(client, hash, symbol);
    }

    override handleSubscriptionStatus(client: CcxtClient, message: unknown): void {
      const { msg } = readRecord(message, 'acknowledgement');
      const [, channels] = typeof msg === 'string' ? (refusal.exec(msg) ?? []) : [];
      if (channels === undefined) {
        super.handleSubscriptionStatus(client, message);
        return;
      }
      for (const channel of channels.split(',')) {
        const hash = this.#hashOf(channel);
        Reflect.deleteProperty(client.subscriptions, hash);
        client.reject(new ccxt.NotSupported(`MEXC refuses ${channel}`), hash);
      }
    }

    /** Where in the cache the changes behind the snapshot begin; -1 where the snapshot is older than all of them. */
    override getCacheIndex(snapshot: unknown, cache: readonly unknown[]): number {
      const { nonce } = readRecord(snapshot, 'snapshot');
      if (typeof nonce !== 'number') return -1;
      const index = cache.findIndex((delta) => readVersions(delta).to > nonce);
      if (index === -1) return cache.length;
      return readVersions(cache[index]).from > nonce + 1 ? -1 : index;
    }

    /**
     * Begins a book with a snapshot and the changes that came meanwhile. ccxt's own asks for 100 levels, behind which the
     * book would have holes, and gives up the connection of all channels where one snapshot fails. Never rejects.
     */
    override async loadOrderBook(client: CcxtClient, messageHash: string, symbol: string): Promise<void> {
      const book = this.orderbooks[symbol];
      if (!(book instanceof ExactOrderBook) || loading.has(book)) return;
      loading.add(book);
      try {
        for (let tries = 0; tries < snapshotTries; tries += 1) {
          const snapshot = await this.fetchOrderBook(symbol, snapshotDepth);
          // Given up in the meantime: another one has taken its place.
          if (this.orderbooks[symbol] !== book) return;
          if (this.#begin(book, snapshot)) {
            client.resolve(book, messageHash);
            return;
          }
        }
        throw new ccxt.NetworkError('the snapshot stays behind the changes');
      } catch (error) {
        if (this.orderbooks[symbol] !== book) return;
        // The next watch call subscribes anew.
        this.orderbooks[symbol] = this.orderBook();
        Reflect.deleteProperty(client.subscriptions, messageHash);
        client.reject(error, messageHash);
      }
    }

    #begin(book: ExactOrderBook, snapshot: unknown): boolean {
      const index = this.getCacheIndex(snapshot, book.cache);
      if (index < 0) return false;
      book.reset(snapshot);
      for (const delta of book.cache.slice(index)) this.handleDelta(book, delta);
      book.cache = [];
      return true;
    }

    /** Trades have no ids; newest first, as they come, those of one millisecond would be told backwards. */
    override parseTrades(trades: unknown, ...rest: readonly unknown[]): unknown {
      return super.parseTrades(readList(trades, 'trades').toReversed(), ...rest);
    }

    /** ccxt waits a turn here: the end of a subscription would be sent after a new beginning of it. */
    override spawn(method: (...args: unknown[]) => Promise<unknown>, ...args: unknown[]) {
      const result = method.apply(this, args);
      // As in ccxt: whoever cares awaits it.
      result.catch(() => undefined);
      return result;
    }

    /** By what ccxt knows the watchers of a channel. */
    #hashOf(channel: string): string {
      const [, kind = '', ...rest] = channel.split('@');
      if (kind.startsWith('public.kline')) {
        const [id, interval] = rest;
        return `candles:${this.safeSymbol(id)}:${this.findTimeframe(interval, this.options.timeframes)}`;
      }
      const symbol = this.safeSymbol(rest.at(-1));
      if (kind.startsWith('public.aggre.depth')) return bookHash(symbol);
      return `${kind.startsWith('public.aggre.deals') ? 'trades' : 'ticker'}:${symbol}`;
    }

    /**
     * ccxt charges the ticker of one market like those of all, 25 of the 20 that it spends a second: a few markets'
     * tickers would hold up every snapshot. Source: MEXC spot v3, 24hr ticker price change statistics.
     */
    override calculateRateLimiterCost(...call: readonly unknown[]): unknown {
      const [, , path, params] = call;
      const isOneTicker = path === 'ticker/24hr' && 'symbol' in readRecord(params, 'parameters');
      return isOneTicker ? 1 : super.calculateRateLimiterCost(...call);
    }

    /** Spot only: swaps live at another address. */
    override fetchSwapMarkets(): Promise<readonly unknown[]> {
      return Promise.resolve([]);
    }
  };
}

function readVersions(delta: unknown): Versions {
  const { fromVersion, toVersion } = readRecord(delta, 'change');
  return { from: readVersion(fromVersion), to: readVersion(toVersion) };
}

function readVersion(value: unknown): number {
  const version = typeof value === 'string' ? Number.parseInt(value, 10) : value;
  if (typeof version !== 'number' || !Number.isSafeInteger(version)) throw new BadMarketData('a change has no version');
  return version;
}
