import type { DayStatistics, MarketEvent, VenueLevel, VenueMarket } from '../../engine/venue';
import { openKlines } from '../streams/klineStream';
import { openAllTickers, openTicker, toBest, toMiniTicker, toTicker } from '../streams/marketStreams';
import type { Close, Emit, Sink } from '../streams/stream';
import type { UsdmMarkets } from './usdmApi';
import { premiumIndex } from './usdmMarketData';
import { parseUsdmStream } from './usdmStreamName';

/** As fast as it gets: the levels that change within one turn of the event loop still come together. */
const immediateMs = 1;

/** Opens a stream by name; null where its contract is not listed. */
export function openUsdmStream(api: UsdmMarkets, name: string, { emit }: Sink): Close | null {
  const request = parseUsdmStream(name);
  if (request === null) return null;
  if (request.channel === 'allTickers') return openAllTickers(api.venue, toQuotelessTicker, emit);
  if (request.channel === 'allMiniTickers') return openAllTickers(api.venue, toMiniTicker, emit);
  const market = api.venue.markets.get(request.symbol);
  if (market === undefined) return null;
  switch (request.channel) {
    case 'trade':
    case 'aggTrade':
    case 'bookTicker':
      return openEvents({ market, channel: request.channel, emit });
    case 'ticker':
      return openTicker({ market, toMessage: toQuotelessTicker, emit });
    case 'miniTicker':
      return openTicker({ market, toMessage: toMiniTicker, emit });
    case 'depth':
      return request.levels === null
        ? openUpdates({ market, speedMs: request.speedMs, emit })
        : openLevels({ market, levels: request.levels, speedMs: request.speedMs, emit });
    case 'kline':
      return openKlines({ market, interval: request.interval, intervalMs: request.intervalMs, emit });
    case 'markPrice':
      return openMarkPrice(api, { market, speedMs: request.speedMs, emit });
  }
}

/** Futures tell the best quotes in bookTicker alone. */
function toQuotelessTicker(market: VenueMarket, day: DayStatistics): object {
  const quotes = ['b', 'B', 'a', 'A', 'x'];
  return Object.fromEntries(Object.entries(toTicker(market, day)).filter(([name]) => !quotes.includes(name)));
}

function openEvents(options: {
  readonly market: VenueMarket;
  readonly channel: 'trade' | 'aggTrade' | 'bookTicker';
  readonly emit: Emit;
}): Close {
  const { market, channel, emit } = options;
  return market.listen((event) => {
    const message = toMessage(market.spec.id, event, market.time());
    if (message?.e === channel) emit(JSON.stringify(message));
  });
}

function toMessage(symbol: string, event: MarketEvent, now: number): { readonly e: string } | null {
  const head = { E: now, s: symbol };
  switch (event.kind) {
    case 'trade': {
      const { id, price, amount, time, isBuyerMaker } = event.trade;
      return { e: 'trade', ...head, ...{ T: time, t: id, p: price, q: amount, X: 'MARKET', m: isBuyerMaker } };
    }
    case 'aggregate': {
      const { id, price, amount, firstTradeId, lastTradeId, time, isBuyerMaker } = event.trade;
      const values = { a: id, p: price, q: amount, f: firstTradeId, l: lastTradeId, T: time, m: isBuyerMaker };
      return { e: 'aggTrade', ...head, ...values };
    }
    case 'top':
      return { e: 'bookTicker', ...head, ...{ u: event.top.updateId, T: now, ...toBest(event.top) } };
    case 'level':
      return null;
  }
}

/** The changed levels of each window of time. `pu` is the `u` of the message before: by it a gap is seen. */
function openUpdates(options: { readonly market: VenueMarket; readonly speedMs: number; readonly emit: Emit }): Close {
  const { market, speedMs, emit } = options;
  const changed = new Map<string, VenueLevel>();
  let sentId = market.updateId;
  const unlisten = market.listen((event) => {
    if (event.kind === 'level') changed.set(`${event.level.side}${event.level.price}`, event.level);
  });
  const timer = setInterval(
    () => {
      if (changed.size === 0) return;
      const levels = [...changed.values()];
      changed.clear();
      const side = (name: VenueLevel['side']): [string, string][] =>
        levels.filter((level) => level.side === name).map(({ price, amount }) => [price, amount]);
      const time = market.time();
      const [U, u, pu] = [sentId + 1, market.updateId, sentId];
      const event = {
        e: 'depthUpdate',
        E: time,
        T: time,
        s: market.spec.id,
        U,
        u,
        pu,
        b: side('BUY'),
        a: side('SELL'),
      };
      emit(JSON.stringify(event));
      sentId = u;
    },
    Math.max(speedMs, immediateMs),
  );
  return () => {
    clearInterval(timer);
    unlisten();
  };
}

/** The best levels, whole, wherever they may have changed. */
function openLevels(options: {
  readonly market: VenueMarket;
  readonly levels: number;
  readonly speedMs: number;
  readonly emit: Emit;
}): Close {
  const { market, levels, speedMs, emit } = options;
  let sentId = -1;
  const timer = setInterval(
    () => {
      if (market.updateId === sentId) return;
      const { updateId, bids, asks } = market.book(levels);
      const time = market.time();
      const ids = { U: sentId + 1, u: updateId, pu: sentId };
      const sides = {
        b: bids.map(({ price, amount }) => [price, amount]),
        a: asks.map(({ price, amount }) => [price, amount]),
      };
      emit(JSON.stringify({ e: 'depthUpdate', E: time, T: time, s: market.spec.id, ...ids, ...sides }));
      sentId = updateId;
    },
    Math.max(speedMs, immediateMs),
  );
  return () => {
    clearInterval(timer);
  };
}

function openMarkPrice(
  api: UsdmMarkets,
  options: { readonly market: VenueMarket; readonly speedMs: number; readonly emit: Emit },
): Close {
  const { market, speedMs, emit } = options;
  const timer = setInterval(() => {
    const index = premiumIndex(api, market);
    const values = { p: index.markPrice, i: index.indexPrice, P: index.estimatedSettlePrice };
    const funding = { r: index.lastFundingRate, T: index.nextFundingTime };
    emit(JSON.stringify({ e: 'markPriceUpdate', E: market.time(), s: market.spec.id, ...values, ...funding }));
  }, speedMs);
  return () => {
    clearInterval(timer);
  };
}
