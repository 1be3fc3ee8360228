import { toDecimalString } from '../../../src/domain/decimal';
import { sum } from '../../../src/domain/money';
import type { AccountRecord } from '../../../src/storage/trading/records';
import { eventually } from '../../kit/eventually';
import { decimal } from '../../kit/tradingAccount';
import { intentFor, openTradingNode, type TradingNode } from '../../kit/tradingNode';
import { Arena } from './arena';

/** What happens to an account beside us has to be seen within a minute; here its rounds are hurried, 2 s apart. */
const roundMs = 30_000;
const longestWaitMs = 2_000;
const foundWithinMs = 30_000;
const market = 'BTCUSDT';

let arena: Arena;
let node: TradingNode;
let accounts: Readonly<Record<'external' | 'drift' | 'stranger' | 'ours' | 'gone', AccountRecord>>;
const alarms: string[] = [];

const call = (account: Pick<AccountRecord, 'label'>, method: string, parameters: object): Promise<unknown> =>
  arena.simulator.control('POST', `accounts/${account.label}/calls`, {
    method,
    path: '/api/v3/order',
    parameters: { symbol: market, ...parameters },
  });

const limit = { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };

beforeAll(async () => {
  arena = await Arena.open('reconciliation', ['--quiet', market]);
  const opened: Record<string, AccountRecord> = {};
  for (const name of ['external', 'drift', 'stranger', 'ours', 'gone']) opened[name] = await arena.addAccount(name);
  accounts = opened as typeof accounts;
}, 240_000);

afterAll(async () => {
  await node.stop();
  await arena.stop();
});

/** The texts of every difference that was ever published for an account. */
async function published({ id }: AccountRecord): Promise<readonly string[]> {
  const rows = await arena.ask('SELECT unnest(differences) AS text FROM reconciliations WHERE account_id = $1', [id]);
  return rows.map(({ text }) => text as string);
}

async function ordersOf({ id }: AccountRecord): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return arena.ask('SELECT origin, phase, filled::text, exchange_order_id FROM orders WHERE account_id = $1', [id]);
}

/** Another account takes a part of what stands at the top of the book. */
const take = (quantity: string): Promise<unknown> =>
  call(accounts.external, 'POST', { side: 'SELL', type: 'MARKET', quantity });

it('adopts at its start what stands at the exchange, with what was executed before and after the account was opened', async () => {
  const name = 'partly';
  await arena.openThere(name);
  const { bidPrice } = (await (
    await fetch(`${arena.settings.restUrl}/api/v3/ticker/bookTicker?symbol=${market}`)
  ).json()) as { readonly bidPrice: string };
  const price = sum(toDecimalString(bidPrice), decimal('0.01'));
  await call({ label: name }, 'POST', { ...limit, quantity: '0.5', price, newClientOrderId: 'before' });
  await take('0.1');
  const partly = await arena.openHere(name);
  await take('0.2');
  node = openTradingNode({
    ...arena.settings,
    storage: arena.storage,
    longestWaitMs,
    onAlarm: ({ accountId, kind, detail }) => alarms.push(`${accountId} ${kind} ${detail}`),
  });
  await arena.reconciled();
  expect(await ordersOf(partly)).toMatchObject([
    { origin: 'EXTERNAL', phase: 'PARTIALLY_FILLED', filled: '0.300000000000000000' },
  ]);
  await take('0.2');
  await eventually(async () => (await ordersOf(partly))[0]?.['phase'] === 'CLOSED', { timeoutMs: foundWithinMs });
  // All is the same but the trade from before: it is in the opening balance.
  await eventually(async () => (await arena.differences(partly)).length === 1, { timeoutMs: foundWithinMs });
  expect((await arena.differences(partly))[0]).toMatch(/^partly: traded, but not booked: .* 0\.1 /);
}, 130_000);

it('asks for its next round after half a minute, and nothing of it takes longer', () => {
  expect(Math.max(...node.waitsMs)).toBe(roundMs);
});

it('adopts an order that was placed beside it, and sees it canceled there', async () => {
  const { external } = accounts;
  const { orderId } = (await call(external, 'POST', {
    ...limit,
    quantity: '0.01',
    price: '80000',
    newClientOrderId: 'outside',
  })) as { readonly orderId: number };
  // What it sold before to the order that was adopted is adopted as well, at any time.
  const adopted = async (): Promise<Readonly<Record<string, unknown>> | undefined> =>
    (await ordersOf(external)).find((order) => order['exchange_order_id'] === String(orderId));
  await eventually(adopted, { timeoutMs: foundWithinMs });
  expect(await adopted()).toMatchObject({ origin: 'EXTERNAL', phase: 'OPEN' });
  await call(external, 'DELETE', { orderId: String(orderId) });
  await eventually(async () => (await adopted())?.['phase'] === 'CANCELED', { timeoutMs: foundWithinMs });
}, 130_000);

it('adopts an order that was executed at once in a market of which nothing was known', async () => {
  const { stranger } = accounts;
  await arena.simulator.control('POST', 'faults', { kind: 'stall', stream: 'userData' });
  await call(stranger, 'POST', {
    symbol: 'SOLUSDT',
    side: 'BUY',
    type: 'MARKET',
    quantity: '1',
    newClientOrderId: 'elsewhere',
  });
  await eventually(async () => (await ordersOf(stranger)).length === 1, { timeoutMs: foundWithinMs });
  await arena.simulator.control('DELETE', 'faults');
  expect(await ordersOf(stranger)).toMatchObject([
    { origin: 'EXTERNAL', phase: 'CLOSED', filled: '1.000000000000000000' },
  ]);
  await arena.agrees([stranger]);
}, 70_000);

it('books an order of ours that was canceled there while its socket told nothing', async () => {
  const { ours } = accounts;
  await eventually(async () => (await node.markets.quote('simulator:BTC/USDT')).last);
  const { order } = await node.trading.createOrder(arena.asker, intentFor(ours.id, { type: 'LIMIT', price: '80000' }));
  expect(order).toMatchObject({ phase: 'OPEN' });
  await arena.simulator.control('POST', 'faults', { kind: 'stall', stream: 'userData' });
  await call(ours, 'DELETE', { orderId: order?.exchangeOrderId });
  await eventually(async () => (await ordersOf(ours))[0]?.['phase'] === 'CANCELED', { timeoutMs: foundWithinMs });
  await arena.simulator.control('DELETE', 'faults');
}, 70_000);

it('publishes a balance that drifts, alarms once, books it as unexplained, and trades nothing', async () => {
  const { drift } = accounts;
  await arena.simulator.control('POST', `accounts/${drift.label}/balances`, {
    asset: 'USDT',
    amount: '-12.5',
    reason: 'drift',
  });
  await eventually(async () => (await published(drift)).some((text) => text.startsWith('balance of USDT')), {
    timeoutMs: foundWithinMs,
  });
  const rows = await arena.ask(
    `SELECT amount::text FROM ledger_entries WHERE account_id = $1 AND book = 'UNEXPLAINED'`,
    [drift.id],
  );
  expect(rows).toEqual([{ amount: '12.500000000000000000' }]);
  expect(alarms.filter((alarm) => alarm.startsWith(`${drift.id} DIFFERS_FROM_EXCHANGE balance of USDT`))).toHaveLength(
    1,
  );
  expect(await ordersOf(drift)).toEqual([]);
}, 70_000);

it('publishes an order that is open here and of which the exchange knows nothing, and leaves it', async () => {
  const { gone } = accounts;
  const { order } = await node.trading.createOrder(arena.asker, intentFor(gone.id, { type: 'LIMIT', price: '80000' }));
  await call(gone, 'DELETE', { orderId: order?.exchangeOrderId });
  await eventually(async () => (await ordersOf(gone))[0]?.['phase'] === 'CANCELED');
  // As after a database that was put back, or an exchange that forgets: the order stands here, under a name that means nothing there.
  await arena.ask(`UPDATE orders SET phase = 'OPEN', exchange_order_id = '1' WHERE id = $1`, [order?.id]);
  await eventually(async () => (await published(gone)).some((text) => text.includes('unknown to the exchange')), {
    timeoutMs: foundWithinMs,
  });
  expect(await ordersOf(gone)).toMatchObject([{ phase: 'OPEN' }]);
}, 70_000);
