import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { toMarketId, type Market } from '../../src/domain/market';
import type { Fill, OrderReport } from '../../src/domain/orders';
import type { SendOutcome, TradingPort } from '../../src/exchanges/tradingPort';
import type { AccountRecord, OrderRecord } from '../../src/storage/trading/records';
import { LeadershipLost } from '../../src/storage/trading/tradingStore';
import { createLogger } from '../../src/telemetry/logger';
import { AccountDesk } from '../../src/trading/accountDesk';
import { clientOrderIdOf } from '../../src/trading/clientOrderId';
import { OrderSender } from '../../src/trading/orderSender';
import { OrderSettler } from '../../src/trading/orderSettler';
import { eventually } from '../kit/eventually';
import { Gate } from '../kit/gate';
import { openTestStorage } from '../kit/postgres';
import { makeOrder, makeOwner, money, writeOrders } from '../kit/tradingRecords';
import { marketOf } from './risk/riskHouse';

const market: Market = { ...marketOf('BTC/USDT'), id: toMarketId('simulator', 'BTC/USDT'), exchange: 'simulator' };
const accepted = { filled: money('0'), cost: null, average: null, fills: [] };

let house: Awaited<ReturnType<typeof openTestStorage>>;
let client: Client;
let account: AccountRecord;
let desk: AccountDesk;
let now: number;
let alarms: string[];
/** What the exchange says and was asked. */
let outcome: SendOutcome;
let skewMs: number;
let skewOf: TradingPort['clockSkewMs'];
let listed: { open: OrderReport[]; history: OrderReport[]; trades: Fill[] };
let answering: Promise<void>;
let sent: string[];
let asked: number;
let find: TradingPort['findOrder'];

beforeAll(async () => {
  house = await openTestStorage();
  client = new Client({ connectionString: house.url });
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client.end();
  await house.stop();
});

beforeEach(async () => {
  const { trading: store } = house.storage;
  account = await makeOwner(house.storage);
  now = account.createdAt + 3_600_000;
  [alarms, sent, asked, skewMs] = [[], [], 0, 0];
  answering = Promise.resolve();
  listed = { open: [], history: [], trades: [] };
  outcome = { kind: 'unknown', reason: 'no answer' };
  find = () => Promise.resolve(null);
  skewOf = () => Promise.resolve(skewMs);
  const port: Partial<TradingPort> = {
    placeOrder: async ({ clientOrderId }) => {
      sent.push(clientOrderId);
      await answering;
      return outcome;
    },
    findOrder: (reference) => {
      asked += 1;
      return find(reference);
    },
    clockSkewMs: () => skewOf(),
    openOrders: () => Promise.resolve(listed.open),
    ordersSince: () => Promise.resolve(listed.history),
    fillsSince: () => Promise.resolve(listed.trades),
  };
  desk = new AccountDesk({
    store,
    markets: {
      rate: () => Promise.resolve(null),
      market: (id) => Promise.resolve(id === market.id ? market : null),
      rules: () => Promise.reject(new Error('not asked for')),
      quote: () => Promise.reject(new Error('not asked for')),
    },
    port: port as TradingPort,
    account,
    epoch: (await store.house()).epoch,
    clock: () => now,
    newId: randomUUID,
    worthOfFee: () => money('0'),
    logger: createLogger('silent'),
    onAlarm: ({ kind }) => alarms.push(kind),
  });
});

async function write(changes: Partial<OrderRecord> = {}): Promise<OrderRecord> {
  const limit = {
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: money('100'),
    filled: money('0'),
    cost: money('0'),
  } as const;
  const order = makeOrder(account, { ...limit, fees: [], phase: 'PENDING', createdAt: now, ...changes });
  await writeOrders(house.storage, account, [{ order }]);
  return order;
}

const read = ({ id }: OrderRecord) => house.storage.trading.order(account.id, id);

async function audited(action: string, { id }: OrderRecord): Promise<number> {
  const { rowCount } = await client.query('SELECT FROM audit_entries WHERE action = $1 AND target = $2', [action, id]);
  return rowCount ?? 0;
}

function fillOf(exchangeOrderId: string, amount: string): Fill {
  return {
    ...{ tradeId: randomUUID(), exchangeOrderId, clientOrderId: null, symbol: market.symbol, side: 'BUY' },
    ...{ positionSide: null, price: money('100'), amount: money(amount), cost: money('100'), takerOrMaker: null },
    ...{ fees: [], exchangeTime: now },
  };
}

function reportOf(order: OrderRecord, changes: Partial<OrderReport> = {}): OrderReport {
  const terms = { ...order, symbol: market.symbol };
  const name = { exchangeOrderId: '7', clientOrderId: clientOrderIdOf(order.id, 1), symbol: market.symbol };
  return { ...name, terms, status: 'OPEN', exchangeTime: now, ...accepted, ...changes };
}

describe('an order that waits to be sent', () => {
  const halted = { state: 'HALTED', reason: 'enough', flatten: false } as const;
  const audit = { at: 0, actor: 'admin', action: 'test', target: null, outcome: 'done' };

  const senderOf = (isClockTrusted = true) =>
    new OrderSender(desk, {
      onFailure: (error) => {
        throw error;
      },
      isClockTrusted: () => isClockTrusted,
      onLacking: () => undefined,
    });

  async function send(order: OrderRecord, isClockTrusted = true): Promise<OrderRecord | null> {
    const sender = senderOf(isClockTrusted);
    sender.wake();
    await eventually(async () => !['PENDING', 'SENDING'].includes((await read(order))?.phase ?? 'PENDING'));
    await sender.stop();
    return read(order);
  }

  it('waits for room where sixteen are under way, however it was told of', async () => {
    const orders = await Promise.all(Array.from({ length: 20 }, () => write()));
    const gate = new Gate();
    answering = gate.passed;
    const sender = senderOf();
    expect(orders.map(({ id }) => sender.send(id))).toEqual(orders.map((_, index) => index < 16));
    await eventually(() => Promise.resolve(sent.length === 16));
    sender.wake();
    const late = await write();
    expect(sender.send(late.id)).toBe(false);
    expect(sent).toHaveLength(16);
    gate.open();
    await eventually(() => Promise.resolve(sent.length === 21));
    await sender.stop();
    expect(new Set(sent)).toEqual(new Set([...orders, late].map(({ id }) => clientOrderIdOf(id, 1))));
  });

  const haltAccount = () => desk.book((_booking, tx) => tx.updateAccount({ tradingState: 'HALTED' }));
  const haltAll = () => house.storage.trading.setHouseState({ ...halted, at: now }, audit);
  const goOn = () => house.storage.trading.setHouseState({ ...halted, state: 'ACTIVE', at: now }, audit);

  afterEach(goOn);

  it.each<[string, () => Promise<unknown>]>([
    ['its account', haltAccount],
    ['all', haltAll],
  ])('is not sent once %s is halted, unless it flattens', async (_whom, halt) => {
    const [order, flatten] = [await write(), await write({ origin: 'FLATTEN' })];
    await halt();
    expect(await send(order)).toMatchObject({ phase: 'CANCELED', signedAt: null });
    await send(flatten);
    expect(sent).toEqual([clientOrderIdOf(flatten.id, 1)]);
  });

  const reduceAccount = () => desk.book((_booking, tx) => tx.updateAccount({ tradingState: 'REDUCING' }));
  const reduceAll = () => house.storage.trading.setHouseState({ ...halted, state: 'REDUCING', at: now }, audit);

  it.each<[string, () => Promise<unknown>]>([
    ['its account', reduceAccount],
    ['everybody', reduceAll],
  ])('is not sent once %s may only reduce, unless it does, or flattens', async (_whom, reduce) => {
    const [buying, selling] = [await write(), await write({ side: 'SELL' })];
    const flatten = await write({ origin: 'FLATTEN' });
    await reduce();
    expect(await send(buying)).toMatchObject({ phase: 'CANCELED', rejectCode: 'TRADING_REDUCING', signedAt: null });
    await send(selling);
    await send(flatten);
    expect(sent.sort()).toEqual([selling, flatten].map(({ id }) => clientOrderIdOf(id, 1)).sort());
  });

  it('is not sent a minute after it was judged, unless it flattens', async () => {
    const at = { createdAt: now - 60_001 };
    const [late, flatten] = [await write(at), await write({ ...at, origin: 'FLATTEN' })];
    const inTime = await write({ createdAt: now - 60_000 });
    expect(await send(late)).toMatchObject({ phase: 'CANCELED', rejectCode: 'INTENT_EXPIRED' });
    await send(flatten);
    await send(inTime);
    expect(sent.sort()).toEqual([flatten, inTime].map(({ id }) => clientOrderIdOf(id, 1)).sort());
  });

  it.each(['API', 'FLATTEN'] as const)('of origin %s is not sent by a clock that is not trusted', async (origin) => {
    expect(await send(await write({ origin }), false)).toMatchObject({ phase: 'CANCELED', rejectCode: 'CLOCK_SKEWED' });
    expect(sent).toEqual([]);
  });

  it.each<[SendOutcome, Partial<OrderRecord>]>([
    [
      { kind: 'unknown', reason: 'no answer' },
      { phase: 'UNKNOWN', rejectCode: null },
    ],
    [
      { kind: 'refused', code: 'DUPLICATE_CLIENT_ORDER_ID', message: 'Duplicate order sent.' },
      { phase: 'UNKNOWN', rejectCode: null },
    ],
    [
      { kind: 'refused', code: 'INSUFFICIENT_BALANCE', message: 'No.' },
      { phase: 'REJECTED', rejectCode: 'INSUFFICIENT_BALANCE' },
    ],
  ])('whose answer is %j is %j', async (answer, expected) => {
    outcome = answer;
    expect(await send(await write())).toMatchObject(expected);
  });
});

describe('an order without an answer', () => {
  let critical: string[];
  let failures: unknown[];
  let underWay: Set<string>;
  let settler: OrderSettler;

  beforeEach(() => {
    [critical, failures, underWay] = [[], [], new Set()];
    settler = new OrderSettler(desk, {
      isUnderWay: (id) => underWay.has(id),
      onCritical: ({ id }) => critical.push(id),
      onFailure: (error) => failures.push(error),
    });
  });

  /** One look at what is due, and all that comes of it. */
  async function settled(): Promise<void> {
    await settler.look();
    await settler.idle();
  }

  const unknown = (changes: Partial<OrderRecord> = {}) =>
    write({ phase: 'UNKNOWN', signedAt: now - 20_001, unknownSince: now - 20_000, misses: 3, ...changes });

  it('is called unknown where nobody is sending it any more, and left to whoever is', async () => {
    const [interrupted, going] = [await write({ phase: 'SENDING' }), await write({ phase: 'SENDING' })];
    underWay.add(going.id);
    await settled();
    expect([(await read(interrupted))?.phase, (await read(going))?.phase]).toEqual(['UNKNOWN', 'SENDING']);
  });

  it('is asked about every two seconds', async () => {
    await unknown({ signedAt: now });
    await settled();
    now += 1_999;
    await settled();
    expect(asked).toBe(1);
    now += 1;
    await settled();
    expect(asked).toBe(2);
  });

  it('is an alarm after a minute, once', async () => {
    const { id } = await unknown({ signedAt: null, unknownSince: now - 58_000 });
    for (const expected of [[], [], [id], [id]]) {
      await settled();
      expect(critical).toEqual(expected);
      now += 2_000;
      if (expected.length === 0 && asked === 2) now += 1;
    }
  });

  it('does not wait for another of which nothing can be asked', async () => {
    await unknown({ marketId: toMarketId('simulator', 'GONE/USDT'), signedAt: null, createdAt: now - 1 });
    const order = await unknown({ misses: 0 });
    await settled();
    expect([failures.length, (await read(order))?.misses]).toEqual([1, 1]);
  });

  it('keeps its own time while the question about another has no answer', async () => {
    const [silent, order] = [await unknown({ signedAt: null }), await unknown({ misses: 0, createdAt: now + 1 })];
    const gate = new Gate();
    find = async ({ clientOrderId }) => {
      if (clientOrderId === clientOrderIdOf(silent.id, 1)) await gate.passed;
      return null;
    };
    for (const misses of [1, 2, 3]) {
      await settler.look();
      await eventually(async () => (await read(order))?.misses === misses);
      now += 2_000;
    }
    expect(asked).toBe(4);
    gate.open();
    await settler.idle();
  });

  it('keeps its own time while another is being proven absent, by one proof at a time', async () => {
    const [proven, order] = [await unknown(), await unknown({ signedAt: null, misses: 0 })];
    const gate = new Gate();
    let proofs = 0;
    skewOf = async () => {
      proofs += 1;
      await gate.passed;
      return 0;
    };
    for (const misses of [1, 2, 3]) {
      await settler.look();
      await eventually(async () => (await read(order))?.misses === misses);
      now += 2_000;
    }
    expect([proofs, (await read(proven))?.phase]).toEqual([1, 'UNKNOWN']);
    gate.open();
    await settler.idle();
    expect((await read(proven))?.phase).toBe('NOT_PLACED');
  });

  it('is asked about with seven others at most, the longest not asked about first', async () => {
    for (let number = 0; number < 10; number += 1)
      await unknown({ signedAt: null, misses: 0, createdAt: now + number });
    const gates = Array.from({ length: 20 }, () => new Gate());
    const names: (string | null)[] = [];
    find = async ({ clientOrderId }) => {
      await gates[names.push(clientOrderId) - 1]!.passed;
      return null;
    };
    await settler.look();
    await eventually(() => names.length === 8);
    await settler.look();
    expect(names).toHaveLength(8);
    gates[0]!.open();
    await eventually(() => names.length === 9);
    now += 2_000;
    // Only the first can be asked about again, and only when its turn comes.
    await settler.look();
    expect(names).toHaveLength(9);
    for (const gate of gates) gate.open();
    await settler.idle();
    expect([names.length, new Set(names.slice(0, 10)).size]).toEqual([11, 10]);
    expect(names[10]).toBe(names[0]);
  });

  it.each<[string, string, (order: OrderRecord) => void, Partial<OrderRecord>?]>([
    ['NOT_PLACED', 'all that it takes is there', () => undefined],
    ['UNKNOWN', 'it was missed but twice', () => undefined, { misses: 2 }],
    ['UNKNOWN', 'it was never signed', () => undefined, { signedAt: null }],
    ['UNKNOWN', 'its signature may still be taken', () => (now -= 1)],
    ['UNKNOWN', 'it may by the exchange’s clock', () => (skewMs = 1)],
    ['UNKNOWN', 'it may by our own clock', () => ([now, skewMs] = [now - 1, -60_000])],
    ['UNKNOWN', 'it stands open', (order) => listed.open.push(reportOf(order))],
    ['UNKNOWN', 'it is in the history', (order) => listed.history.push(reportOf(order))],
    [
      'UNKNOWN',
      'it was executed',
      (order) => listed.trades.push({ ...fillOf('7', '1'), clientOrderId: clientOrderIdOf(order.id, 1) }),
    ],
    ['UNKNOWN', 'somebody’s was executed whose order nobody knows', () => listed.trades.push(fillOf('8', '1'))],
    ['CANCELING', 'its cancel has no answer', () => undefined, { phase: 'CANCELING' }],
  ])('is %s where %s', async (phase, _where, change, changes = {}) => {
    const order = await unknown(changes);
    change(order);
    await settled();
    expect([failures, (await read(order))?.phase]).toEqual([[], phase]);
  });
});

describe('what is told of an order', () => {
  it('leaves one that is being edited to whoever replaces it', async () => {
    const order = await write({ phase: 'EDITING', editAmount: money('2') });
    await desk.book((booking) => booking.report(market, reportOf(order, { status: 'CANCELED' }), 'told'));
    expect(await read(order)).toMatchObject({ phase: 'EDITING', editAmount: '2' });
  });

  it('frees what it kept when it has ended', async () => {
    const order = await write({ phase: 'OPEN', reservedCurrency: 'USDT', reserved: money('100') });
    await desk.book((booking) => booking.report(market, reportOf(order, { status: 'CANCELED' }), 'told'));
    expect(await read(order)).toMatchObject({ phase: 'CANCELED', reserved: '0' });
  });

  it('is an alarm, in the audit log too, where it cannot be, and changes nothing', async () => {
    const order = await write({ phase: 'OPEN' });
    const change = { rejectCode: 'NEVER' };
    await desk.book((booking) => booking.move(order, { type: 'CLAIMED', attempt: 1 }, { cause: 'test', change }));
    expect([alarms, await audited('ILLEGAL_TRANSITION', order)]).toEqual([['ILLEGAL_TRANSITION'], 1]);
    expect(await read(order)).toEqual(order);
  });

  it('is an alarm and is booked where it was executed after its end', async () => {
    const order = await write({ phase: 'CANCELED' });
    const late = { ...fillOf('7', '0.4'), clientOrderId: clientOrderIdOf(order.id, 1) };
    await desk.book((booking) => booking.fill(market, late));
    expect([alarms, await audited('LATE_FILL', order)]).toEqual([['LATE_FILL'], 1]);
    expect(await read(order)).toMatchObject({ phase: 'CANCELED', filled: '0.4' });
  });

  it('books the executions of one that nobody knows, and gives them to it once it is found', async () => {
    const order = makeOrder(account, { phase: 'OPEN', filled: money('0'), cost: money('0'), exchangeOrderId: '9' });
    const stranger = reportOf(order, { exchangeOrderId: '9', clientOrderId: 'by-hand', fills: [fillOf('9', '0.4')] });
    expect(await desk.book((booking) => booking.report(market, stranger, 'told'))).toBeNull();
    const positions = await desk.book((_booking, tx) => tx.positions());
    expect(positions.map(({ amount }) => amount)).toEqual(['0.4']);
    await desk.book((booking) => booking.adopt(order, 'by-hand'));
    expect(await read(order)).toMatchObject({ phase: 'PARTIALLY_FILLED', filled: '0.4' });
  });

  it('misses no execution of a sending that was replaced', async () => {
    const order = await write({ phase: 'OPEN', attempt: 2 });
    const lacking = (changes: Partial<OrderReport>) =>
      desk.book((booking) => booking.lackingFills(market, reportOf(order, { filled: money('0.4'), ...changes })));
    expect(await lacking({})).toBeNull();
    const latest = { clientOrderId: clientOrderIdOf(order.id, 2), exchangeOrderId: '8' };
    expect(await lacking(latest)).toMatchObject({ id: order.id });
  });
});

it('is booked by whoever leads, and by nobody who did before', async () => {
  const order = await write({ phase: 'OPEN' });
  await house.storage.trading.takeLead();
  const late = desk.book((booking) => booking.report(market, reportOf(order, { status: 'CANCELED' }), 'told'));
  await expect(late).rejects.toBeInstanceOf(LeadershipLost);
  expect(await read(order)).toEqual(order);
});
