import { fundingIntervalMs } from '../../engine/futures/contracts';
import { defaultFundingRate, type Funding } from '../../engine/futures/futuresHouse';
import { formatUnits } from '../../engine/units';
import type { VenueMarket } from '../../engine/venue';
import type { Endpoint } from '../endpoint';
import { toPair } from '../format';
import {
  aggregates,
  bestQuotes,
  choose,
  dayTicker,
  depthWeight,
  eachOf,
  findMarket,
  klines,
  toTrade,
} from '../marketData';
import type { Parameters } from '../parameters';
import { money } from '../trading/orderFormat';
import type { UsdmMarkets } from './usdmApi';
import { usdmExchangeInfo } from './usdmExchangeInfo';

const hourMs = 3_600_000;
/** 0.01 % a day and side, in thirds: what money costs. */
const interestRate = '0.00010000';

/** Public market data over REST. Source: Binance USD-M API, market data endpoints. */
export function usdmMarketDataEndpoints(api: UsdmMarkets): readonly Endpoint[] {
  const { venue } = api;
  const find = (parameters: Parameters): VenueMarket => findMarket(venue, parameters.requiredSymbol());
  const each = (parameters: Parameters, map: (market: VenueMarket) => object): object => eachOf(venue, parameters, map);
  const get = (path: string, weight: Endpoint['weight'], handle: Endpoint['handle']): Endpoint => ({
    method: 'GET',
    path: `/fapi/v1/${path}`,
    weight,
    handle,
  });
  const trades = (parameters: Parameters): object[] => {
    const fromId = parameters.integer('fromId');
    const market = find(parameters);
    const limit = parameters.limit(500, 1000);
    return (fromId === null ? market.recentTrades(limit) : market.tradesFrom(fromId, limit)).map(toTrade);
  };
  return [
    get('ping', 1, () => ({})),
    get('time', 1, () => ({ serverTime: venue.now() })),
    get('exchangeInfo', 1, () =>
      usdmExchangeInfo(
        [...venue.markets.values()].map(({ spec }) => spec),
        venue.now(),
      ),
    ),
    get('depth', depthWeight, (parameters) => depth(find(parameters), parameters.limit(500, 1000))),
    get('trades', 5, trades),
    get('historicalTrades', 20, trades),
    get('aggTrades', 20, (parameters) => aggregates(find(parameters), parameters)),
    get('klines', 5, (parameters) => klines(find(parameters), parameters)),
    get('ticker/24hr', 1, (parameters) => each(parameters, (market) => withoutQuotes(dayTicker(parameters)(market)))),
    get('ticker/price', 1, (parameters) =>
      each(parameters, (market) => ({ symbol: market.spec.id, price: market.day().last, time: market.time() })),
    ),
    get('ticker/bookTicker', 2, (parameters) =>
      each(parameters, (market) => ({
        symbol: market.spec.id,
        ...bestQuotes(market.top()),
        time: market.time(),
        lastUpdateId: market.updateId,
      })),
    ),
    get('premiumIndex', 1, (parameters) => each(parameters, (market) => premiumIndex(api, market))),
    get('fundingRate', 1, (parameters) => fundingRates(api, parameters)),
    get('fundingInfo', 1, () =>
      [...venue.markets.keys()].map((symbol) => ({
        symbol,
        adjustedFundingRateCap: '0.02000000',
        adjustedFundingRateFloor: '-0.02000000',
        fundingIntervalHours: fundingIntervalMs / hourMs,
        disclaimer: false,
      })),
    ),
    get('openInterest', 1, (parameters) => {
      const market = find(parameters);
      return { symbol: market.spec.id, openInterest: market.day().amount, time: market.time() };
    }),
  ];
}

/** GET premiumIndex, and what the stream markPrice is made of. */
export function premiumIndex(api: UsdmMarkets, market: VenueMarket) {
  return {
    symbol: market.spec.id,
    markPrice: api.markPrice(market.spec.id),
    indexPrice: api.indexPrice(market.spec.id),
    estimatedSettlePrice: api.indexPrice(market.spec.id),
    lastFundingRate: money(defaultFundingRate),
    interestRate,
    nextFundingTime: api.nextFundingAt(),
    time: market.time(),
  };
}

/** Futures tell the best quotes in bookTicker alone. */
function withoutQuotes(ticker: object): object {
  const quotes = ['bidPrice', 'bidQty', 'askPrice', 'askQty', 'prevClosePrice'];
  return Object.fromEntries(Object.entries(ticker).filter(([name]) => !quotes.includes(name)));
}

function depth(market: VenueMarket, limit: number): object {
  const { updateId, bids, asks } = market.book(limit);
  const time = market.time();
  return { lastUpdateId: updateId, E: time, T: time, bids: bids.map(toPair), asks: asks.map(toPair) };
}

function fundingRates({ venue, fundings }: UsdmMarkets, parameters: Parameters): object[] {
  const { markets } = choose(venue, parameters);
  const symbols = markets.map(({ spec }) => spec.id);
  const since = parameters.integer('startTime') ?? -Infinity;
  const until = parameters.integer('endTime') ?? Infinity;
  const found = fundings().filter(({ symbol, time }) => symbols.includes(symbol) && time >= since && time <= until);
  const limit = parameters.limit(100, 1000);
  return (since === -Infinity ? found.slice(-limit) : found.slice(0, limit)).map(toFundingRate);
}

function toFundingRate({ symbol, rate, markPrice, time }: Funding): object {
  return { symbol, fundingTime: time, fundingRate: formatUnits(rate, 8), markPrice: money(markPrice) };
}
