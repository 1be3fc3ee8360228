import { toDecimalString } from '../../src/domain/decimal';
import type { Candle } from '../../src/domain/marketData';
import { CandleSequence } from '../../src/exchanges/candleSequence';

const candle = (openTime: number, close: string, closed = false): Candle => {
  const price = toDecimalString(close);
  return { openTime, open: price, high: price, low: price, close: price, volume: price, closed };
};

describe('the sequence of candles', () => {
  it('says that a candle is closed when the next one begins', () => {
    const sequence = new CandleSequence();
    sequence.live(candle(1, '10'));
    sequence.live(candle(1, '11'));
    expect(sequence.live(candle(2, '12'))).toEqual([candle(1, '11', true), candle(2, '12')]);
  });

  it("takes the exchange's word that a candle is closed, and tells it once", () => {
    const sequence = new CandleSequence();
    sequence.live(candle(1, '10'));
    expect(sequence.live(candle(1, '11', true))).toEqual([candle(1, '11', true)]);
    expect(sequence.live(candle(1, '11', true))).toEqual([]);
    expect(sequence.live(candle(2, '12'))).toEqual([candle(2, '12')]);
  });

  it('does not call a candle closed whose end fell into a lost connection', () => {
    const sequence = new CandleSequence();
    sequence.live(candle(1, '10'));
    sequence.interrupt();
    expect(sequence.live(candle(2, '12'))).toEqual([candle(2, '12')]);
  });

  it('tells the final state of such a candle where REST knows it', () => {
    const sequence = new CandleSequence();
    sequence.live(candle(1, '10'));
    sequence.interrupt();
    expect(sequence.asked(candle(1, '15', true))).toEqual([candle(1, '15', true)]);
    expect(sequence.asked(candle(2, '16'))).toEqual([candle(2, '16')]);
  });

  it('prefers what the stream has told to an answer of REST that was under way', () => {
    const sequence = new CandleSequence();
    sequence.live(candle(2, '20'));
    expect(sequence.asked(candle(1, '15', true))).toEqual([]);
    expect(sequence.asked(candle(2, '16'))).toEqual([]);
  });

  it('passes over a candle that comes late', () => {
    const sequence = new CandleSequence();
    sequence.live(candle(2, '20'));
    expect(sequence.live(candle(1, '10'))).toEqual([]);
  });
});
