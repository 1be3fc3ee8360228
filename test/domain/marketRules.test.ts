import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { checkMarketRules, type MarketReference, type MarketRuleCode } from '../../src/domain/checkMarketRules';
import type { DecimalString } from '../../src/domain/decimal';
import { product, roundToStep } from '../../src/domain/money';
import { orderTypes, type OrderTerms } from '../../src/domain/orders';
import { describeWith, sharedDataDir } from '../kit/needs';
import { failedFilters } from './documentedFilters';
import { inventedSwaps, inventedSymbols, rulesOf, type RawSymbol } from './exchangeFilters';

const orders = Number(process.env['MARKET_RULE_ORDERS'] ?? 10_000);
jest.setTimeout(60_000 + orders * 6);
const decimal = (text: string) => text as DecimalString;

/** Which of Binance's filters stands behind each of our codes. */
const filtersOf: Readonly<Record<MarketRuleCode, readonly string[]>> = {
  ORDER_TYPE_NOT_OFFERED: ['ORDER_TYPE'],
  PRICE_OFF_TICK: ['PRICE_FILTER'],
  PRICE_TOO_LOW: ['PRICE_FILTER'],
  PRICE_TOO_HIGH: ['PRICE_FILTER'],
  PRICE_TOO_FAR: ['PERCENT_PRICE', 'PERCENT_PRICE_BY_SIDE'],
  AMOUNT_OFF_STEP: ['LOT_SIZE', 'MARKET_LOT_SIZE'],
  AMOUNT_TOO_SMALL: ['LOT_SIZE', 'MARKET_LOT_SIZE'],
  AMOUNT_TOO_LARGE: ['LOT_SIZE', 'MARKET_LOT_SIZE'],
  COST_TOO_SMALL: ['MIN_NOTIONAL', 'NOTIONAL'],
  COST_TOO_LARGE: ['NOTIONAL'],
  TRAILING_DELTA_OUT_OF_RANGE: ['TRAILING_DELTA'],
  TOO_MANY_OPEN_ORDERS: ['MAX_NUM_ORDERS'],
  TOO_MANY_ALGO_ORDERS: ['MAX_NUM_ALGO_ORDERS'],
  REFERENCE_PRICE_UNKNOWN: [],
};

const hasPrice = new Set(['LIMIT', 'STOP_LIMIT', 'TAKE_PROFIT_LIMIT']);
const factor = (...texts: readonly string[]) => fc.constantFrom(...texts.map(decimal));

/** Orders near the bounds of their market: most values lie on the grid, at a bound or one digit beside it. */
const draft = fc.record({
  market: fc.nat(),
  type: fc.constantFrom(...orderTypes, 'LIMIT', 'LIMIT', 'MARKET'),
  side: fc.constantFrom('BUY', 'SELL'),
  marketPrice: fc.bigInt(1n, 10n ** 6n),
  priceFactor: factor(
    '1',
    '1',
    '0.99',
    '1.01',
    '0.2',
    '0.19',
    '5',
    '5.01',
    '1.2',
    '1.21',
    '0.8',
    '0.95',
    '1.06',
    '0.000001',
  ),
  triggerFactor: factor('1', '1.02', '0.97', '0.5', '100000'),
  costFactor: factor('1', '1', '1.01', '0.99', '2', '30', '3000', '0.001', '2000000', '100000000'),
  offGrid: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'price', 'amount'),
  byQuote: fc.boolean(),
  trailingDelta: factor('0.001', '0.0009', '0.002', '0.05', '0.1', '0.11', '0.2', '0.21'),
  openOrders: fc.constantFrom(0, 3, 24, 199, 200, 201),
  openAlgoOrders: fc.constantFrom(0, 0, 1, 4, 5, 9, 10),
  reduceOnly: fc.boolean(),
});
type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never;

function orderOf(drawn: Draft, raw: RawSymbol, isSwap: boolean): { terms: OrderTerms; reference: MarketReference } {
  const rules = rulesOf(raw, isSwap);
  const tick = rules.price.step ?? decimal('0.00000001');
  const market = product(tick, decimal(String(drawn.marketPrice)));
  const beside = decimal('0.000000001');
  const onTick = (multiple: DecimalString) => {
    const price = roundToStep(product(market, multiple), tick, 'HALF_EVEN');
    return drawn.offGrid === 'price' ? roundToStep(product(price, decimal('1.0000001')), beside, 'DOWN') : price;
  };
  const price = hasPrice.has(drawn.type) ? onTick(drawn.priceFactor) : null;
  const isTriggered = drawn.type !== 'MARKET' && drawn.type !== 'LIMIT';
  const cost = product(rules.cost.min ?? decimal('1'), drawn.costFactor);
  const step = rules.amount.step ?? beside;
  const exact = roundToStep(
    decimal(wholeSteps(cost, price === null || price === '0' ? market : price)),
    beside,
    'DOWN',
  );
  const amount = drawn.offGrid === 'amount' ? exact : roundToStep(exact, step, 'DOWN');
  const isByQuote = drawn.byQuote && drawn.type === 'MARKET' && drawn.side === 'BUY' && !isSwap;
  return {
    terms: {
      symbol: raw.symbol,
      type: drawn.type,
      side: drawn.side,
      amount: isByQuote ? null : amount,
      quoteAmount: isByQuote ? cost : null,
      price,
      triggerPrice: isTriggered ? onTick(drawn.triggerFactor) : null,
      trailingDelta: drawn.type === 'TRAILING_STOP' ? drawn.trailingDelta : null,
      timeInForce: null,
      positionSide: null,
      reduceOnly: drawn.reduceOnly && isSwap,
    },
    reference: {
      averagePrice: market,
      lastPrice: product(market, decimal('1.001')),
      markPrice: market,
      openOrders: drawn.openOrders,
      openAlgoOrders: drawn.openAlgoOrders,
    },
  };
}

/** A little above cost / price, as text; exactness does not matter for what is asked, only for what is answered. */
function wholeSteps(cost: string, price: string): string {
  return (Number(cost) / Number(price)).toFixed(12).replace(/\.?0+$/, '') || '0';
}

/** Every verdict is that of the documentation; tells how often each code and how often none came up. */
function judge(symbols: readonly RawSymbol[], isSwap: boolean): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(draft, (drawn) => {
      const raw = symbols[drawn.market % symbols.length]!;
      const { terms, reference } = orderOf(drawn, raw, isSwap);
      const verdict = checkMarketRules(rulesOf(raw, isSwap), terms, reference);
      const failed = failedFilters(raw, { terms, reference, isSwap });
      const isSame =
        verdict === null ? failed.length === 0 : failed.some((name) => filtersOf[verdict.code].includes(name));
      if (!isSame) throw new Error(JSON.stringify({ verdict, failed, terms, reference, filters: raw.filters }));
      seen.set(verdict?.code ?? 'accepted', (seen.get(verdict?.code ?? 'accepted') ?? 0) + 1);
    }),
    { numRuns: orders },
  );
  return seen;
}

function recordedSymbols(file: string): readonly RawSymbol[] {
  const text = gunzipSync(readFileSync(path.join(sharedDataDir, 'cryptofeed', file))).toString();
  const line = text.split('\n').find((each) => each.includes('exchangeInfo'))!;
  return (JSON.parse(line.slice(line.indexOf('{'))) as { symbols: RawSymbol[] }).symbols;
}

describe('the rules of a market', () => {
  it('are judged as Binance documents them, for its newer filters', () => {
    const seen = judge(inventedSymbols, false);
    const codes = Object.keys(filtersOf).filter((code) => code !== 'REFERENCE_PRICE_UNKNOWN');
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['accepted', ...codes]));
  });

  it('are judged as Binance documents them, for swaps', () => {
    const seen = judge(inventedSwaps, true);
    const codes = ['accepted', 'PRICE_TOO_FAR', 'AMOUNT_TOO_LARGE', 'COST_TOO_SMALL', 'TOO_MANY_ALGO_ORDERS'];
    expect([...seen.keys()]).toEqual(expect.arrayContaining(codes));
  });

  it('count as broken where the price that they need is not known', () => {
    const [raw] = inventedSymbols;
    const terms: OrderTerms = {
      symbol: 'AAABBB',
      type: 'LIMIT',
      side: 'BUY',
      amount: decimal('1'),
      quoteAmount: null,
      price: decimal('100'),
      triggerPrice: null,
      trailingDelta: null,
      timeInForce: 'GTC',
      positionSide: null,
      reduceOnly: false,
    };
    const unknown = { averagePrice: null, lastPrice: null, markPrice: null, openOrders: 0, openAlgoOrders: 0 };
    const known = { ...unknown, averagePrice: decimal('100'), lastPrice: decimal('100') };
    const rules = rulesOf(raw!, false);
    expect(checkMarketRules(rules, terms, known)).toBeNull();
    expect(checkMarketRules(rules, terms, unknown)).toMatchObject({ code: 'REFERENCE_PRICE_UNKNOWN', field: 'price' });
    const market: OrderTerms = { ...terms, type: 'MARKET', price: null };
    expect(checkMarketRules(rules, market, unknown)).toMatchObject({
      code: 'REFERENCE_PRICE_UNKNOWN',
      field: 'amount',
    });
  });

  it('tell the value and the bound', () => {
    const rules = rulesOf(inventedSymbols[0]!, false);
    const drawn = fc.sample(draft, { numRuns: 1, seed: 1 })[0]!;
    const { terms, reference } = orderOf({ ...drawn, type: 'LIMIT', openOrders: 0 }, inventedSymbols[0]!, false);
    const violation = checkMarketRules(rules, { ...terms, price: decimal('100.005') }, reference);
    expect(violation?.message).toContain('100.005');
    expect(violation?.message).toContain('0.01');
  });
});

describeWith('shared-data', "Binance's recorded markets", () => {
  it('of spot are judged as it documents them', () => {
    const seen = judge(recordedSymbols('BINANCE.0.gz'), false);
    expect(seen.get('accepted')).toBeGreaterThan(orders / 50);
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining([
        'PRICE_OFF_TICK',
        'PRICE_TOO_FAR',
        'AMOUNT_OFF_STEP',
        'COST_TOO_SMALL',
        'TOO_MANY_OPEN_ORDERS',
      ]),
    );
  });

  it('of USD-M swaps are judged as it documents them', () => {
    const seen = judge(recordedSymbols('BINANCE_FUTURES.0.gz'), true);
    expect(seen.get('accepted')).toBeGreaterThan(orders / 50);
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining([
        'PRICE_TOO_LOW',
        'PRICE_TOO_FAR',
        'AMOUNT_TOO_LARGE',
        'COST_TOO_SMALL',
        'TOO_MANY_ALGO_ORDERS',
      ]),
    );
  });
});
