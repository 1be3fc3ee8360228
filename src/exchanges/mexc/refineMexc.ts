import type { CcxtBookHooks, CcxtClass, CcxtClient, CcxtExchange, CcxtHooks, CcxtModule } from '../ccxtTypes';
import { BadMarketData } from '../badMarketData';
import { exactBooks } from '../exactBooks';
import type { ExactOrderBook } from '../exactOrderBook';
import type { ExactBookSide } from '../exactBookSide';
import { readList, readRecord } from '../readNumbers';

/** The handlers of ccxt's mexc class that are overridden here. */
interface MexcHandlers extends CcxtExchange, CcxtHooks, CcxtBookHooks {
  handleBooksideDelta(side: ExactBookSide, levels: unknown): void;
  handleDelta(book: ExactOrderBook, delta: unknown): void;
  handleOrderBook(client: CcxtClient, message: unknown): void;
  getCacheIndex(snapshot: unknown, cache: readonly unknown[]): number;
  loadOrderBook(client: CcxtClient, ...rest: readonly unknown[]): Promise<void>;
  fetchSwapMarkets(): Promise<readonly unknown[]>;
  safeSymbol(id: unknown): string;
}

interface Versions {
  readonly from: number;
  readonly to: number;
}

/**
 * ccxt's mexc class keeps books as floats and applies changes without looking whether one is missing.
 * Each change carries fromVersion and toVersion; the next one begins where the last has ended.
 * Source: MEXC spot v3, "How to properly maintain a local copy of the order book".
 */
export function refineMexc(base: CcxtClass, ccxt: CcxtModule): CcxtClass {
  const parent = exactBooks(base) as CcxtClass<MexcHandlers>;
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

    /** ccxt rejects the watcher of a broken book but goes on with the book; it has to begin anew. */
    override handleOrderBook(client: CcxtClient, message: unknown): void {
      const symbol = this.safeSymbol(readRecord(message, 'message').symbol);
      const hash = `orderbook:${symbol}`;
      const wasSubscribed = hash in client.subscriptions;
      super.handleOrderBook(client, message);
      if (wasSubscribed && !(hash in client.subscriptions)) this.orderbooks[symbol] = this.orderBook();
    }

    /** Where in the cache the changes behind the snapshot begin; -1 where the snapshot is older than all of them. */
    override getCacheIndex(snapshot: unknown, cache: readonly unknown[]): number {
      const { nonce } = readRecord(snapshot, 'snapshot');
      if (typeof nonce !== 'number') return -1;
      const index = cache.findIndex((delta) => readVersions(delta).to > nonce);
      if (index === -1) return cache.length;
      return readVersions(cache[index]).from > nonce + 1 ? -1 : index;
    }

    /** On failure ccxt forgets the connection without closing it. */
    override async loadOrderBook(client: CcxtClient, ...rest: readonly unknown[]): Promise<void> {
      await super.loadOrderBook(client, ...rest);
      if (this.clients[client.url] !== client) client.connection?.terminate();
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
