import { compareDecimals } from '../domain/compareDecimals';
import type { MarketId } from '../domain/market';
import type { OrderBook, PriceLevel } from '../domain/marketData';
import { BadMarketData } from './badMarketData';
import { ExactOrderBook } from './exactOrderBook';
import { optional, readAmount, readList, readPrice, readRecord, readText, readTime } from './readNumbers';

export interface BookReading {
  readonly marketId: MarketId;
  /** Levels a side at most. */
  readonly depth: number;
  readonly receivedTime: number;
}

/**
 * Copies ccxt's book, live or from REST, before anything else can change it. Throws BadMarketData where it is crossed:
 * a bid at or above an ask is a book that missed something.
 */
export function readOrderBook(value: unknown, reading: BookReading): OrderBook {
  const raw = value instanceof ExactOrderBook ? value : readRecord(value, 'order book');
  const bids = readSide(value, 'bids', reading.depth);
  const asks = readSide(value, 'asks', reading.depth);
  const bestBid = bids[0];
  const bestAsk = asks[0];
  if (bestBid !== undefined && bestAsk !== undefined && compareDecimals(bestBid.price, bestAsk.price) >= 0) {
    throw new BadMarketData(`book is crossed: bid ${bestBid.price}, ask ${bestAsk.price}`);
  }
  return {
    marketId: reading.marketId,
    bids,
    asks,
    nonce: optional(raw.nonce, (present) => readText(present, 'update id')),
    exchangeTime: optional(raw.timestamp, (present) => readTime(present)),
    receivedTime: reading.receivedTime,
  };
}

function readSide(book: unknown, side: 'bids' | 'asks', depth: number): readonly PriceLevel[] {
  if (book instanceof ExactOrderBook) return book[side].top(depth);
  const levels: PriceLevel[] = readList(readRecord(book, 'order book')[side], side).map((row) => {
    const [price, amount] = readList(row, 'level');
    return { price: readPrice(price), amount: readAmount(amount) };
  });
  // With `number: String`, ccxt sorts the prices of a REST book as text ("9" above "10").
  levels.sort((a, b) => (side === 'bids' ? compareDecimals(b.price, a.price) : compareDecimals(a.price, b.price)));
  return levels.filter((level) => level.amount !== '0').slice(0, depth);
}
