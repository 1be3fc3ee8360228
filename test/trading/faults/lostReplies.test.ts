import type { OrderPhase } from '../../../src/domain/orderPhases';
import { eventually } from '../../kit/eventually';
import { openTradingNode, intentFor, type TradingNode } from '../../kit/tradingNode';
import { Arena } from './arena';
import { faultRuns } from './faultRuns';

const orders = faultRuns({ ci: 300, nightly: 3_000 });
/** Side by side, because the proof that an order was never placed takes twenty seconds, and an account has sixteen under way at most. */
const accounts = 8;
/** So many clients ask at once, each for one order after the other. */
const lanes = 40;
/** Every second order that is struck is carried out all the same: which one, the client cannot know. */
const faults = [
  { kind: 'reply-lost' },
  { kind: 'reply-cut' },
  { kind: 'timeout' },
  { kind: 'unexpected' },
  { kind: 'unavailable' },
  { kind: 'truncated' },
  { kind: 'garbage' },
  { kind: 'wrong-types' },
  { kind: 'empty' },
  { kind: 'reply-cut', executes: false },
  { kind: 'bad-gateway' },
  { kind: 'timeout', executes: false },
] as const;
/** Seconds; the proof that an order was never placed takes twenty of them. */
const foundOutWithin = 25;
/** One after the other, so that together they strike three tenths. */
const shareOfAll = 0.3;

let arena: Arena;
let node: TradingNode;

beforeAll(async () => {
  arena = await Arena.open('lost-replies');
  for (let number = 1; number <= accounts; number += 1) await arena.addAccount(`account-${number}`);
  node = openTradingNode({ ...arena.settings, storage: arena.storage, answerTimeoutMs: 3_000 });
  await arena.reconciled();
  await eventually(async () => (await node.markets.quote('simulator:BTC/USDT')).last);
}, 240_000);

afterAll(async () => {
  await node.stop();
  await arena.stop();
});

async function strike(): Promise<void> {
  let remaining = 1;
  for (const [index, fault] of faults.entries()) {
    const share = shareOfAll / faults.length;
    const body = { ...fault, path: '/api/v3/order', method: 'POST', seed: `fault-${index}` };
    await arena.simulator.control('POST', 'faults', { ...body, probability: share / remaining });
    remaining -= share;
  }
}

/** Half of them are filled at once; the rest stay in the book, or are done in part at once. */
function changesOf(number: number): Parameters<typeof intentFor>[1] {
  const side = number % 3 === 0 ? 'SELL' : 'BUY';
  if (number % 2 === 0) return { side };
  return number % 4 === 1
    ? { side: 'BUY', type: 'LIMIT', price: '80000' }
    : { side, type: 'LIMIT', price: side === 'BUY' ? '110000' : '85000', timeInForce: 'IOC' };
}

it(`finds out what became of ${orders} orders of which three tenths have lost their reply, and doubles none`, async () => {
  await strike();
  const told: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < orders) {
      const number = next;
      next += 1;
      const account = arena.accounts[number % accounts]!;
      const { refusal } = await node.trading.createOrder(arena.asker, intentFor(account.id, changesOf(number)));
      told.push(refusal?.code ?? 'taken');
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  expect(told.filter((code) => code !== 'taken')).toEqual([]);
  await arena.settled(60_000);
  await arena.agrees();

  const { faults: standing } = await arena.simulator.state();
  const struck = standing.reduce((sum, { applied }) => sum + applied, 0);
  expect(struck).toBeGreaterThan(orders * 0.2);
  const doubted = await arena.ask(
    `SELECT extract(epoch FROM max(t.at) - min(t.at)) AS seconds FROM order_transitions t
       WHERE t.order_id IN (SELECT order_id FROM order_transitions WHERE to_phase = 'UNKNOWN')
         AND (t.to_phase IN ('UNKNOWN', 'NOT_PLACED') OR t.from_phase = 'UNKNOWN')
       GROUP BY t.order_id ORDER BY seconds DESC`,
  );
  expect(doubted.length).toBeGreaterThan(orders * 0.2);
  expect(Number(doubted[0]?.['seconds'])).toBeLessThanOrEqual(foundOutWithin);
  const phases = await arena.ask('SELECT DISTINCT phase FROM orders');
  const ends: readonly OrderPhase[] = ['OPEN', 'CLOSED', 'NOT_PLACED'];
  expect(phases.map(({ phase }) => phase)).toEqual(expect.arrayContaining([...ends]));
}, 600_000);
