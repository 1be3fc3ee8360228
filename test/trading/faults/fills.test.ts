import { eventually } from '../../kit/eventually';
import { intentFor, openTradingNode, type TradingNode } from '../../kit/tradingNode';
import { Arena } from './arena';
import { exchangeLedger } from './exchangeLedger';
import { faultRuns } from './faultRuns';

const fills = faultRuns({ ci: 500, nightly: 10_000 });
const atOnce = 10;

let arena: Arena;
let node: TradingNode;

beforeAll(async () => {
  arena = await Arena.open('fills');
  for (const name of ['first', 'second']) await arena.addAccount(name);
  node = openTradingNode({ ...arena.settings, storage: arena.storage });
  await arena.reconciled();
  await eventually(async () => (await node.markets.quote('simulator:BTC/USDT')).last);
}, 240_000);

afterAll(async () => {
  await node.stop();
  await arena.stop();
});

/** Events of the account come three times, in another order and late; answers come after what they are about; some never come. */
async function disturb(): Promise<void> {
  const socket = { stream: 'userData', count: 1_000_000 };
  const placing = { path: '/api/v3/order', method: 'POST' };
  const faults = [
    { kind: 'duplicate', ...socket, times: 3, probability: 0.4, seed: 'duplicate' },
    { kind: 'reorder', ...socket, behind: 3, delayMs: 300, probability: 0.4, seed: 'reorder' },
    { kind: 'delay', ...socket, content: '*"x":"TRADE"*', delayMs: 1_500, probability: 0.3, seed: 'delay' },
    { kind: 'gap', ...socket, probability: 0.1, seed: 'gap' },
    { kind: 'slow', ...placing, delayMs: 400, probability: 0.4, seed: 'slow' },
    { kind: 'reply-cut', ...placing, probability: 0.1, seed: 'cut' },
  ];
  for (const fault of faults) await arena.simulator.control('POST', 'faults', fault);
}

async function traded(): Promise<number> {
  const ledgers = await Promise.all(arena.accounts.map(({ label }) => exchangeLedger(arena.simulator, label)));
  return ledgers.reduce((total, { trades }) => total + trades.length, 0);
}

/** A market order that goes through several levels of the book, or a limit that is taken in part and canceled at once. */
async function trade(number: number): Promise<void> {
  const { id } = arena.accounts[number % 2]!;
  const side = number % 4 < 2 ? 'BUY' : 'SELL';
  if (number % 3 > 0) {
    await node.trading.createOrder(arena.asker, intentFor(id, { side, amount: '3' }));
    return;
  }
  const { last } = await node.markets.quote('simulator:BTC/USDT');
  const { order } = await node.trading.createOrder(
    arena.asker,
    intentFor(id, { side, type: 'LIMIT', price: last, amount: '2' }),
  );
  if (order !== null) await node.trading.cancelOrder(arena.asker, order.id);
}

it(`books each of ${fills} executions once and exactly, however often, late and out of order it is told`, async () => {
  await disturb();
  for (let number = 0; (await traded()) < fills; number += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, turn) => trade(number + turn)));
  await arena.simulator.control('DELETE', 'faults');
  await arena.settled(60_000);
  // What no event told is found by the next comparison.
  await arena.agrees(arena.accounts, 60_000);
  const flagged = await arena.ask(
    `SELECT action FROM audit_entries WHERE action IN ('OVER_FILLED', 'ILLEGAL_TRANSITION') LIMIT 5`,
  );
  expect(flagged).toEqual([]);
}, 600_000);
