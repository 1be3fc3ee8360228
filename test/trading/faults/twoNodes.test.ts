import { eventually } from '../../kit/eventually';
import { intentFor } from '../../kit/tradingNode';
import { TradingNodeProcess } from '../../kit/tradingNodeProcess';
import { Arena } from './arena';
import { faultRuns } from './faultRuns';

const rounds = faultRuns({ ci: 2, nightly: 20 });
const takeoverBoundMs = 10_000;
const market = 'simulator:BTC/USDT';

let arena: Arena;
let leader: TradingNodeProcess;
let follower: TradingNodeProcess;

beforeAll(async () => {
  arena = await Arena.open('two-nodes');
  for (const name of ['first', 'second']) await arena.addAccount(name);
  leader = await TradingNodeProcess.start(arena.settings);
  await arena.reconciled();
  follower = await TradingNodeProcess.start(arena.settings);
  await Promise.all([leader, follower].map((node) => node.ask({ do: 'warm', market })));
}, 240_000);

afterEach(() => {
  for (const node of [leader, follower]) node.signal('SIGCONT');
});

afterAll(async () => {
  await Promise.all([leader.kill(), follower.kill()]);
  await arena.stop();
});

/** Orders of both accounts, asked of one node. */
function orders(node: TradingNodeProcess, count: number) {
  return Promise.all(
    Array.from({ length: count }, (_, number) => node.create(arena.asker, intentFor(arena.accounts[number % 2]!.id))),
  );
}

/** Waits until the follower leads and every account may trade under it. Gives how long the lead took. */
async function takeover(epochBefore: number): Promise<number> {
  const startedAt = Date.now();
  await eventually(async () => (await arena.epoch()) > epochBefore, { timeoutMs: takeoverBoundMs * 3 });
  const took = Date.now() - startedAt;
  await arena.reconciled(epochBefore + 1);
  return took;
}

async function settledAlike(): Promise<void> {
  await arena.settled(30_000);
  await arena.agrees();
}

it('lets one node lead, and carries out there what the other was asked for', async () => {
  expect(await follower.epoch()).toBeNull();
  const answers = await orders(follower, 4);
  expect(answers.map(({ order, refusal }) => refusal?.code ?? order?.phase)).toEqual(answers.map(() => 'CLOSED'));
  await settledAlike();
});

it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
  'hands the lead over within ten seconds when the leader is killed among its orders (kill %i)',
  async () => {
    const epoch = await arena.epoch();
    const asked = orders(leader, 20).catch(() => undefined);
    await eventually(async () => (await arena.unsettled()).length > 2);
    await leader.kill();
    expect(await takeover(epoch)).toBeLessThan(takeoverBoundMs);
    await asked;
    await settledAlike();
    leader = follower;
    follower = await TradingNodeProcess.start(arena.settings);
    await follower.ask({ do: 'warm', market });
  },
  90_000,
);

it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
  'takes the lead from a node that stands still, and refuses what that one still wants to write when it wakes (sleep %i)',
  async () => {
    const epoch = await arena.epoch();
    const asked = orders(leader, 20).catch(() => undefined);
    await eventually(async () => (await arena.unsettled()).length > 2);
    leader.signal('SIGSTOP');
    expect(await takeover(epoch)).toBeLessThan(takeoverBoundMs);
    expect(await follower.epoch()).toBe(epoch + 1);
    // What it had in hand is found out by the new leader, before and after the old one wakes.
    const answers = await orders(follower, 4);
    expect(answers.map(({ refusal }) => refusal)).toEqual(answers.map(() => null));
    const ids = answers.map(({ order }) => order?.id);
    await eventually(async () => {
      const rows = await arena.ask(`SELECT id FROM orders WHERE id = ANY($1) AND phase = 'CLOSED'`, [ids]);
      return rows.length === ids.length;
    });
    leader.signal('SIGCONT');
    await asked;
    await eventually(async () => (await leader.epoch()) === null);
    expect(await arena.epoch()).toBe(epoch + 1);
    await settledAlike();
    [leader, follower] = [follower, leader];
  },
  90_000,
);
