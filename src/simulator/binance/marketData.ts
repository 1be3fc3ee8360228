import type { AggregateTrade, TopOfBook, Venue, VenueMarket, VenueTrade } from '../engine/venue';
import { BinanceError } from './binanceError';
import { exchangeInfo } from './exchangeInfo';
import { fixed8, toPair, zero8 } from './format';
import { intervalMs } from './intervals';
import type { Endpoint } from './endpoint';
import type { Parameters } from './parameters';

/** Public market data over REST. Source: Binance spot API, market data endpoints. */
export function marketDataEndpoints(venue: Venue): readonly Endpoint[] {
  const find = (parameters: Parameters): VenueMarket => findMarket(venue, parameters.requiredSymbol());
  const get = (path: string, weight: Endpoint['weight'], handle: Endpoint['handle']): Endpoint => ({
    method: 'GET',
    path: `/api/v3/${path}`,
    weight,
    handle,
  });
  return [
    get('ping', 1, () => ({})),
    get('time', 1, () => ({ serverTime: venue.now() })),
    get('exchangeInfo', 20, (parameters) => {
      const chosen = choose(venue, parameters);
      return exchangeInfo(
        chosen.markets.map((market) => market.spec),
        venue.now(),
      );
    }),
    get('depth', depthWeight, (parameters) => depth(find(parameters), parameters.limit(100, 5000))),
    get('trades', 25, (parameters) => find(parameters).recentTrades(parameters.limit(500, 1000)).map(toTrade)),
    get('historicalTrades', 25, (parameters) => {
      const market = find(parameters);
      const limit = parameters.limit(500, 1000);
      const fromId = parameters.integer('fromId');
      return (fromId === null ? market.recentTrades(limit) : market.tradesFrom(fromId, limit)).map(toTrade);
    }),
    get('aggTrades', 4, (parameters) => aggregates(find(parameters), parameters)),
    get('klines', 2, (parameters) => klines(find(parameters), parameters)),
    get('uiKlines', 2, (parameters) => klines(find(parameters), parameters)),
    get('avgPrice', 2, (parameters) => averagePrice(find(parameters))),
    get('ticker/24hr', tickerWeight(2, 80), (parameters) => eachOf(venue, parameters, dayTicker(parameters))),
    get('ticker/price', tickerWeight(2, 4), (parameters) =>
      eachOf(venue, parameters, (market) => ({ symbol: market.spec.id, price: fixed8(market.day().last) })),
    ),
    get('ticker/bookTicker', tickerWeight(2, 4), (parameters) =>
      eachOf(venue, parameters, (market) => ({ symbol: market.spec.id, ...bestQuotes(market.top()) })),
    ),
  ];
}

/** Throws -1121 for a symbol that is not listed. */
export function findMarket<M extends VenueMarket>(venue: { readonly markets: ReadonlyMap<string, M> }, id: string): M {
  const market = venue.markets.get(id);
  if (market === undefined) throw BinanceError.invalidSymbol();
  return market;
}

export function choose(venue: Venue, parameters: Parameters): { markets: readonly VenueMarket[]; isSingle: boolean } {
  const symbol = parameters.symbol();
  const symbols = parameters.symbols();
  if (symbol !== null && symbols !== null) {
    throw new BinanceError(-1128, 'Combination of optional parameters invalid.');
  }
  if (symbol !== null) return { markets: [findMarket(venue, symbol)], isSingle: true };
  const markets = symbols === null ? [...venue.markets.values()] : symbols.map((id) => findMarket(venue, id));
  return { markets, isSingle: false };
}

/** One object for `symbol`, else a list. */
export function eachOf(venue: Venue, parameters: Parameters, map: (market: VenueMarket) => object): object {
  const { markets, isSingle } = choose(venue, parameters);
  const mapped = markets.map(map);
  return isSingle ? (mapped[0] ?? {}) : mapped;
}

function tickerWeight(one: number, all: number): (parameters: Parameters) => number {
  return (parameters) => (parameters.text('symbol') === null && parameters.text('symbols') === null ? all : one);
}

export function depthWeight(parameters: Parameters): number {
  const limit = parameters.limit(100, 5000);
  if (limit <= 100) return 5;
  if (limit <= 500) return 25;
  return limit <= 1000 ? 50 : 250;
}

function depth(market: VenueMarket, limit: number): object {
  const book = market.book(limit);
  return { lastUpdateId: book.updateId, bids: book.bids.map(toPair), asks: book.asks.map(toPair) };
}

export function toTrade(trade: VenueTrade): object {
  return {
    id: trade.id,
    price: fixed8(trade.price),
    qty: fixed8(trade.amount),
    quoteQty: fixed8(trade.cost),
    time: trade.time,
    isBuyerMaker: trade.isBuyerMaker,
    isBestMatch: true,
  };
}

export function aggregates(market: VenueMarket, parameters: Parameters): object[] {
  const limit = parameters.limit(500, 1000);
  const query = {
    fromId: parameters.integer('fromId'),
    since: parameters.integer('startTime'),
    until: parameters.integer('endTime'),
  };
  const isOpen = query.fromId === null && query.since === null && query.until === null;
  const found = isOpen ? market.recentAggregates(limit) : market.aggregates({ ...query, limit });
  return found.map(toAggregate);
}

function toAggregate(trade: AggregateTrade): object {
  return {
    a: trade.id,
    p: fixed8(trade.price),
    q: fixed8(trade.amount),
    f: trade.firstTradeId,
    l: trade.lastTradeId,
    T: trade.time,
    m: trade.isBuyerMaker,
    M: true,
  };
}

export function klines(market: VenueMarket, parameters: Parameters): unknown[][] {
  const candles = market.candles({
    intervalMs: intervalMs(parameters.requiredText('interval')),
    since: parameters.integer('startTime'),
    until: parameters.integer('endTime'),
    limit: parameters.limit(500, 1000),
  });
  return candles.map((candle) => [
    candle.openTime,
    fixed8(candle.open),
    fixed8(candle.high),
    fixed8(candle.low),
    fixed8(candle.close),
    fixed8(candle.amount),
    candle.closeTime,
    fixed8(candle.cost),
    candle.tradeCount,
    fixed8(candle.takerBuyAmount),
    fixed8(candle.takerBuyCost),
    '0',
  ]);
}

function averagePrice(market: VenueMarket): object {
  return { mins: 5, price: fixed8(market.averagePrice()), closeTime: market.time() };
}

export function bestQuotes(top: TopOfBook): object {
  const [bidPrice, bidQty] = top.bid === null ? [zero8, zero8] : toPair(top.bid);
  const [askPrice, askQty] = top.ask === null ? [zero8, zero8] : toPair(top.ask);
  return { bidPrice, bidQty, askPrice, askQty };
}

export function dayTicker(parameters: Parameters): (market: VenueMarket) => object {
  const isMini = (parameters.text('type') ?? 'FULL') === 'MINI';
  return (market) => {
    const day = market.day();
    const range = {
      openPrice: fixed8(day.open),
      highPrice: fixed8(day.high),
      lowPrice: fixed8(day.low),
      volume: fixed8(day.amount),
      quoteVolume: fixed8(day.cost),
      openTime: day.openTime,
      closeTime: day.closeTime,
      firstId: day.firstTradeId,
      lastId: day.lastTradeId,
      count: day.tradeCount,
    };
    if (isMini) return { symbol: market.spec.id, lastPrice: fixed8(day.last), ...range };
    return {
      symbol: market.spec.id,
      priceChange: fixed8(day.change),
      priceChangePercent: day.changePercent,
      weightedAvgPrice: fixed8(day.weightedAverage),
      prevClosePrice: fixed8(day.previousClose),
      lastPrice: fixed8(day.last),
      lastQty: fixed8(day.lastAmount),
      ...bestQuotes(market.top()),
      ...range,
    };
  };
}
