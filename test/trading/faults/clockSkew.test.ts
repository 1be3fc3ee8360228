import { eventually } from '../../kit/eventually';
import { intentFor, openTradingNode, type TradingNode } from '../../kit/tradingNode';
import { Arena } from './arena';

const noticedWithinMs = 10_000;
const resting = { type: 'LIMIT', price: '80000' } as const;

let arena: Arena;
let node: TradingNode;
const alarms: string[] = [];

beforeAll(async () => {
  arena = await Arena.open('clock-skew');
  await arena.addAccount('skewed');
  node = openTradingNode({
    ...arena.settings,
    storage: arena.storage,
    onAlarm: ({ kind }) => alarms.push(kind),
  });
  await arena.reconciled();
  await eventually(async () => (await node.markets.quote('simulator:BTC/USDT')).last);
}, 240_000);

afterEach(() => turn(0));

afterAll(async () => {
  await node.stop();
  await arena.stop();
});

/** The exchange's clock runs so much ahead of ours. */
async function turn(offsetMs: number): Promise<void> {
  await arena.simulator.control('POST', 'clock', { offsetMs });
}

async function create(): Promise<string> {
  const { order, refusal } = await node.trading.createOrder(arena.asker, intentFor(arena.accounts[0]!.id, resting));
  return refusal?.code ?? order?.rejectCode ?? order!.phase;
}

async function ordersHere(): Promise<unknown> {
  const [row] = await arena.ask('SELECT count(*)::int AS count FROM orders');
  return row?.['count'];
}

async function calls(): Promise<number> {
  const { rest } = await arena.simulator.state();
  return Object.values(rest).reduce((total, call) => total + call.calls, 0);
}

it.each([400, -400])('trades on with clocks %i ms apart', async (offsetMs) => {
  await turn(offsetMs);
  expect(await create()).toBe('OPEN');
});

it.each([2_000, -2_000, 30_000, -30_000])(
  'sends no order with clocks %i ms apart, cancels all the same, floods nobody, and trades again by itself',
  async (offsetMs) => {
    expect(await create()).toBe('OPEN');
    const [standing] = await arena.storage.trading.openOrders(arena.accounts[0]!.id);
    alarms.length = 0;
    await turn(offsetMs);
    await eventually(() => alarms.includes('CLOCK_SKEWED'), { timeoutMs: noticedWithinMs });
    const before = await calls();
    const known = await ordersHere();
    expect(await create()).toBe('CLOCK_SKEWED');
    // Refused at once: nothing is written down that could not be sent.
    expect(await ordersHere()).toBe(known);
    const { order } = await node.trading.cancelOrder(arena.asker, standing!.id);
    expect(order?.phase).toBe('CANCELED');
    expect((await calls()) - before).toBeLessThan(50);
    await turn(0);
    await eventually(async () => (await create()) === 'OPEN', { timeoutMs: noticedWithinMs });
    await arena.settled(10_000);
    await arena.agrees();
  },
  60_000,
);
