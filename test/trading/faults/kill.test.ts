import { intentFor } from '../../kit/tradingNode';
import { TradingNodeProcess } from '../../kit/tradingNodeProcess';
import { Arena } from './arena';
import { crashPoints, type Interrupted } from './crashPoints';
import { faultRuns } from './faultRuns';

/** Each round is one kill -9; it interrupts one order at every point at once, each of an account of its own. */
const straightRounds = faultRuns({ ci: 4, nightly: 25 });
const shutdownRounds = faultRuns({ ci: 2, nightly: 4 });
const restartBoundMs = 30_000;
const points = Object.entries(crashPoints);

let arena: Arena;
let node: TradingNodeProcess;
let lots = 0;

/** No two orders of a run have the same amount, so that each can be told from the others at the exchange. */
function nextAmount(): string {
  lots += 1;
  // A last zero would not be sent, and what is left would stand for ten other amounts as well.
  if (lots % 10 === 0) lots += 1;
  return `0.0${String(1_000 + lots)}`;
}

beforeAll(async () => {
  arena = await Arena.open('kill', ['--quiet', 'ETHUSDT']);
  for (const [index] of points.entries()) await arena.addAccount(`account-${index}`);
  node = await TradingNodeProcess.start(arena.settings);
  await arena.reconciled();
  await node.ask({ do: 'warm', market: 'simulator:BTC/USDT' });
  for (const account of arena.accounts)
    expect(await node.create(arena.asker, intentFor(account.id))).toMatchObject({ refusal: null });
}, 240_000);

afterAll(async () => {
  await node.kill();
  await arena.stop();
});

async function interruptEverywhere(): Promise<readonly Interrupted[]> {
  await arena.simulator.control('DELETE', 'faults');
  await node.ask({ do: 'warm', market: 'simulator:BTC/USDT' });
  return Promise.all(
    points.map(async ([name, reach], index) => {
      try {
        return await reach({ arena, node, account: arena.accounts[index]!, amount: nextAmount() });
      } catch (error) {
        throw new Error(`the point "${name}" was not reached: ${String(error)}`);
      }
    }),
  );
}

/** Kills the node, lets the surroundings go on, and starts another one. Gives how long all orders took to come to rest, from its start. */
async function crash(interrupted: readonly Interrupted[]): Promise<number> {
  const epoch = await arena.epoch();
  await node.kill();
  await Promise.all(interrupted.map(({ aftermath }) => aftermath()));
  const startedAt = Date.now();
  node = await TradingNodeProcess.start(arena.settings);
  await arena.reconciled(epoch + 1);
  await arena.settled(restartBoundMs);
  return Date.now() - startedAt;
}

/** Clients that never heard an answer ask again with the same key: there is one order for each, the old one where there was one. */
async function repeatAll(interrupted: readonly Interrupted[]): Promise<readonly boolean[]> {
  await node.ask({ do: 'warm', market: 'simulator:BTC/USDT' });
  await node.ask({ do: 'warm', market: 'simulator:ETH/USDT' });
  const answers = await Promise.all(interrupted.map(({ request }) => node.create(arena.asker, request)));
  expect(answers.filter(({ refusal }) => refusal !== null)).toEqual([]);
  return answers.map(({ replayed }) => replayed);
}

const replayedAt = points.map(([name]) => name !== 'before commit');

it.each(Array.from({ length: straightRounds }, (_, round) => round + 1))(
  'loses and doubles nothing when it is killed with an order at every point of the path (kill %i)',
  async () => {
    const interrupted = await interruptEverywhere();
    expect(await crash(interrupted)).toBeLessThan(restartBoundMs);
    expect(await repeatAll(interrupted)).toEqual(replayedAt);
    await arena.settled(5_000);
    await arena.agrees();
  },
  120_000,
);

it.each(Array.from({ length: shutdownRounds }, (_, round) => round + 1))(
  'loses and doubles nothing when it is killed while it shuts down (kill %i)',
  async () => {
    const interrupted = await interruptEverywhere();
    node.ask({ do: 'stop' }).catch(() => undefined);
    expect(await crash(interrupted)).toBeLessThan(restartBoundMs);
    expect(await repeatAll(interrupted)).toEqual(replayedAt);
    await arena.settled(5_000);
    await arena.agrees();
  },
  120_000,
);
