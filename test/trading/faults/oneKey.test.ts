import { randomUUID } from 'node:crypto';
import type { OrderAnswer } from '../../../src/trading/trading';
import { intentFor } from '../../kit/tradingNode';
import { TradingNodeProcess } from '../../kit/tradingNodeProcess';
import { Arena } from './arena';
import { faultRuns } from './faultRuns';

const keys = faultRuns({ ci: 10, nightly: 100 });
const repeats = 50;
const market = 'simulator:BTC/USDT';

let arena: Arena;
let nodes: readonly TradingNodeProcess[];

beforeAll(async () => {
  arena = await Arena.open('one-key');
  for (let number = 1; number <= 4; number += 1) await arena.addAccount(`account-${number}`);
  nodes = [await TradingNodeProcess.start(arena.settings), await TradingNodeProcess.start(arena.settings)];
  await arena.reconciled();
  await Promise.all(nodes.map((node) => node.ask({ do: 'warm', market })));
}, 240_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  await arena.stop();
});

/** The same request many times at once, every second time of the other process. */
function ask(accountId: string, key: string, amount = '0.001'): Promise<readonly OrderAnswer[]> {
  const request = intentFor(accountId, { amount }, key);
  return Promise.all(Array.from({ length: repeats }, (_, turn) => nodes[turn % 2]!.create(arena.asker, request)));
}

it('makes one order of a key that is sent 50 times at once to two processes, and answers all with it', async () => {
  for (let turn = 0; turn < keys; turn += 1) {
    const { id } = arena.accounts[turn % arena.accounts.length]!;
    const answers = await ask(id, randomUUID());
    expect(answers.map(({ refusal }) => refusal)).toEqual(answers.map(() => null));
    expect(new Set(answers.map(({ order }) => order?.id)).size).toBe(1);
    const told = answers.map(({ order }) => [order?.phase, order?.filled, order?.cost].join(' '));
    expect([...new Set(told)]).toEqual([expect.stringMatching(/^CLOSED 0.001 /)]);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  }
  expect(await arena.ask('SELECT count(*)::int AS count FROM orders')).toEqual([{ count: keys }]);
  await arena.agrees();
}, 300_000);

it('refuses a key that comes with another order, on both processes', async () => {
  const { id } = arena.accounts[0]!;
  const key = randomUUID();
  await ask(id, key);
  const answers = await ask(id, key, '0.002');
  expect(new Set(answers.map(({ refusal }) => refusal?.code))).toEqual(new Set(['IDEMPOTENCY_CONFLICT']));
  await arena.agrees();
});

it('makes one order of two different ones that come at once under one key', async () => {
  const { id } = arena.accounts[1]!;
  const key = randomUUID();
  const answers = (await Promise.all([ask(id, key, '0.003'), ask(id, key, '0.004')])).flat();
  expect(answers.filter(({ refusal }) => refusal === null)).toHaveLength(repeats);
  expect(answers.filter(({ refusal }) => refusal?.code === 'IDEMPOTENCY_CONFLICT')).toHaveLength(repeats);
  await arena.agrees();
});
