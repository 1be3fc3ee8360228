import fc from 'fast-check';
import type { DecimalString } from '../../src/domain/decimal';
import type { Fee, Fill, OrderSide, PositionSide } from '../../src/domain/orders';
import {
  applyFillToPosition,
  applyFundingToPosition,
  entryPriceOf,
  flatPosition,
  isFlat,
  notional,
  unrealizedPnl,
  type FillTerms,
  type PositionState,
} from '../../src/domain/position';
import { Rational, textOf } from './rational';

const sequences = Math.ceil(Number(process.env['DECIMAL_CASES'] ?? 20_000) / 10);
jest.setTimeout(60_000 + sequences * 30);
const decimal = (text: string) => text as DecimalString;
const zero = Rational.of(0n);

interface Deal {
  readonly side: OrderSide;
  readonly amount: string;
  readonly price: string;
  readonly fees: readonly Fee[];
  readonly positionSide: PositionSide | null;
}

const spot: FillTerms = { type: 'SPOT', base: 'BTC', quote: 'USDT', otherFees: decimal('0') };
const swap: FillTerms = { ...spot, type: 'SWAP' };

function fillOf(deal: Deal): Fill {
  const cost = Rational.parse(deal.amount).times(Rational.parse(deal.price)).toText();
  return {
    tradeId: '1',
    exchangeOrderId: '1',
    clientOrderId: null,
    symbol: 'BTC/USDT',
    side: deal.side,
    positionSide: deal.positionSide,
    price: decimal(deal.price),
    amount: decimal(deal.amount),
    cost: decimal(cost),
    takerOrMaker: 'taker',
    fees: deal.fees,
    exchangeTime: 0,
  };
}

const size = fc.bigInt(1n, 10n ** 12n).map((units) => textOf(units, 8));
const price = fc.bigInt(1n, 10n ** 13n).map((units) => textOf(units, 8));
const side = fc.constantFrom<OrderSide>('BUY', 'SELL');
const quoteFee = fc
  .bigInt(-(10n ** 8n), 10n ** 10n)
  .map((units) => ({ currency: 'USDT', cost: decimal(textOf(units, 8)) }));
const dealOf = (positionSide: PositionSide | null): fc.Arbitrary<Deal> =>
  fc.record({
    side,
    amount: size,
    price,
    fees: fc.array(quoteFee, { maxLength: 2 }),
    positionSide: fc.constant(positionSide),
  });
/** The exchange takes its thousandth of what is bought in coins; sometimes of a sale too (a pair of its own coin). */
const spotDeal: fc.Arbitrary<Deal> = fc
  .record({ deal: dealOf(null), isFeeInBase: fc.boolean(), isRebate: fc.boolean() })
  .map(({ deal, isFeeInBase, isRebate }) => {
    const coins = textOf(BigInt(deal.amount.replace('.', '')) / 1000n, 8);
    const fee = { currency: 'BTC', cost: decimal(isRebate && coins !== '0' ? `-${coins}` : coins) };
    return isFeeInBase ? { ...deal, fees: [fee] } : deal;
  });

const feesIn = (deal: Deal, currency: string) =>
  Rational.sum(deal.fees.filter((fee) => fee.currency === currency).map((fee) => Rational.parse(fee.cost)));

/** `expect` costs more than the arithmetic. */
function same(actual: Rational, expected: Rational): void {
  if (actual.compare(expected) !== 0) throw new Error(`${actual.toText()} instead of ${expected.toText()}`);
}

/** Everything that moved, in fractions. held: above 0 long, below 0 short. */
interface Books {
  readonly cash: Rational;
  readonly held: Rational;
  readonly fees: Rational;
}

function signed(deal: Deal): Rational {
  const amount = Rational.parse(deal.amount);
  return deal.side === 'BUY' ? amount : zero.minus(amount);
}

function expectConserved(state: PositionState, books: Books, mark: string): void {
  const held = Rational.parse(state.amount).times(Rational.of(state.side === 'LONG' ? 1n : -1n));
  same(held, books.held);
  const worth = books.cash.plus(books.held.times(Rational.parse(mark)));
  const told = Rational.parse(state.realizedPnl).plus(Rational.parse(unrealizedPnl(state, decimal(mark))));
  same(told.minus(Rational.parse(state.feesPaid)), worth.minus(books.fees));
  same(Rational.parse(state.feesPaid), books.fees);
}

describe('a position conserves money to the last digit', () => {
  it('in one-way mode, through every flip', () => {
    fc.assert(
      fc.property(fc.array(dealOf(null), { maxLength: 12 }), price, (deals, mark) => {
        let state = flatPosition();
        let books: Books = { cash: zero, held: zero, fees: zero };
        for (const deal of deals) {
          state = applyFillToPosition(state, fillOf(deal), swap).position;
          books = {
            cash: books.cash.minus(signed(deal).times(Rational.parse(deal.price))),
            held: books.held.plus(signed(deal)),
            fees: books.fees.plus(feesIn(deal, 'USDT')),
          };
          expectConserved(state, books, mark);
        }
      }),
      { numRuns: sequences },
    );
  });

  it.each<PositionSide>(['LONG', 'SHORT'])('in hedge mode, on the side of the %s', (positionSide) => {
    fc.assert(
      fc.property(fc.array(dealOf(positionSide), { maxLength: 12 }), price, (deals, mark) => {
        const opens: OrderSide = positionSide === 'LONG' ? 'BUY' : 'SELL';
        let state = flatPosition(positionSide);
        let books: Books = { cash: zero, held: zero, fees: zero };
        for (const deal of deals) {
          const change = applyFillToPosition(state, fillOf(deal), swap);
          const held = positionSide === 'LONG' ? books.held : zero.minus(books.held);
          const excess = Rational.parse(deal.amount).minus(held);
          const beyond = deal.side !== opens && excess.compare(zero) > 0 ? excess : zero;
          same(Rational.parse(change.beyond), beyond);
          const counted = Rational.parse(deal.amount)
            .minus(beyond)
            .times(Rational.of(deal.side === 'BUY' ? 1n : -1n));
          state = change.position;
          books = {
            cash: books.cash.minus(counted.times(Rational.parse(deal.price))),
            held: books.held.plus(counted),
            fees: books.fees.plus(feesIn(deal, 'USDT')),
          };
          expectConserved(state, books, mark);
        }
      }),
      { numRuns: sequences },
    );
  });

  it('on spot, with fees in coins, rebates, and coins sold that were there before', () => {
    fc.assert(
      fc.property(fc.array(spotDeal, { maxLength: 12 }), price, (deals, mark) => {
        let state = flatPosition();
        let books: Books = { cash: zero, held: zero, fees: zero };
        for (const deal of deals) {
          const change = applyFillToPosition(state, fillOf(deal), spot);
          const worthOf = (coins: Rational) => coins.times(Rational.parse(deal.price));
          const leaving = feesIn(deal, 'BTC').minus(signed(deal));
          // What a rebate brings comes after the sale, and does not cover it.
          const asked = deal.side === 'SELL' && leaving.compare(Rational.parse(deal.amount)) < 0;
          const excess = (asked ? Rational.parse(deal.amount) : leaving).minus(books.held);
          const beyond = excess.compare(zero) > 0 ? excess : zero;
          same(Rational.parse(change.beyond), beyond);
          state = change.position;
          // Coins that were there before come in at the price at which they leave: no gain, no loss.
          books = {
            cash: books.cash
              .minus(worthOf(signed(deal)))
              .minus(worthOf(beyond))
              .plus(worthOf(feesIn(deal, 'BTC'))),
            held: books.held.minus(leaving).plus(beyond),
            fees: books.fees.plus(feesIn(deal, 'USDT')).plus(worthOf(feesIn(deal, 'BTC'))),
          };
          expectConserved(state, books, mark);
        }
      }),
      { numRuns: sequences },
    );
  });

  it('realizes by the average cost of what was held', () => {
    fc.assert(
      fc.property(fc.array(dealOf(null), { minLength: 1, maxLength: 12 }), fc.bigInt(1n, 10n ** 8n), (deals, part) => {
        let state = flatPosition();
        for (const deal of deals) state = applyFillToPosition(state, fillOf({ ...deal, side: 'BUY' }), swap).position;
        const bought = Rational.sum(deals.map((deal) => Rational.parse(deal.amount)));
        const paid = Rational.sum(deals.map((deal) => Rational.parse(deal.amount).times(Rational.parse(deal.price))));
        expect(entryPriceOf(state)).toBe(paid.over(bought).toText());
        const sale = textOf(bought.times(Rational.of(part, 10n ** 8n)).stepsDown(Rational.of(1n, 10n ** 8n)) + 1n, 8);
        if (Rational.parse(sale).compare(bought) > 0) return;
        const sold = applyFillToPosition(
          state,
          fillOf({ side: 'SELL', amount: sale, price: '5', fees: [], positionSide: null }),
          swap,
        );
        const released = paid.times(Rational.parse(sale)).over(bought);
        const gain = Rational.parse(sale).times(Rational.of(5n)).minus(Rational.parse(released.toText()));
        expect(sold.realizedPnl).toBe(gain.toText());
      }),
      { numRuns: sequences },
    );
  });
});

const deal = (side: OrderSide, amount: string, price: string, fees: readonly Fee[] = []): Fill =>
  fillOf({ side, amount, price, fees, positionSide: null });
const play = (fills: readonly Fill[], terms: FillTerms) =>
  fills.reduce((state, fill) => applyFillToPosition(state, fill, terms).position, flatPosition());

describe('a position', () => {
  it('that is turned by one fill realizes what it closed and opens the rest at the price of the fill', () => {
    const long = play([deal('BUY', '1', '100'), deal('BUY', '1', '110')], swap);
    const turned = applyFillToPosition(long, deal('SELL', '3', '120'), swap);
    expect(turned).toMatchObject({ closed: '2', opened: '1', realizedPnl: '30', beyond: '0' });
    expect(turned.position).toMatchObject({ side: 'SHORT', amount: '1' });
    expect(entryPriceOf(turned.position)).toBe('120');
    expect(unrealizedPnl(turned.position, decimal('115'))).toBe('5');
    expect(notional(turned.position.amount, decimal('115'))).toBe('115');
  });

  it('that is turned loses nothing where the price of the fill has no end', () => {
    const long = play([deal('BUY', '1', '1')], swap);
    const turned = applyFillToPosition(
      long,
      { ...deal('SELL', '2', '1'), cost: decimal('1.000000000000000001') },
      swap,
    );
    const parts = [turned.realizedPnl, long.cost, turned.position.cost].map((part) => Rational.parse(part));
    expect(Rational.sum(parts).toText()).toBe('1.000000000000000001');
  });

  it('pays a fee in coins out of what was bought, at its price, and keeps the entry price', () => {
    const fee = { currency: 'BTC', cost: decimal('0.001') };
    const state = play([deal('BUY', '1', '100', [fee])], spot);
    expect(state).toMatchObject({ amount: '0.999', cost: '99.9', feesPaid: '0.1', realizedPnl: '0' });
    expect(entryPriceOf(state)).toBe('100');
  });

  it('counts fees in a third currency at the worth that is given', () => {
    const fee = { currency: 'BNB', cost: decimal('0.01') };
    const state = play([deal('BUY', '1', '100', [fee])], { ...spot, otherFees: decimal('6') });
    expect(state).toMatchObject({ amount: '1', cost: '100', feesPaid: '6' });
  });

  it('realizes nothing on coins that were there before, and says how many they were', () => {
    const held = play([deal('BUY', '1', '100')], spot);
    const sold = applyFillToPosition(held, deal('SELL', '3', '120'), spot);
    expect(sold).toMatchObject({ closed: '1', realizedPnl: '20', beyond: '2' });
    expect(isFlat(sold.position)).toBe(true);
    expect(entryPriceOf(sold.position)).toBeNull();
  });

  it('keeps funding apart from everything else', () => {
    const paid = applyFundingToPosition(flatPosition(), decimal('-1.5'));
    expect(applyFundingToPosition(paid, decimal('0.5'))).toEqual({ ...flatPosition(), fundingPaid: '1' });
  });

  it("refuses the other side's fill, and a fee above what was bought", () => {
    const long = play([deal('BUY', '1', '100')], swap);
    expect(() => applyFillToPosition(long, { ...deal('SELL', '1', '100'), positionSide: 'SHORT' }, swap)).toThrow(
      RangeError,
    );
    const fee = { currency: 'BTC', cost: decimal('2') };
    expect(() => play([deal('BUY', '1', '100', [fee])], spot)).toThrow(RangeError);
  });
});
