import type { DayStatistics, MarketEvent, TopOfBook, Venue, VenueMarket } from '../../engine/venue';
import { fixed8, toPair, zero8 } from '../format';
import { openDepth, openPartialDepth } from './depthStreams';
import { openKlines } from './klineStream';
import type { Close, Emit, Sink } from './stream';
import { parseStreamName } from './streamName';

/** Binance's pace for the statistics of a day. */
const tickerIntervalMs = 1000;

/** Opens a stream by name from a venue's events; null where its market is not listed (Binance stays silent then). */
export function openLiveStream(venue: Venue, name: string, { emit }: Sink): Close | null {
  const request = parseStreamName(name);
  if (request === null) return null;
  if (request.channel === 'allTickers') return openAllTickers(venue, toTicker, emit);
  if (request.channel === 'allMiniTickers') return openAllTickers(venue, toMiniTicker, emit);
  const market = venue.markets.get(request.symbol);
  if (market === undefined) return null;
  switch (request.channel) {
    case 'trade':
    case 'aggTrade':
    case 'bookTicker':
      return openEvents({ market, channel: request.channel, emit });
    case 'ticker':
      return openTicker({ market, toMessage: toTicker, emit });
    case 'miniTicker':
      return openTicker({ market, toMessage: toMiniTicker, emit });
    case 'depth':
      return openDepth({ market, speedMs: request.speedMs, emit });
    case 'partialDepth':
      return openPartialDepth({ market, levels: request.levels, speedMs: request.speedMs, emit });
    case 'kline':
      return openKlines({ market, interval: request.interval, intervalMs: request.intervalMs, emit });
  }
}

function openEvents(options: {
  readonly market: VenueMarket;
  readonly channel: 'trade' | 'aggTrade' | 'bookTicker';
  readonly emit: Emit;
}): Close {
  const { market, channel, emit } = options;
  return market.listen((event) => {
    const message = toEventMessage(market.spec.id, event, market.time());
    if (message !== null && message.channel === channel) emit(JSON.stringify(message.data));
  });
}

function toEventMessage(symbol: string, event: MarketEvent, now: number): { channel: string; data: object } | null {
  switch (event.kind) {
    case 'trade': {
      const { id, price, amount, time, isBuyerMaker } = event.trade;
      const values = { t: id, p: fixed8(price), q: fixed8(amount), T: time, m: isBuyerMaker, M: true };
      return { channel: 'trade', data: { e: 'trade', E: now, s: symbol, ...values } };
    }
    case 'aggregate': {
      const { id, price, amount, firstTradeId, lastTradeId, time, isBuyerMaker } = event.trade;
      const values = { a: id, p: fixed8(price), q: fixed8(amount), f: firstTradeId, l: lastTradeId };
      return {
        channel: 'aggTrade',
        data: { e: 'aggTrade', E: now, s: symbol, ...values, T: time, m: isBuyerMaker, M: true },
      };
    }
    case 'top':
      return { channel: 'bookTicker', data: { u: event.top.updateId, s: symbol, ...toBest(event.top) } };
    case 'level':
      return null;
  }
}

type ToMessage = (market: VenueMarket, day: DayStatistics) => object;

/** Once a second where anything has changed; the first comes in any case. */
export function openTicker(options: {
  readonly market: VenueMarket;
  readonly toMessage: ToMessage;
  readonly emit: Emit;
}): Close {
  const { market, toMessage, emit } = options;
  let isDue = true;
  const unlisten = market.listen((event) => {
    if (event.kind === 'trade' || event.kind === 'top') isDue = true;
  });
  const timer = setInterval(() => {
    if (!isDue) return;
    isDue = false;
    emit(JSON.stringify(toMessage(market, market.day())));
  }, tickerIntervalMs);
  return () => {
    clearInterval(timer);
    unlisten();
  };
}

export function openAllTickers(venue: Venue, toMessage: ToMessage, emit: Emit): Close {
  const changed = new Set<VenueMarket>(venue.markets.values());
  const unlisten = [...venue.markets.values()].map((market) =>
    market.listen((event) => {
      if (event.kind === 'trade') changed.add(market);
    }),
  );
  const timer = setInterval(() => {
    if (changed.size === 0) return;
    const messages = [...changed].map((market) => toMessage(market, market.day()));
    changed.clear();
    emit(JSON.stringify(messages));
  }, tickerIntervalMs);
  return () => {
    clearInterval(timer);
    for (const end of unlisten) end();
  };
}

export function toBest(top: TopOfBook): { b: string; B: string; a: string; A: string } {
  const [b, B] = top.bid === null ? [zero8, zero8] : toPair(top.bid);
  const [a, A] = top.ask === null ? [zero8, zero8] : toPair(top.ask);
  return { b, B, a, A };
}

export function toTicker(market: VenueMarket, day: DayStatistics): object {
  return {
    e: '24hrTicker',
    E: market.time(),
    s: market.spec.id,
    p: fixed8(day.change),
    P: day.changePercent,
    w: fixed8(day.weightedAverage),
    x: fixed8(day.previousClose),
    c: fixed8(day.last),
    Q: fixed8(day.lastAmount),
    ...toBest(market.top()),
    o: fixed8(day.open),
    h: fixed8(day.high),
    l: fixed8(day.low),
    v: fixed8(day.amount),
    q: fixed8(day.cost),
    O: day.openTime,
    C: day.closeTime,
    F: day.firstTradeId,
    L: day.lastTradeId,
    n: day.tradeCount,
  };
}

export function toMiniTicker(market: VenueMarket, day: DayStatistics): object {
  return {
    e: '24hrMiniTicker',
    E: market.time(),
    s: market.spec.id,
    c: fixed8(day.last),
    o: fixed8(day.open),
    h: fixed8(day.high),
    l: fixed8(day.low),
    v: fixed8(day.amount),
    q: fixed8(day.cost),
  };
}
