import { compareDecimals } from '../../../src/domain/compareDecimals';
import { product, sum } from '../../../src/domain/money';
import { TradingStates } from '../../../src/trading/risk/tradingStates';
import { eventually } from '../../kit/eventually';
import { decimal } from '../../kit/tradingAccount';
import { intentFor, openTradingNode, type TradingNode } from '../../kit/tradingNode';
import { Arena } from './arena';
import { exchangeLedger } from './exchangeLedger';
import { faultRuns } from './faultRuns';

const ordersASecond = 50;
const seconds = faultRuns({ ci: 2, nightly: 20 });
/** An order that was claimed in the moment of the halt may still be on its way. */
const lastOrderBoundMs = 200;
const allCanceledBoundMs = 5_000;
const price = '80000';
const resting = { type: 'LIMIT', price, amount: '0.001' } as const;

let arena: Arena;
let node: TradingNode;

beforeAll(async () => {
  arena = await Arena.open('halt');
  for (const name of ['first', 'second']) await arena.addAccount(name);
  await arena.addAccount('limited', { maxPositionNotional: decimal('500') });
  await open();
}, 240_000);

afterAll(async () => {
  await node.stop();
  await arena.stop();
});

async function open(): Promise<void> {
  const epoch = await arena.epoch();
  node = openTradingNode({ ...arena.settings, storage: arena.storage });
  await arena.reconciled(epoch + 1);
  await eventually(async () => (await node.markets.quote('simulator:BTC/USDT')).last);
}

function states(): TradingStates {
  const { trading: store, risk } = arena.storage;
  return new TradingStates({ store, risk, clock: Date.now, equity: () => null, onFlatten: () => undefined });
}

/** When the last of an account's orders came to the exchange, by its clock, which is ours. */
async function lastOrderAt(label: string): Promise<number> {
  const { orders } = await exchangeLedger(arena.simulator, label);
  return Math.max(0, ...orders.map(({ time }) => time));
}

it('never lets a hundred orders at once over a limit of which each takes a fifth', async () => {
  const limited = arena.accounts[2]!;
  const answers = await Promise.all(
    Array.from({ length: 100 }, () =>
      node.trading.createOrder(arena.asker, intentFor(limited.id, { ...resting, amount: '0.00125' })),
    ),
  );
  const taken = answers.filter(({ refusal }) => refusal === null);
  expect(taken).toHaveLength(5);
  expect(new Set(answers.flatMap(({ refusal }) => refusal?.code ?? []))).toEqual(new Set(['MAX_POSITION_NOTIONAL']));
  const { orders } = await exchangeLedger(arena.simulator, limited.label);
  const exposure = sum(...orders.map(({ origQty }) => product(decimal(origQty), decimal(price))));
  expect(compareDecimals(exposure, decimal('500'))).toBeLessThanOrEqual(0);
  await arena.agrees();
}, 240_000);

it('lets no order to the exchange once all trading is halted amid 50 orders a second, cancels what stands, and stays halted', async () => {
  const [first, second] = arena.accounts;
  const asked: Promise<string>[] = [];
  const stream = setInterval(() => {
    const { id } = asked.length % 2 === 0 ? first! : second!;
    asked.push(
      node.trading
        .createOrder(arena.asker, intentFor(id, resting))
        .then(({ order, refusal }) => refusal?.code ?? order!.phase),
    );
  }, 1_000 / ordersASecond);
  await eventually(() => asked.length >= ordersASecond * seconds, { timeoutMs: 60_000 });
  const halt = { state: 'HALTED', flatten: false, reason: 'everything stops' } as const;
  await states().setGlobalTradingState({ actor: 'admin' }, halt);
  const haltedAt = Date.now();
  await Promise.all(
    arena.accounts.map(({ id }) => node.trading.cancelAllOrders(arena.asker, { accountId: id, market: null })),
  );
  const asManyAgain = asked.length + ordersASecond;
  await eventually(() => asked.length >= asManyAgain);
  clearInterval(stream);
  await eventually(
    async () =>
      (await Promise.all(arena.accounts.map(({ id }) => arena.storage.trading.openOrders(id)))).flat().length === 0,
  );
  expect(Date.now() - haltedAt).toBeLessThan(allCanceledBoundMs);

  const verdicts = await Promise.all(asked);
  expect(new Set(verdicts.slice(-ordersASecond))).toEqual(new Set(['GLOBAL_HALTED']));
  for (const { label } of arena.accounts.slice(0, 2)) {
    const last = await lastOrderAt(label);
    expect(last).toBeGreaterThan(0);
    expect(last - haltedAt).toBeLessThan(lastOrderBoundMs);
  }
  await arena.agrees();

  await node.stop();
  await open();
  const { refusal } = await node.trading.createOrder(arena.asker, intentFor(first!.id, resting));
  expect(refusal?.code).toBe('GLOBAL_HALTED');
  await states().setGlobalTradingState({ actor: 'admin' }, { ...halt, state: 'ACTIVE' });
}, 180_000);
