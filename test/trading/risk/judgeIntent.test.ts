import fc from 'fast-check';
import type { RiskLimits } from '../../../src/domain/accounts';
import { compareDecimals } from '../../../src/domain/compareDecimals';
import type { DecimalString } from '../../../src/domain/decimal';
import type { LockdownLevel } from '../../../src/domain/lockdown';
import type { OrderTerms } from '../../../src/domain/orders';
import { newAccount } from '../../../src/storage/trading/accountTable';
import type { OrderRecord, PositionRecord } from '../../../src/storage/trading/records';
import { notionalAfter, reduces } from '../../../src/trading/risk/exposure';
import { judgeIntent, type IntentFacts } from '../../../src/trading/risk/judgeIntent';
import { decimal, marketOf, noon, orderOf } from './riskHouse';

const spot = marketOf('BTC/USDT');
const swap = marketOf('BTC/USDT:USDT');
const account = newAccount({
  id: 'a',
  ownerId: 'o',
  label: 'main',
  exchange: 'fake',
  mode: 'PAPER',
  currency: 'USDT',
  positionMode: 'ONE_WAY',
  keyHint: null,
  createdAt: noon,
});
const house = {
  epoch: 1,
  state: 'ACTIVE',
  reason: null,
  flattenNumber: 0,
  changedAt: null,
  lockdown: 'NONE',
  lockdownReason: null,
} as const;

interface Changes extends Partial<Omit<IntentFacts, 'terms' | 'account' | 'house'>> {
  readonly terms?: Partial<OrderTerms>;
  readonly state?: typeof account.tradingState;
  readonly globalState?: typeof account.tradingState;
  readonly lockdown?: LockdownLevel;
  readonly limits?: Partial<RiskLimits>;
}

function facts({ terms = {}, state, globalState, lockdown = 'NONE', limits = {}, ...rest }: Changes = {}): IntentFacts {
  return {
    account: { ...account, tradingState: state ?? 'ACTIVE', limits: { ...account.limits, ...limits } },
    house: { ...house, state: globalState ?? 'ACTIVE', lockdown },
    market: spot,
    terms: {
      symbol: 'BTC/USDT',
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
      ...terms,
    },
    origin: 'API',
    price: decimal('100'),
    notional: decimal('100'),
    quoteAgeMs: 100,
    openOrders: [],
    positions: [],
    ordersLastMinute: 0,
    equity: { equity: decimal('1000'), dayPnl: decimal('0'), drawdown: decimal('0') },
    now: noon,
    ...rest,
  };
}

function verdict(changes: Changes): string | null {
  return judgeIntent(facts(changes))?.code ?? null;
}

function position(side: 'LONG' | 'SHORT', amount: string, changes: Partial<PositionRecord> = {}): PositionRecord {
  return {
    id: 'p',
    accountId: 'a',
    marketId: swap.id,
    side,
    amount: decimal(amount),
    contractSize: decimal('1'),
    cost: decimal(`${amount}00`),
    leverage: null,
    liquidationPrice: null,
    realizedPnl: decimal('0'),
    feesPaid: decimal('0'),
    fundingPaid: decimal('0'),
    currency: 'USDT',
    openedAt: noon,
    updatedAt: noon,
    closedAt: null,
    ...changes,
  };
}

function open(side: 'BUY' | 'SELL', amount: string, changes: Partial<OrderRecord> = {}): OrderRecord {
  return orderOf('a', swap.id, { side, amount: decimal(amount), ...changes });
}

it('lets an order through where nothing is limited', () => {
  expect(verdict({ equity: null, notional: null })).toBeNull();
});

describe('states', () => {
  it.each([
    [{ state: 'HALTED' }, 'TRADING_HALTED'],
    [{ state: 'REDUCING' }, 'TRADING_REDUCING'],
    [{ globalState: 'HALTED' }, 'GLOBAL_HALTED'],
    [{ globalState: 'REDUCING' }, 'GLOBAL_REDUCING'],
    [{ globalState: 'HALTED', state: 'HALTED' }, 'GLOBAL_HALTED'],
  ] as const)('%j refuses a purchase with %s', (states, code) => {
    expect(verdict(states)).toBe(code);
  });

  it('sells held coins while reducing, and nothing while halted', () => {
    const terms = { side: 'SELL' } as const;
    expect(verdict({ terms, state: 'REDUCING', globalState: 'REDUCING' })).toBeNull();
    expect(verdict({ terms, state: 'HALTED' })).toBe('TRADING_HALTED');
    expect(verdict({ terms, globalState: 'HALTED' })).toBe('GLOBAL_HALTED');
  });

  it.each([
    ['NO_TRADING', null],
    ['READONLY', 'GLOBAL_HALTED'],
    ['FULL', 'GLOBAL_HALTED'],
  ] as const)('refuses what clients ask for in the lockdown %s, and of a flatten: %s', (lockdown, ofFlatten) => {
    for (const side of ['BUY', 'SELL'] as const)
      expect(verdict({ lockdown, origin: 'API', terms: { side } })).toBe('GLOBAL_HALTED');
    expect(verdict({ lockdown, origin: 'FLATTEN', terms: { side: 'SELL' } })).toBe(ofFlatten);
    expect(verdict({ lockdown, origin: 'FLATTEN', terms: { side: 'BUY' } })).toBe(ofFlatten ?? 'FLATTEN_NOT_REDUCING');
  });

  it('lets an order of a flatten through all states and limits, as long as it reduces', () => {
    const strict = {
      state: 'HALTED',
      globalState: 'HALTED',
      equity: null,
      notional: null,
      limits: { maxOrderNotional: decimal('1'), maxDailyLoss: decimal('1'), maxOrdersPerMinute: 1, maxPriceAgeMs: 1 },
      ordersLastMinute: 5,
      origin: 'FLATTEN',
    } as const;
    expect(verdict({ ...strict, terms: { side: 'SELL' } })).toBeNull();
    expect(verdict({ ...strict, terms: { side: 'BUY' } })).toBe('FLATTEN_NOT_REDUCING');
    const positions = [position('SHORT', '1')];
    expect(verdict({ ...strict, market: swap, positions, terms: { side: 'BUY', reduceOnly: true } })).toBeNull();
    expect(verdict({ ...strict, market: swap, terms: { side: 'BUY', reduceOnly: true } })).toBe('FLATTEN_NOT_REDUCING');
  });
});

describe('limits', () => {
  it.each<[string, Changes, string | null]>([
    ['an order at the limit', { limits: { maxOrderNotional: decimal('100') } }, null],
    ['an order above it', { limits: { maxOrderNotional: decimal('99.99') } }, 'MAX_ORDER_NOTIONAL'],
    ['an order of unknown worth', { limits: { maxOrderNotional: decimal('100') }, notional: null }, 'RISK_UNKNOWN'],
    ['a position at the limit', { limits: { maxPositionNotional: decimal('100') } }, null],
    ['a position above it', { limits: { maxPositionNotional: decimal('99.99') } }, 'MAX_POSITION_NOTIONAL'],
    ['an unknown position', { limits: { maxPositionNotional: decimal('1') }, notional: null }, 'RISK_UNKNOWN'],
    ['the last order of a minute', { limits: { maxOrdersPerMinute: 5 }, ordersLastMinute: 4 }, null],
    ['one more', { limits: { maxOrdersPerMinute: 5 }, ordersLastMinute: 5 }, 'MAX_ORDERS_PER_MINUTE'],
    ['a price of the age allowed', { limits: { maxPriceAgeMs: 100 } }, null],
    ['an older one', { limits: { maxPriceAgeMs: 99 } }, 'STALE_PRICE'],
    ['a loss below the limit', { limits: { maxDailyLoss: decimal('10') }, equity: down('-9.99') }, null],
    ['a loss at it', { limits: { maxDailyLoss: decimal('10') }, equity: down('-10') }, 'MAX_DAILY_LOSS'],
    ['a gain as large', { limits: { maxDailyLoss: decimal('10') }, equity: down('10') }, null],
    ['an unknown loss', { limits: { maxDailyLoss: decimal('10') }, equity: null }, 'RISK_UNKNOWN'],
    ['a drawdown below the limit', { limits: { maxDrawdown: decimal('0.2') }, equity: down('0', '0.1999') }, null],
    ['a drawdown at it', { limits: { maxDrawdown: decimal('0.2') }, equity: down('0', '0.2') }, 'MAX_DRAWDOWN'],
    [
      'an order of an amount that no place of a decimal holds',
      {
        limits: { maxPositionNotional: decimal('1') },
        ...{ price: decimal('0.0000000001'), terms: { amount: decimal('0.0000000001') }, notional: decimal('0') },
      },
      'RISK_UNKNOWN',
    ],
    ['an unknown drawdown', { limits: { maxDrawdown: decimal('0.2') }, equity: down('0', null) }, 'RISK_UNKNOWN'],
  ])('judges %s', (_name, changes, code) => {
    expect(verdict(changes)).toBe(code);
  });

  it('keep the way out open where a limit of loss is reached or not known', () => {
    const terms = { side: 'SELL' } as const;
    const limits = { maxDailyLoss: decimal('10'), maxDrawdown: decimal('0.1'), maxPositionNotional: decimal('1') };
    expect(verdict({ terms, limits, equity: down('-50', '0.5') })).toBeNull();
    expect(verdict({ terms, limits, equity: null })).toBeNull();
  });

  it.each<[string, Changes]>([
    ['MAX_ORDER_NOTIONAL', { limits: { maxOrderNotional: decimal('99') } }],
    ['MAX_ORDERS_PER_MINUTE', { limits: { maxOrdersPerMinute: 5 }, ordersLastMinute: 5 }],
    ['STALE_PRICE', { limits: { maxPriceAgeMs: 99 } }],
  ])('guard against mistakes in what reduces as well: %s', (code, changes) => {
    expect(verdict({ ...changes, terms: { side: 'SELL' } })).toBe(code);
  });

  it('value a position in the account currency where the market is in another', () => {
    // 1 × 100 quote units are 50 of the account's: two more of them stand open, 150 in all.
    const openOrders = [orderOf('a', spot.id, { amount: decimal('2') })];
    const worth = { notional: decimal('50'), openOrders };
    expect(verdict({ ...worth, limits: { maxPositionNotional: decimal('150') } })).toBeNull();
    expect(verdict({ ...worth, limits: { maxPositionNotional: decimal('149.99') } })).toBe('MAX_POSITION_NOTIONAL');
  });

  it('count a purchase by quote amount with what is open by quote amount', () => {
    const terms = { type: 'MARKET', amount: null, quoteAmount: decimal('100'), price: null } as const;
    const openOrders = [orderOf('a', spot.id, { amount: null, quoteAmount: decimal('60'), cost: decimal('20') })];
    expect(verdict({ terms, openOrders, limits: { maxPositionNotional: decimal('140') } })).toBeNull();
    expect(verdict({ terms, openOrders, limits: { maxPositionNotional: decimal('139') } })).toBe(
      'MAX_POSITION_NOTIONAL',
    );
  });

  it('count a position at the price of the order where that is dearer than what it cost', () => {
    const positions = [position('LONG', '5', { marketId: spot.id, contractSize: null })];
    const high = { price: decimal('200'), notional: decimal('200'), positions, terms: { price: decimal('200') } };
    expect(verdict({ ...high, limits: { maxPositionNotional: decimal('1199') } })).toBe('MAX_POSITION_NOTIONAL');
    expect(verdict({ ...high, limits: { maxPositionNotional: decimal('1200') } })).toBeNull();
  });

  it('count a position for what it cost where a low limit price would make it look small', () => {
    const positions = [position('LONG', '5', { marketId: spot.id, contractSize: null })];
    const low = { price: decimal('1'), notional: decimal('1'), positions };
    expect(verdict({ ...low, limits: { maxPositionNotional: decimal('500') } })).toBe('MAX_POSITION_NOTIONAL');
    expect(verdict({ ...low, limits: { maxPositionNotional: decimal('501') } })).toBeNull();
  });

  it('take positions of other markets neither for more of this one nor for less', () => {
    const elsewhere = marketOf('ETH/USDT:USDT').id;
    const positions = [position('SHORT', '3', { marketId: elsewhere }), position('LONG', '3', { marketId: elsewhere })];
    expect(verdict({ market: swap, positions, limits: { maxPositionNotional: decimal('100') } })).toBeNull();
    expect(verdict({ market: swap, positions, limits: { maxPositionNotional: decimal('99') } })).toBe(
      'MAX_POSITION_NOTIONAL',
    );
  });

  it('leave other markets, the other direction and the other side of a hedge alone', () => {
    const openOrders = [
      orderOf('a', marketOf('ETH/USDT').id, { amount: decimal('50') }),
      open('SELL', '50'),
      open('BUY', '50', { positionSide: 'SHORT' }),
    ];
    const limits = { maxPositionNotional: decimal('100') };
    expect(verdict({ market: swap, openOrders: openOrders.slice(0, 2), limits })).toBeNull();
    expect(verdict({ market: swap, openOrders, limits, terms: { positionSide: 'LONG' } })).toBeNull();
  });

  it('count what turns a position for what it opens alone', () => {
    const terms = { side: 'SELL', amount: decimal('4') } as const;
    const changes: Changes = { market: swap, positions: [position('LONG', '3')], terms, notional: decimal('400') };
    expect(verdict({ ...changes, limits: { maxPositionNotional: decimal('100') } })).toBeNull();
    expect(verdict({ ...changes, limits: { maxPositionNotional: decimal('99') } })).toBe('MAX_POSITION_NOTIONAL');
  });

  it.each<[string, Partial<OrderRecord>, string]>([
    ['an edit that waits for the larger of both', { editAmount: decimal('3') }, '400'],
    [
      'an edit that asks for less for what stands until then',
      { amount: decimal('3'), editAmount: decimal('1') },
      '400',
    ],
    ['what is filled no more', { amount: decimal('3'), filled: decimal('1') }, '300'],
    ['what was executed beyond an order for nothing less', { filled: decimal('3') }, '100'],
    [
      'what was executed beyond a quote amount for nothing less',
      { amount: null, quoteAmount: decimal('60'), cost: decimal('90') },
      '100',
    ],
  ])('count %s', (_what, changes, worth) => {
    const openOrders = [orderOf('a', spot.id, changes)];
    const justBelow = decimal(String(Number(worth) - 1));
    expect(verdict({ openOrders, limits: { maxPositionNotional: justBelow } })).toBe('MAX_POSITION_NOTIONAL');
    expect(verdict({ openOrders, limits: { maxPositionNotional: decimal(worth) } })).toBeNull();
  });

  it.each<[string, Partial<OrderRecord>]>([
    ['its own price', { price: decimal('300') }],
    ['the price that an edit gives it', { editPrice: decimal('300') }],
    ['its trigger', { type: 'STOP', price: null, triggerPrice: decimal('300') }],
  ])('count an open order at %s where that is dearer', (_what, changes) => {
    const openOrders = [orderOf('a', spot.id, changes)];
    expect(verdict({ openOrders, limits: { maxPositionNotional: decimal('400') } })).toBeNull();
    expect(verdict({ openOrders, limits: { maxPositionNotional: decimal('399') } })).toBe('MAX_POSITION_NOTIONAL');
  });

  it('count no open order that can only reduce', () => {
    const openOrders = [open('BUY', '5', { reduceOnly: true })];
    expect(verdict({ market: swap, openOrders, limits: { maxPositionNotional: decimal('100') } })).toBeNull();
  });

  it('take off what stands on the other side as far as nothing else may take it away first', () => {
    const facing = (openOrders: readonly OrderRecord[], worth: string): void => {
      const judged = { market: swap, positions: [position('SHORT', '3')], openOrders, notional: decimal('400') };
      const of = (limit: string): string | null =>
        verdict({ ...judged, terms: { amount: decimal('4') }, limits: { maxPositionNotional: decimal(limit) } });
      expect([of(String(Number(worth) - 1)), of(worth)]).toEqual(['MAX_POSITION_NOTIONAL', null]);
    };
    facing([], '100');
    facing([open('BUY', '2')], '300');
    facing([open('BUY', '2', { reduceOnly: true })], '300');
    facing([orderOf('a', swap.id, { reduceOnly: true, amount: null, quoteAmount: decimal('50') })], '400');
  });

  it('take nothing off one side of a hedge for the other', () => {
    const positions = [position('SHORT', '3')];
    const limits = { maxPositionNotional: decimal('99') };
    const turning = { amount: decimal('4') };
    expect(verdict({ market: swap, positions, limits, terms: turning, notional: decimal('400') })).toBe(
      'MAX_POSITION_NOTIONAL',
    );
    const hedged = { market: swap, positions, terms: { positionSide: 'LONG' } } as const;
    expect(verdict({ ...hedged, limits })).toBe('MAX_POSITION_NOTIONAL');
    expect(verdict({ ...hedged, limits: { maxPositionNotional: decimal('100') } })).toBeNull();
  });
});

function down(dayPnl: string, drawdown: string | null = '0'): IntentFacts['equity'] {
  return {
    equity: decimal('1000'),
    dayPnl: decimal(dayPnl),
    drawdown: drawdown === null ? null : decimal(drawdown),
  };
}

describe('what reduces', () => {
  it('is a closing order of a swap that no open order makes too large', () => {
    const closing = { market: swap, terms: { side: 'SELL', amount: decimal('2') } } as const;
    const positions = [position('LONG', '3')];
    expect(reduces(facts({ ...closing, positions }))).toBe(true);
    expect(reduces(facts({ ...closing, positions, openOrders: [open('SELL', '1')] }))).toBe(true);
    expect(reduces(facts({ ...closing, positions, openOrders: [open('SELL', '1.1')] }))).toBe(false);
    expect(reduces(facts({ ...closing, positions, openOrders: [open('SELL', '1.1', { reduceOnly: true })] }))).toBe(
      false,
    );
    expect(reduces(facts({ ...closing, positions: [position('SHORT', '3')] }))).toBe(false);
    expect(reduces(facts(closing))).toBe(false);
    const byCost = { amount: null, quoteAmount: decimal('100') };
    expect(
      reduces(facts({ ...closing, positions, openOrders: [orderOf('a', swap.id, { side: 'SELL', ...byCost })] })),
    ).toBe(false);
    expect(reduces(facts({ ...closing, positions, terms: { side: 'SELL', ...byCost } }))).toBe(false);
  });

  it('is an order of hedge mode against its own side, where there is something', () => {
    const positions = [position('LONG', '3')];
    const of = (side: 'BUY' | 'SELL', positionSide: 'LONG' | 'SHORT'): boolean =>
      reduces(facts({ market: swap, positions, terms: { side, positionSide } }));
    expect(of('SELL', 'LONG')).toBe(true);
    expect(of('BUY', 'LONG')).toBe(false);
    expect(of('SELL', 'SHORT')).toBe(false);
    expect(of('BUY', 'SHORT')).toBe(false);
  });

  const some = fc.record({
    held: fc.integer({ min: -6, max: 6 }),
    orders: fc.array(
      fc.record({
        side: fc.constantFrom('BUY' as const, 'SELL' as const),
        amount: fc.integer({ min: 1, max: 4 }),
        reduceOnly: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });

  it('never makes a position larger, however the open orders of its direction are executed; what does not is worth what it may become', () => {
    fc.assert(
      fc.property(some, ({ held, orders }) => {
        const [asked, ...others] = orders.map((order) => ({ ...order, side: orders[0]!.side }));
        const sign = asked!.side === 'BUY' ? 1 : -1;
        const judged = facts({
          market: swap,
          positions: held === 0 ? [] : [position(held > 0 ? 'LONG' : 'SHORT', String(Math.abs(held)))],
          openOrders: others.map(({ side, amount, reduceOnly }) => open(side, String(amount), { reduceOnly })),
          terms: { side: asked!.side, amount: String(asked!.amount) as DecimalString, reduceOnly: asked!.reduceOnly },
        });
        const isReducing = reduces(judged);
        const bound = compareDecimals.bind(null, notionalAfter(judged));
        for (const course of permutations([asked!, ...others])) {
          let current = held;
          for (const order of course) {
            const before = current;
            current = execute(current, order);
            if (order !== asked) continue;
            // Others may turn the position by themselves; the one that was let through may not.
            if (isReducing) expect(Math.abs(current)).toBeLessThanOrEqual(Math.abs(before));
            else expect(bound(decimal(String(Math.max(0, sign * current * 100))))).toBeGreaterThanOrEqual(0);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

interface Executable {
  readonly side: 'BUY' | 'SELL';
  readonly amount: number;
  readonly reduceOnly: boolean;
}

/** As an exchange does it: a reduce-only order is cut to what there is to reduce. */
function execute(held: number, { side, amount, reduceOnly }: Executable): number {
  const sign = side === 'BUY' ? 1 : -1;
  const reducible = Math.max(0, -sign * held);
  return held + sign * (reduceOnly ? Math.min(amount, reducible) : amount);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}
