import { randomUUID } from 'node:crypto';
import type { AccountApproval, RiskLimits, TradingState } from '../../src/domain/accounts';
import type { DecimalString } from '../../src/domain/decimal';
import type { MarketRules } from '../../src/domain/marketRules';
import { readMarketRules } from '../../src/exchanges/readMarketRules';
import type { AccountRecord, OrderOrigin, OrderRecord } from '../../src/storage/trading/records';
import { IntentJudge } from '../../src/trading/intentJudge';
import type { MarketFacts } from '../../src/trading/marketFacts';
import { OrderEdits, type EditRequest } from '../../src/trading/orderEdits';
import { OrderIntake, type IntentRequest } from '../../src/trading/orderIntake';
import { intentFor } from '../kit/tradingNode';
import { decimal, marketOf, orderOf, RiskHouse } from './risk/riskHouse';

const spot = marketOf('BTC/USDT');
const limit = { market: spot.id, type: 'LIMIT', amount: '1', price: '100' } as const;

let house: RiskHouse;
let account: AccountRecord;
let rules: MarketRules;
/** What a unit of the quote currency is worth in the account's. */
let rate: DecimalString | null;
/** Runs when an order was looked at, and before its account is held. */
let betweenLookAndWrite: () => Promise<unknown>;
let stored: string[];
let isClockTrusted: boolean;

beforeAll(async () => {
  house = await RiskHouse.open();
  await house.store.takeLead();
});

afterAll(() => house.stop());

beforeEach(async () => {
  house.markets.price('BTC/USDT', '100');
  rules = readMarketRules({ limits: {} }, spot);
  rate = decimal('1');
  betweenLookAndWrite = () => Promise.resolve();
  stored = [];
  isClockTrusted = true;
  account = await open();
});

async function open(): Promise<AccountRecord> {
  const made = await house.addAccount();
  const { epoch: reconciledEpoch } = await house.store.house();
  await update({ reconciledEpoch }, made.id);
  await house.transfer(made.id, 'USDT', '1000');
  await house.transfer(made.id, 'BTC', '5');
  return made;
}

async function update(
  change: { reconciledEpoch?: number; tradingState?: TradingState; removedAt?: number; limits?: Partial<RiskLimits> },
  accountId = account.id,
): Promise<void> {
  await house.store.transaction({ accountId, epoch: null }, (tx) =>
    tx.updateAccount({ ...change, limits: { ...tx.account.limits, ...change.limits } }),
  );
}

/** Of LIVE accounts alone. */
function setApproval(approval: AccountApproval): Promise<unknown> {
  const change = `UPDATE accounts SET mode = 'LIVE', approval = $2 WHERE id = $1`;
  return house.dataSource.query(change, [account.id, approval]);
}

const facts: MarketFacts = {
  // Another exchange has the same markets.
  market: (id) => house.markets.market(id.replace('other:', 'fake:')),
  quote: async (id) => ({ ...(await house.markets.quote(id)), bid: decimal('99'), ask: decimal('101') }),
  rules: () => Promise.resolve(rules),
  rate: () => Promise.resolve(rate),
};

function parts() {
  const judge = new IntentJudge({
    markets: facts,
    clock: house.time.now,
    equity: () => null,
    isClockTrusted: () => isClockTrusted,
  });
  return {
    store: house.store,
    judge: {
      prepare: async (...asked: Parameters<IntentJudge['prepare']>) => {
        const prepared = await judge.prepare(...asked);
        await betweenLookAndWrite();
        return prepared;
      },
      judge: (...asked: Parameters<IntentJudge['judge']>) => judge.judge(...asked),
    },
    clock: house.time.now,
    newId: randomUUID,
    worthOfFee: () => decimal('0'),
    onStored: ({ id }: OrderRecord) => stored.push(id),
    onRequested: () => undefined,
  };
}

interface Asked extends Partial<IntentRequest> {
  readonly userId?: string;
  readonly origin?: OrderOrigin;
}

function take(changes: Partial<IntentRequest['input']> = {}, { userId, origin, ...request }: Asked = {}) {
  const asker = { userId: userId ?? house.ownerId, actor: 'test' };
  const intent = { ...intentFor(account.id, { ...limit, ...changes }), ...request };
  return new OrderIntake(parts()).take(asker, intent, origin);
}

async function codeOf(result: ReturnType<typeof take>): Promise<string | null> {
  const answer = await result;
  return answer.kind === 'refused' ? answer.refusal.code : null;
}

/** An order of the account that stands, written down as it is. */
async function write(changes: Partial<OrderRecord> = {}): Promise<OrderRecord> {
  const order = orderOf(account.id, spot.id, changes);
  const { id: orderId, createdAt: at, phase: to } = order;
  await house.store.transaction({ accountId: account.id, epoch: null }, (tx) =>
    tx.insertOrder(order, { orderId, at, from: null, to, cause: 'created' }),
  );
  return order;
}

describe('an order is refused', () => {
  it.each<[string, (proven: number) => Promise<string | null>]>([
    ['than two seconds', (ageMs) => aged(ageMs - 1_000)],
    ['than its client allows', (ageMs) => aged(ageMs - 2_500, { maxPriceAgeMs: 500 })],
    [
      'than its account allows',
      async (ageMs) => {
        await update({ limits: { maxPriceAgeMs: 500 } });
        return aged(ageMs - 2_500);
      },
    ],
    [
      'than two seconds, though client and account allow more',
      async (ageMs) => {
        await update({ limits: { maxPriceAgeMs: 5_000 } });
        return aged(ageMs - 1_000, { maxPriceAgeMs: 5_000 });
      },
    ],
  ])('by a price that is older %s', async (_than, ask) => {
    expect([await ask(3_000), await ask(3_001)]).toEqual([null, 'STALE_PRICE']);
  });

  async function aged(ageMs: number, asked: Asked = {}): Promise<string | null> {
    house.markets.price('BTC/USDT', '100', house.time.now() - ageMs);
    return codeOf(take({}, asked));
  }

  it('while the clock of the exchange is another', async () => {
    isClockTrusted = false;
    expect(await codeOf(take())).toBe('CLOCK_SKEWED');
  });

  it('whose limit is too far from the market', async () => {
    rules = { ...rules, priceBands: bands };
    expect(await codeOf(take({ price: '111' }))).toBe('PRICE_TOO_FAR');
    expect(await codeOf(take({ price: '110' }))).toBeNull();
    expect(await codeOf(take({ side: 'SELL', price: '89' }))).toBe('PRICE_TOO_FAR');
    expect(await codeOf(take({ side: 'SELL', price: '90' }))).toBeNull();
  });

  const band = { down: decimal('0.9'), up: decimal('1.1') };
  const bands = { buy: band, sell: band, reference: { kind: 'LAST' } } as const;

  it('of a market of another exchange, and of one that is closed', async () => {
    expect(await codeOf(take({ market: 'other:BTC/USDT' }))).toBe('MARKET_NOT_FOUND');
    house.markets.price('OLD/USDT', '1');
    house.markets.deactivate('OLD/USDT');
    expect(await codeOf(take({ market: 'fake:OLD/USDT' }))).toBe('MARKET_CLOSED');
  });

  it('before its account was compared with the exchange by whoever leads', async () => {
    await update({ reconciledEpoch: 0 });
    expect(await codeOf(take())).toBe('ACCOUNT_NOT_RECONCILED');
  });

  it('in a market of which an order is unknown for more than a minute', async () => {
    house.markets.price('ETH/USDT', '100');
    await write({ phase: 'UNKNOWN', unknownSince: house.time.now() - 60_000 });
    expect(await codeOf(take())).toBeNull();
    await write({ phase: 'UNKNOWN', unknownSince: house.time.now() - 60_001 });
    expect(await codeOf(take())).toBe('MARKET_FROZEN');
    expect(await codeOf(take({ market: 'fake:ETH/USDT' }))).toBeNull();
  });

  it('where what it is worth to the account is limited and no current price says it', async () => {
    rate = null;
    expect(await codeOf(take())).toBeNull();
    await update({ limits: { maxOrderNotional: decimal('1000') } });
    expect(await codeOf(take())).toBe('RISK_UNKNOWN');
    rate = decimal('11');
    expect(await codeOf(take())).toBe('MAX_ORDER_NOTIONAL');
    rate = decimal('10');
    expect(await codeOf(take())).toBeNull();
  });

  it('by what it takes from the book where it has no limit, and by its quote amount', async () => {
    const market = { type: 'MARKET', price: null } as const;
    await update({ limits: { maxOrderNotional: decimal('100') } });
    expect(await codeOf(take({ ...market, side: 'SELL' }))).toBeNull();
    expect(await codeOf(take(market))).toBe('MAX_ORDER_NOTIONAL');
    expect(await codeOf(take({ ...market, amount: null, quoteAmount: '100.01' }))).toBe('MAX_ORDER_NOTIONAL');
    expect(await codeOf(take({ ...market, amount: null, quoteAmount: '100' }))).toBeNull();
  });

  it('beyond the orders of a minute, those that ended included', async () => {
    await update({ limits: { maxOrdersPerMinute: 2 } });
    await write({ phase: 'CANCELED', createdAt: house.time.now() - 59_999 });
    await write({ phase: 'CANCELED', createdAt: house.time.now() - 60_000 });
    await write({ phase: 'CLOSED', origin: 'FLATTEN', createdAt: house.time.now() });
    expect(await codeOf(take())).toBeNull();
    expect(await codeOf(take())).toBe('MAX_ORDERS_PER_MINUTE');
  });

  it('where it needs more than what no other order keeps', async () => {
    expect(await codeOf(take({ amount: '8' }))).toBeNull();
    expect(await codeOf(take({ amount: '2.00001' }))).toBe('INSUFFICIENT_BALANCE');
    expect(await codeOf(take({ amount: '2' }))).toBeNull();
    expect(await codeOf(take({ side: 'SELL', amount: '5.00001' }))).toBe('INSUFFICIENT_BALANCE');
  });

  it('unless a flatten sends it: by a price of any age, while all is halted', async () => {
    house.markets.price('BTC/USDT', '100', house.time.now() - 3_600_000);
    rules = { ...rules, priceBands: bands };
    rate = null;
    await update({ tradingState: 'HALTED', limits: { maxOrderNotional: decimal('1') } });
    const closing = { type: 'MARKET', side: 'SELL', price: null } as const;
    expect(await codeOf(take(closing))).toBe('STALE_PRICE');
    expect(await codeOf(take(closing, { origin: 'FLATTEN' }))).toBeNull();
    expect(await codeOf(take({ ...closing, side: 'BUY' }, { origin: 'FLATTEN' }))).toBe('FLATTEN_NOT_REDUCING');
  });
});

describe('a key', () => {
  const key = (): { idempotencyKey: string } => ({ idempotencyKey: randomUUID() });

  it('stands for one order, however often it comes, and for the order that was asked for', async () => {
    const once = key();
    const first = await take({}, once);
    const again = await take({}, once);
    expect(again).toEqual({ ...first, replayed: true });
    expect(stored).toEqual(first.kind === 'stored' ? [first.order.id] : []);
    expect(await codeOf(take({ amount: '2' }, once))).toBe('IDEMPOTENCY_CONFLICT');
    expect(await codeOf(take({}, { ...once, maxPriceAgeMs: 900 }))).toBe('IDEMPOTENCY_CONFLICT');
    const { id: accountId } = await open();
    expect(await codeOf(take({}, { ...once, accountId }))).toBe('IDEMPOTENCY_CONFLICT');
  });

  it('stands for one order where the same comes at once, and for one of two where they differ', async () => {
    const [once, twice] = [key(), key()];
    betweenLookAndWrite = meeting(2);
    const same = await Promise.all([take({}, once), take({}, once)]);
    expect(same.map((result) => result.kind === 'stored' && result.replayed).sort()).toEqual([false, true]);
    expect(stored).toHaveLength(1);
    betweenLookAndWrite = meeting(2);
    const codes = await Promise.all([codeOf(take({}, twice)), codeOf(take({ amount: '2' }, twice))]);
    expect(codes.sort()).toEqual(['IDEMPOTENCY_CONFLICT', null]);
    expect(stored).toHaveLength(2);
  });

  it('that two accounts of one owner take in the same moment leaves one order, and nothing of the other', async () => {
    const { id: other } = await open();
    const once = key();
    // Both are past their own look at the key: the second to write it finds it taken.
    const meet = meeting(2);
    const judges = jest.spyOn(IntentJudge.prototype, 'judge').mockImplementation(() => meet().then(() => null));
    const codes = await Promise.all([codeOf(take({}, once)), codeOf(take({}, { ...once, accountId: other }))]);
    judges.mockRestore();
    expect(codes.sort()).toEqual(['IDEMPOTENCY_CONFLICT', null]);
    const open_ = await Promise.all([account.id, other].map((id) => house.store.openOrders(id)));
    expect(open_.flat()).toHaveLength(1);
  });

  it.each(['', 'x'.repeat(129)])('has 1 to 128 characters', async (idempotencyKey) => {
    expect(await codeOf(take({}, { idempotencyKey }))).toBe('IDEMPOTENCY_KEY_NOT_ACCEPTABLE');
    expect(await codeOf(take({}, { idempotencyKey: 'x'.repeat(128) }))).toBeNull();
    await house.dataSource.query('DELETE FROM idempotency_keys WHERE length(key) = 128');
  });

  /** Lets so many through together. */
  function meeting(count: number): () => Promise<void> {
    let missing = count;
    let open: () => void;
    const all = new Promise<void>((resolve) => {
      open = resolve;
    });
    return () => {
      missing -= 1;
      if (missing <= 0) open();
      return all;
    };
  }
});

describe('an account', () => {
  it("takes orders of its owner alone, and answers others' as of one that is nowhere", async () => {
    const stranger = await take({}, { userId: randomUUID() });
    expect(stranger).toEqual(await take({}, { accountId: randomUUID() }));
    expect(stranger).toMatchObject({ kind: 'refused', refusal: { code: 'ACCOUNT_NOT_FOUND' } });
  });

  it('that is removed while an order is looked at takes none', async () => {
    betweenLookAndWrite = () => update({ removedAt: house.time.now() });
    expect(await codeOf(take())).toBe('ACCOUNT_NOT_FOUND');
    expect(await house.store.openOrders(account.id)).toEqual([]);
  });

  it('that waits for a second person takes none that a client asks for, nothing is stored, and it does once it is approved', async () => {
    await setApproval('AWAITED');
    const selling = { type: 'MARKET', side: 'SELL', price: null } as const;
    expect([await codeOf(take()), await codeOf(take(selling))]).toEqual([
      'ACCOUNT_NOT_APPROVED',
      'ACCOUNT_NOT_APPROVED',
    ]);
    expect([stored, await house.store.openOrders(account.id)]).toEqual([[], []]);
    // The way out stays open.
    expect(await codeOf(take(selling, { origin: 'FLATTEN' }))).toBeNull();
    await setApproval('GIVEN');
    expect(await codeOf(take())).toBeNull();
  });

  it('that begins to wait while an order is looked at takes none', async () => {
    betweenLookAndWrite = () => setApproval('AWAITED');
    expect(await codeOf(take())).toBe('ACCOUNT_NOT_APPROVED');
    expect(stored).toEqual([]);
  });

  it('has every refusal in its audit log', async () => {
    await update({ tradingState: 'HALTED' });
    expect(await codeOf(take())).toBe('TRADING_HALTED');
    const outcome = `target = '${account.id}' AND outcome LIKE 'TRADING_HALTED: %'`;
    expect(await house.count('audit_entries', outcome)).toBe(1);
  });
});

describe('an edit', () => {
  function edit(order: OrderRecord, changes: Partial<EditRequest> & { readonly userId?: string } = {}) {
    const { userId = house.ownerId, ...request } = changes;
    return new OrderEdits(parts()).edit(
      { userId, actor: 'test' },
      {
        orderId: order.id,
        idempotencyKey: randomUUID(),
        price: '101',
        amount: null,
        expectedVersion: null,
        ...request,
      },
    );
  }

  async function codeOfEdit(order: OrderRecord, changes: Parameters<typeof edit>[1] = {}): Promise<string | null> {
    const answer = await edit(order, changes);
    return answer.kind === 'refused' ? answer.refusal.code : null;
  }

  it.each<[string, Partial<OrderRecord>, Partial<EditRequest>]>([
    ['ORDER_NOT_OPEN', { phase: 'PENDING' }, {}],
    ['ORDER_NOT_OPEN', { phase: 'EDITING' }, {}],
    ['ORDER_NOT_OPEN', { phase: 'CANCELED' }, {}],
    ['ORDER_NOT_OPEN', { amount: null, quoteAmount: decimal('100') }, { amount: '2' }],
    ['VERSION_CONFLICT', { version: 3 }, { expectedVersion: 2 }],
    ['FIELD_MISSING', {}, { price: null }],
    ['FIELD_NOT_USED', { type: 'STOP', price: null, triggerPrice: decimal('90') }, {}],
    ['NUMBER_NOT_ACCEPTABLE', {}, { price: '0' }],
    ['NUMBER_NOT_ACCEPTABLE', {}, { price: 'x' }],
    ['NUMBER_NOT_ACCEPTABLE', {}, { amount: '-1' }],
    ['AMOUNT_ALREADY_FILLED', { phase: 'PARTIALLY_FILLED', filled: decimal('0.5') }, { amount: '0.5' }],
    ['INSUFFICIENT_BALANCE', {}, { amount: '100' }],
  ])('is refused with %s: of %j, %j', async (code, changes, request) => {
    const order = await write(changes);
    expect(await codeOfEdit(order, request)).toBe(code);
    expect(await house.store.order(account.id, order.id)).toEqual(order);
  });

  it('takes the version that its client has seen, and is judged by the version that is there when it is written', async () => {
    const order = await write({ version: 3 });
    betweenLookAndWrite = async () => {
      const moved = { ...order, phase: 'PARTIALLY_FILLED', filled: decimal('0.5'), version: 4 } as const;
      await house.store.transaction({ accountId: account.id, epoch: null }, (tx) => {
        tx.saveOrder(moved, null);
        return Promise.resolve();
      });
    };
    expect(await codeOfEdit(order, { expectedVersion: 3 })).toBe('VERSION_CONFLICT');
    expect(await codeOfEdit(order, { amount: '0.4' })).toBe('AMOUNT_ALREADY_FILLED');
    betweenLookAndWrite = () => Promise.resolve();
    expect(await codeOfEdit(order, { expectedVersion: 4 })).toBeNull();
  });

  it.each<[string, Parameters<typeof update>[0], 'BUY' | 'SELL', string | null]>([
    ['adds while reducing', { tradingState: 'REDUCING' }, 'BUY', 'TRADING_REDUCING'],
    ['reduces while reducing', { tradingState: 'REDUCING' }, 'SELL', null],
    ['reduces while halted', { tradingState: 'HALTED' }, 'SELL', 'TRADING_HALTED'],
    ['is above a limit', { limits: { maxOrderNotional: decimal('200') } }, 'BUY', 'MAX_ORDER_NOTIONAL'],
    ['takes its own place', { limits: { maxPositionNotional: decimal('202') } }, 'BUY', null],
  ])('of what %s is judged as a new order', async (_what, change, side, code) => {
    const order = await write({ side });
    await update(change);
    expect(await codeOfEdit(order, { amount: '2', ...(code?.startsWith('MAX') ? { price: '101' } : {}) })).toBe(code);
  });

  it('of an account that waits for a second person is refused', async () => {
    const order = await write({ side: 'SELL' });
    await setApproval('AWAITED');
    expect(await codeOfEdit(order)).toBe('ACCOUNT_NOT_APPROVED');
  });

  it('is refused by an old price, and by a key that is none', async () => {
    const order = await write();
    expect(await codeOfEdit(order, { idempotencyKey: '' })).toBe('IDEMPOTENCY_KEY_NOT_ACCEPTABLE');
    house.markets.price('BTC/USDT', '100', house.time.now() - 2_001);
    expect(await codeOfEdit(order)).toBe('STALE_PRICE');
  });

  it('keeps what the dearer of both needs, until the old one is gone', async () => {
    const order = await write({ reservedCurrency: 'USDT', reserved: decimal('100') });
    expect(await edit(order, { price: '50' })).toMatchObject({ order: { phase: 'EDITING', reserved: '100' } });
    const other = await write({ reservedCurrency: 'USDT', reserved: decimal('100') });
    expect(await edit(other, { price: '150' })).toMatchObject({ order: { phase: 'EDITING', reserved: '150' } });
  });

  it('is of an order of the asker, and one key stands for one edit', async () => {
    const order = await write();
    expect(await codeOfEdit(order, { userId: randomUUID() })).toBe('ORDER_NOT_FOUND');
    const once = { idempotencyKey: randomUUID() };
    const first = await edit(order, once);
    expect(await edit(order, once)).toEqual({ ...first, replayed: true });
    expect(await codeOfEdit(order, { ...once, price: '102' })).toBe('IDEMPOTENCY_CONFLICT');
    expect(await codeOf(take({}, once))).toBe('IDEMPOTENCY_CONFLICT');
  });
});
