import { timeframeMs } from '../../src/domain/marketData';
import { candleIntervalsMs } from '../../src/simulator/engine/candleBook';
import { syntheticMarkets } from '../../src/simulator/engine/marketSpec';
import { createSyntheticVenue } from '../../src/simulator/engine/syntheticVenue';
import { parseBigUnits } from '../../src/simulator/engine/units';
import type { VenueCandle, VenueMarket } from '../../src/simulator/engine/venue';

const now = Date.UTC(2026, 4, 20, 13, 37, 21, 450);
const all = { since: null, until: null, limit: 100_000 };

function build(seed: string, offered = syntheticMarkets, time = now) {
  return createSyntheticVenue({ markets: offered, seed, ratePerSecond: 10, quietMarkets: [], now: () => time });
}

function units(text: string): bigint {
  return parseBigUnits(text, 8);
}

describe('the synthetic venue', () => {
  const venue = build(
    'a seed',
    syntheticMarkets.filter(({ spec }) => ['BTCUSDT', 'DOGEUSDT', 'ETHBTC'].includes(spec.id)),
  );
  const markets: VenueMarket[] = [...venue.markets.values()];

  it('offers at least six markets whose every cost is exact in eight decimals', () => {
    expect(syntheticMarkets.length).toBeGreaterThanOrEqual(6);
    for (const { spec } of syntheticMarkets) expect(spec.priceDecimals + spec.amountDecimals).toBeLessThanOrEqual(8);
  });

  it('is the same market for the same seed and another for another', () => {
    const snapshot = (seed: string): string =>
      JSON.stringify(
        [...build(seed, syntheticMarkets.slice(0, 1)).markets.values()].map((market) => [
          market.book(50),
          market.recentTrades(500),
          market.day(),
        ]),
      );
    expect(snapshot('a seed')).toBe(snapshot('a seed'));
    expect(snapshot('a seed')).not.toBe(snapshot('another seed'));
  });

  it('has a past of at least a thousand candles of a minute, five minutes and an hour, without a hole', () => {
    for (const market of markets) {
      for (const intervalMs of candleIntervalsMs) {
        const candles = market.candles({ intervalMs, ...all });
        if ([timeframeMs.M1, timeframeMs.M5, timeframeMs.H1].includes(intervalMs)) {
          expect(candles.length).toBeGreaterThanOrEqual(1000);
        }
        const steps = new Set(candles.slice(1).map((candle, i) => candle.openTime - candles[i]!.openTime));
        expect([...steps]).toEqual([intervalMs]);
      }
    }
  });

  it('sums every coarser candle from the finer ones', () => {
    for (const market of markets.slice(0, 2)) {
      for (const intervalMs of candleIntervalsMs.filter((length) => length > timeframeMs.M1)) {
        const finerMs =
          intervalMs <= timeframeMs.H1
            ? timeframeMs.M1
            : intervalMs <= timeframeMs.D1
              ? timeframeMs.H1
              : timeframeMs.D1;
        const finer = market.candles({ intervalMs: finerMs, ...all });
        const from = finer[0]!.openTime;
        const coarser = market.candles({ intervalMs, ...all }).filter((candle) => candle.openTime >= from);
        expect(coarser.length).toBeGreaterThan(2);
        let start = 0;
        for (const candle of coarser) {
          let end = start;
          while (end < finer.length && finer[end]!.openTime <= candle.closeTime) end += 1;
          expectSum(candle, finer.slice(start, end));
          start = end;
        }
      }
    }
  });

  it('makes the candles of the last minutes from the very trades it tells', () => {
    for (const market of markets) {
      const trades = market.recentTrades(5000);
      expect(trades.length).toBeGreaterThan(500);
      const [last] = market.candles({ intervalMs: timeframeMs.M1, since: null, until: null, limit: 3 });
      const own = trades.filter((trade) => trade.time >= last!.openTime && trade.time <= last!.closeTime);
      expect(own.map((trade) => trade.price).at(0)).toBe(last!.open);
      expect(own.map((trade) => trade.price).at(-1)).toBe(last!.close);
      expect(own.length).toBe(last!.tradeCount);
      expect(own.reduce((sum, trade) => sum + units(trade.amount), 0n)).toBe(units(last!.amount));
      expect(own.reduce((sum, trade) => sum + units(trade.cost), 0n)).toBe(units(last!.cost));
    }
  });

  it('numbers trades without a gap, through history and into the live market', () => {
    for (const market of markets) {
      const ids = market.recentTrades(5000).map((trade) => trade.id);
      expect(ids.at(-1)! - ids[0]!).toBe(ids.length - 1);
      const candles = market.candles({ intervalMs: timeframeMs.M1, ...all }).filter((candle) => candle.tradeCount > 0);
      const breaks = candles.slice(1).filter((candle, i) => candle.firstTradeId !== candles[i]!.lastTradeId + 1);
      expect(breaks).toEqual([]);
      expect(market.day().lastTradeId).toBe(ids.at(-1));
    }
  });

  it('goes on above its former ids when it is started again', () => {
    const [entry] = syntheticMarkets;
    const [before, after] = [now, now + 1000].map((time) =>
      build('a seed', [entry!], time).markets.get(entry!.spec.id)!,
    );
    expect(after!.recentTrades(5000)[0]!.id).toBeGreaterThan(before!.recentTrades(1)[0]!.id);
    expect(after!.updateId).toBeGreaterThan(before!.updateId);
  });

  it('tells a day that agrees with its candles, its trades and its book', () => {
    for (const market of markets) {
      const day = market.day();
      const minutes = market.candles({
        intervalMs: timeframeMs.M1,
        since: now - timeframeMs.D1 + 1,
        until: null,
        limit: 2000,
      });
      expect(day.last).toBe(market.recentTrades(1)[0]!.price);
      expect(units(day.amount)).toBe(minutes.reduce((sum, candle) => sum + units(candle.amount), 0n));
      expect(units(day.high)).toBe(minutes.map((candle) => units(candle.high)).reduce((a, b) => (a > b ? a : b)));
      expect(units(day.low)).toBe(minutes.map((candle) => units(candle.low)).reduce((a, b) => (a < b ? a : b)));
      expect(day.open).toBe(minutes[0]!.open);
      const { bids, asks } = market.book(5000);
      expect(units(bids[0]!.price) < units(asks[0]!.price)).toBe(true);
      expect(market.top()).toMatchObject({ bid: bids[0], ask: asks[0] });
      expect(Math.min(bids.length, asks.length)).toBeGreaterThan(20);
    }
  });
});

function expectSum(candle: VenueCandle, parts: readonly VenueCandle[]): void {
  const total = (of: (part: VenueCandle) => string): bigint => parts.reduce((sum, part) => sum + units(of(part)), 0n);
  const extreme = (of: (part: VenueCandle) => string, isBetter: (a: bigint, b: bigint) => boolean): bigint =>
    parts.map((part) => units(of(part))).reduce((a, b) => (isBetter(a, b) ? a : b));
  expect({
    open: candle.open,
    close: candle.close,
    high: units(candle.high),
    low: units(candle.low),
    amount: units(candle.amount),
    cost: units(candle.cost),
    takerBuyAmount: units(candle.takerBuyAmount),
    tradeCount: candle.tradeCount,
  }).toEqual({
    open: parts[0]!.open,
    close: parts.at(-1)!.close,
    high: extreme(
      (part) => part.high,
      (a, b) => a > b,
    ),
    low: extreme(
      (part) => part.low,
      (a, b) => a < b,
    ),
    amount: total((part) => part.amount),
    cost: total((part) => part.cost),
    takerBuyAmount: total((part) => part.takerBuyAmount),
    tradeCount: parts.reduce((sum, part) => sum + part.tradeCount, 0),
  });
}
