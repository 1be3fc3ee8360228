import fc from 'fast-check';
import { toDecimalString } from '../../src/domain/decimal';
import { toMarketId } from '../../src/domain/market';
import type { PublicTrade } from '../../src/domain/marketData';
import { TradeReader } from '../../src/exchanges/readTrade';
import { TradeSequence } from '../../src/exchanges/tradeSequence';

const marketId = toMarketId('x', 'A/B');
const one = toDecimalString('1');

const trade = (id: number | string, exchangeTime = 1): PublicTrade => ({
  marketId,
  id: String(id),
  side: 'BUY',
  price: one,
  amount: one,
  cost: one,
  exchangeTime,
  receivedTime: 2,
});

const ids = (trades: readonly PublicTrade[]): string[] => trades.map(({ id }) => id);

describe('trades whose ids are consecutive', () => {
  it('are passed on once and in the order of their ids, beyond the digits of a float', () => {
    const sequence = new TradeSequence('consecutive');
    const base = '90071992547409930000';
    const late = sequence.accept([trade(`${base}3`), trade(`${base}1`), trade(`${base}2`), trade(`${base}1`)]);
    expect(ids(late.trades)).toEqual([`${base}1`, `${base}2`, `${base}3`]);
    expect(sequence.accept([trade(`${base}2`)]).trades).toEqual([]);
  });

  it('show a hole', () => {
    const sequence = new TradeSequence('consecutive');
    expect(sequence.accept([trade(1), trade(2)]).isComplete).toBe(true);
    expect(sequence.continues([trade(3)])).toBe(true);
    expect(sequence.continues([trade(4)])).toBe(false);
    expect(sequence.accept([trade(4)]).isComplete).toBe(false);
  });

  it('come out complete, whatever overlapping pieces they arrive in', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { minLength: 1 }), (pieces) => {
        const sequence = new TradeSequence('consecutive');
        let known = -1;
        const got: string[] = [];
        for (const [from, length] of pieces) {
          // A piece begins at most where the known ends, as an answer of REST that overlaps does.
          const first = Math.min(from, known + 1);
          got.push(...ids(sequence.accept(Array.from({ length }, (_, index) => trade(first + index))).trades));
          known = Math.max(known, first + length - 1);
        }
        expect(got).toEqual(Array.from({ length: known + 1 }, (_, index) => String(index)));
      }),
    );
  });
});

describe('trades without ids', () => {
  const row = (timestamp: number, price: string) => ({ side: 'sell', price, amount: '1', cost: price, timestamp });

  it('are called the same by the stream and by REST, equal ones told apart by their number', () => {
    const reader = new TradeReader(marketId, 'absent');
    const asked = reader.asked([row(1, '10'), row(1, '10'), row(2, '11')], 5);
    const live = reader.live([row(1, '10'), row(1, '10')], 6);
    expect(new Set(ids(asked)).size).toBe(3);
    expect(ids(live)).toEqual(ids(asked).slice(0, 2));
  });

  it('are passed on once where both ways overlap', () => {
    const reader = new TradeReader(marketId, 'absent');
    const sequence = new TradeSequence('absent');
    sequence.accept(reader.live([row(1, '10')], 5));
    const asked = reader.asked([row(1, '10'), row(1, '10'), row(3, '12')], 6);
    expect(sequence.overlaps(asked)).toBe(true);
    expect(sequence.accept(asked).trades).toHaveLength(2);
    expect(sequence.overlaps(reader.asked([row(9, '1')], 7))).toBe(false);
  });
});
