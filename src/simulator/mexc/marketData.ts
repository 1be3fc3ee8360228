import { Decimal } from '../../domain/decimal';
import type { AggregateTrade, DayStatistics, Quote, TopOfBook, Venue, VenueMarket, VenueTrade } from '../engine/venue';
import type { Endpoint } from './endpoint';
import { exchangeInfo } from './exchangeInfo';
import { restIntervalMs } from './intervals';
import { MexcError } from './mexcError';
import type { Parameters } from './parameters';

/** Public market data over REST. Source: MEXC spot v3, market data endpoints. */
export function marketDataEndpoints(venue: Venue): readonly Endpoint[] {
  const find = (parameters: Parameters): VenueMarket => findMarket(venue, parameters.requiredText('symbol'));
  const get = (path: string, weight: Endpoint['weight'], handle: Endpoint['handle']): Endpoint => ({
    method: 'GET',
    path: `/api/v3/${path}`,
    weight,
    handle,
  });
  return [
    get('ping', 1, () => ({})),
    get('time', 1, () => ({ serverTime: venue.now() })),
    get('defaultSymbols', 1, () => ({
      data: [...venue.markets.keys()],
      code: 0,
      msg: 'success',
      timestamp: venue.now(),
    })),
    get('exchangeInfo', 10, (parameters) => {
      const { markets } = choose(venue, parameters);
      return exchangeInfo(
        markets.map((market) => market.spec),
        venue.now(),
      );
    }),
    get('depth', 1, (parameters) => depth(find(parameters), parameters.limit(100, 5000))),
    get('trades', 5, (parameters) => newestFirst(find(parameters).recentTrades(parameters.limit(500, 1000)), toTrade)),
    get('aggTrades', 1, (parameters) => newestFirst(aggregates(find(parameters), parameters), toAggregate)),
    get('klines', 1, (parameters) => klines(find(parameters), parameters)),
    get('avgPrice', 1, (parameters) => ({ mins: 5, price: find(parameters).averagePrice() })),
    get('ticker/24hr', tickerWeight(1, 40), (parameters) => eachOf(venue, parameters, toDayTicker)),
    get('ticker/price', tickerWeight(1, 2), (parameters) =>
      eachOf(venue, parameters, (market) => ({ symbol: market.spec.id, price: market.day().last })),
    ),
    get('ticker/bookTicker', 1, (parameters) =>
      eachOf(venue, parameters, (market) => ({ symbol: market.spec.id, ...bestQuotes(market.top()) })),
    ),
    // ccxt asks for the contracts whenever it loads the markets; there are none here.
    {
      method: 'GET',
      path: '/api/v1/contract/detail',
      weight: 1,
      handle: () => ({ success: true, code: 0, data: [] }),
    },
  ];
}

/** Throws -1121 for a symbol that is not listed. */
export function findMarket<M extends VenueMarket>(venue: { readonly markets: ReadonlyMap<string, M> }, id: string): M {
  const market = venue.markets.get(id);
  if (market === undefined) throw MexcError.invalidSymbol();
  return market;
}

/** `symbol` for one, `symbols` for a comma list, neither for all. */
function choose(venue: Venue, parameters: Parameters): { readonly markets: VenueMarket[]; readonly isSingle: boolean } {
  const symbol = parameters.text('symbol');
  if (symbol !== null) return { markets: [findMarket(venue, symbol)], isSingle: true };
  const symbols = parameters.text('symbols')?.split(',');
  const markets = symbols?.map((id) => findMarket(venue, id)) ?? [...venue.markets.values()];
  return { markets, isSingle: false };
}

/** One object for `symbol`, else a list. */
function eachOf(venue: Venue, parameters: Parameters, map: (market: VenueMarket) => object): object {
  const { markets, isSingle } = choose(venue, parameters);
  const mapped = markets.map(map);
  return isSingle ? (mapped[0] ?? {}) : mapped;
}

function tickerWeight(one: number, all: number): (parameters: Parameters) => number {
  return (parameters) => (parameters.text('symbol') === null ? all : one);
}

function depth(market: VenueMarket, limit: number): object {
  const { updateId, bids, asks } = market.book(limit);
  return { lastUpdateId: updateId, bids: bids.map(toPair), asks: asks.map(toPair), timestamp: market.time() };
}

function toPair({ price, amount }: Quote): [string, string] {
  return [price, amount];
}

function newestFirst<T>(trades: readonly T[], map: (trade: T) => object): object[] {
  return trades.map(map).reverse();
}

/** MEXC tells no ids of public trades. */
function toTrade(trade: VenueTrade): object {
  const { price, amount, cost, time, isBuyerMaker } = trade;
  const tradeType = isBuyerMaker ? 'ASK' : 'BID';
  return { id: null, price, qty: amount, quoteQty: cost, time, isBuyerMaker, isBestMatch: true, tradeType };
}

function aggregates(market: VenueMarket, parameters: Parameters): readonly AggregateTrade[] {
  const limit = parameters.limit(500, 1000);
  const since = parameters.integer('startTime');
  const until = parameters.integer('endTime');
  if (since === null && until === null) return market.recentAggregates(limit);
  return market.aggregates({ fromId: null, since, until, limit });
}

function toAggregate({ price, amount, time, isBuyerMaker }: AggregateTrade): object {
  return { a: null, f: null, l: null, p: price, q: amount, T: time, m: isBuyerMaker, M: true };
}

function klines(market: VenueMarket, parameters: Parameters): unknown[][] {
  const candles = market.candles({
    intervalMs: restIntervalMs(parameters.requiredText('interval')),
    since: parameters.integer('startTime'),
    until: parameters.integer('endTime'),
    limit: parameters.limit(500, 1000),
  });
  return candles.map(({ openTime, open, high, low, close, amount, closeTime, cost }) => [
    openTime,
    open,
    high,
    low,
    close,
    amount,
    // Here the end of a candle is the beginning of the next.
    closeTime + 1,
    cost,
  ]);
}

function bestQuotes({ bid, ask }: TopOfBook): object {
  return {
    bidPrice: bid?.price ?? '',
    bidQty: bid?.amount ?? '',
    askPrice: ask?.price ?? '',
    askQty: ask?.amount ?? '',
  };
}

function toDayTicker(market: VenueMarket): object {
  const day = market.day();
  return {
    symbol: market.spec.id,
    priceChange: day.change,
    priceChangePercent: changeRate(day),
    prevClosePrice: day.previousClose,
    lastPrice: day.last,
    ...bestQuotes(market.top()),
    openPrice: day.open,
    highPrice: day.high,
    lowPrice: day.low,
    volume: day.amount,
    quoteVolume: day.cost,
    openTime: day.openTime,
    closeTime: day.closeTime,
    count: null,
  };
}

/** In spite of "percent" in its name a plain ratio: "0.0040" is 0.4 %. */
export function changeRate(day: DayStatistics): string {
  const open = new Decimal(day.open);
  return open.isZero() ? '0' : new Decimal(day.change).div(open).toFixed(4);
}
