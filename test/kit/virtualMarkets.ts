import { toMarketId } from '../../src/domain/market';
import { ExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import type { MarketStreams } from '../../src/streams/marketStreams';
import { FakeExchange, makeBook, makeCandle, makeTicker, makeTrade } from './fakeExchange';
import { startMarketPath, type MarketPath } from './marketPath';

/** The streams over an exchange that tells what the test says, when the test says so: time stands until it is moved. */
export class VirtualMarkets {
  readonly exchange: FakeExchange;
  readonly path: MarketPath;

  constructor() {
    jest.useFakeTimers({ now: 1_000_000 });
    this.exchange = new FakeExchange();
    this.path = startMarketPath(new ExchangeRegistry([this.exchange]));
  }

  get streams(): MarketStreams {
    return this.path.streams;
  }

  tellTicker(last: string, symbol = 'BTC/USDT'): void {
    this.exchange.upstream('ticker', symbol).tell({ type: 'ticker', ticker: makeTicker('fake', { symbol, last }) });
  }

  tellTrades(ids: readonly number[], { symbol = 'BTC/USDT', isComplete = true } = {}): void {
    const trades = ids.map((id) => makeTrade('fake', id, symbol));
    this.exchange.upstream('trades', symbol).tell({ type: 'trades', trades, isComplete });
  }

  tellBook(nonce: string, bids: readonly (readonly [price: string, amount: string])[]): void {
    const book = makeBook('fake', { bids, asks: [['20', '1']], nonce });
    this.exchange.upstream('orderBook').tell({ type: 'orderBook', book });
  }

  tellCandle(openTime: number, close: string, closed = false): void {
    const marketId = toMarketId('fake', 'BTC/USDT');
    const candle = makeCandle(openTime, close, closed);
    const update = { marketId, timeframe: 'M1', candle, exchangeTime: null, receivedTime: 1 } as const;
    this.exchange.upstream('candles').tell({ type: 'candle', update });
  }

  lose(kind: Parameters<FakeExchange['upstream']>[0], symbol = 'BTC/USDT'): void {
    this.exchange.upstream(kind, symbol).tell({ type: 'disconnected' });
  }

  async stop(): Promise<void> {
    await this.path.stop();
    jest.useRealTimers();
  }
}

/** The numbers from the first to the last. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The next event of a stream that goes on. */
export async function take<Event>(stream: AsyncIterator<Event, undefined>): Promise<Event> {
  const { value } = await stream.next();
  if (value === undefined) throw new Error('the stream has ended');
  return value;
}
