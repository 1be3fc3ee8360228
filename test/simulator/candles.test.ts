import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { timeframeMs } from '../../src/domain/marketData';
import { addTrade, coarsen, flatCandle, openTimeOf, type UnitCandle } from '../../src/simulator/engine/candle';
import { CandleBook, emptyHistory } from '../../src/simulator/engine/candleBook';
import { parseUnits } from '../../src/simulator/engine/units';
import { describeWith, sharedDataDir } from '../kit/needs';

const trade = (id: number, time: number, priceTicks: number, isBuyerMaker = false) => ({
  id,
  priceTicks,
  lots: 2,
  time,
  isBuyerMaker,
});

describe('candles', () => {
  it('begin a week on Monday', () => {
    expect(new Date(openTimeOf(Date.UTC(2026, 10, 22, 23), timeframeMs.W1)).toUTCString()).toBe(
      'Mon, 16 Nov 2026 00:00:00 GMT',
    );
    expect(new Date(openTimeOf(Date.UTC(2026, 10, 23), timeframeMs.W1)).toUTCString()).toBe(
      'Mon, 23 Nov 2026 00:00:00 GMT',
    );
  });

  it('sum trades with the taker’s side apart', () => {
    const candle = flatCandle(0, 90);
    for (const each of [trade(7, 1, 100), trade(8, 2, 104, true), trade(9, 3, 97)]) addTrade(candle, each);
    expect(candle).toEqual({
      openTime: 0,
      openTicks: 100,
      highTicks: 104,
      lowTicks: 97,
      closeTicks: 97,
      lots: 6,
      cost: 602n,
      takerBuyLots: 4,
      takerBuyCost: 394n,
      tradeCount: 3,
      firstTradeId: 7,
      lastTradeId: 9,
    });
  });

  it('lie flat where nothing trades, and say that nothing did', () => {
    const book = new CandleBook(emptyHistory);
    book.add(trade(1, 30_000, 100));
    book.advance(200_000);
    expect(
      book.all(timeframeMs.M1).map(({ openTime, closeTicks, tradeCount }) => [openTime, closeTicks, tradeCount]),
    ).toEqual([
      [0, 100, 1],
      [60_000, 100, 0],
      [120_000, 100, 0],
      [180_000, 100, 0],
    ]);
    expect(() => book.all(7)).toThrow(RangeError);
  });
});

describeWith('shared-data', 'candles against recorded ones', () => {
  const read = (symbol: string, name: string): UnitCandle[] =>
    gunzipSync(readFileSync(path.join(sharedDataDir, 'ohlcv', `binance-${symbol}-${name}-2018.csv.gz`)))
      .toString('utf8')
      .trim()
      .split('\n')
      .filter((line) => /^\d/.test(line))
      .map((line) => {
        const [time, open, high, low, close, amount] = line.split(',') as [
          string,
          string,
          string,
          string,
          string,
          string,
        ];
        const ticks = (text: string) => parseUnits(Number(text).toFixed(8), 8)!;
        return {
          ...flatCandle(Number(time), ticks(open)),
          highTicks: ticks(high),
          lowTicks: ticks(low),
          closeTicks: ticks(close),
          lots: ticks(amount),
          tradeCount: 1,
        };
      });

  it.each([
    ['BTCUSDT', '1m', '5m', timeframeMs.M5],
    ['BTCUSDT', '5m', '15m', timeframeMs.M15],
    ['BTCUSDT', '15m', '1h', timeframeMs.H1],
    ['BTCUSDT', '1h', '4h', timeframeMs.H4],
    ['BTCUSDT', '4h', '1d', timeframeMs.D1],
    ['ETHUSDT', '1h', '4h', timeframeMs.H4],
  ])('of %s: those of %s give those of %s', (symbol, finerName, coarserName, intervalMs) => {
    const finer = read(symbol, finerName);
    const truth = new Map(read(symbol, coarserName).map((candle) => [candle.openTime, candle]));
    // The first and the last may be cut off in the finer series.
    const common = coarsen(finer, intervalMs)
      .slice(1, -1)
      .filter((candle) => truth.has(candle.openTime));
    expect(common.length).toBeGreaterThan(40);
    for (const { openTime, openTicks, highTicks, lowTicks, closeTicks, lots } of common) {
      expect(truth.get(openTime)).toMatchObject({ openTicks, highTicks, lowTicks, closeTicks });
      expect(Math.abs(truth.get(openTime)!.lots - lots)).toBeLessThan(1000);
    }
  });
});
