import { createMetrics } from '../../src/telemetry/metrics';
import { registerTradingMetrics } from '../../src/telemetry/tradingMetrics';
import { TradingHealth } from '../../src/trading/tradingHealth';
import { eventually } from '../kit/eventually';
import { intentFor, openTradingNode, type TradingNode } from '../kit/tradingNode';
import { Arena } from './faults/arena';

/** A comparison costs five seconds of what ccxt grants. */
const overdueAfterMs = 15_000;

let arena: Arena;
let node: TradingNode;
let health: TradingHealth;
const { registry } = createMetrics();

beforeAll(async () => {
  arena = await Arena.open('trading-health');
  health = new TradingHealth({
    figures: arena.storage.tradingFigures,
    clock: Date.now,
    isLeading: () => node.desk.isLeading,
    overdueAfterMs,
  });
  registerTradingMetrics(registry, () => health.vitals());
  await arena.addAccount('watched');
  node = openTradingNode({
    ...arena.settings,
    storage: arena.storage,
    longestWaitMs: 500,
    follow: (open) => health.following(open),
  });
  await arena.reconciled();
}, 60_000);

afterAll(async () => {
  await node.stop();
  await arena.stop();
});

/** The gauges by name, without what all have in common. */
async function gauges(): Promise<Readonly<Record<string, number>>> {
  const metrics = await registry.getMetricsAsJSON();
  const ofTrading = metrics.filter(({ name }) => name.startsWith('tickgate_trading_'));
  return Object.fromEntries(
    ofTrading.map(({ name, values }) => [name.replace('tickgate_trading_', ''), values[0]?.value ?? NaN]),
  );
}

it('is well while every account is compared with its exchange in time', async () => {
  await eventually(async () => (await health.check()).healthy);
  expect(await gauges()).toMatchObject({ leading: 1, accounts: 1, accounts_unopened: 0, comparisons_overdue: 0 });
  expect((await gauges())['comparison_max_age_seconds']).toBeLessThan(overdueAfterMs / 1_000);
});

it('tells of accounts that cannot be opened and of comparisons that are overdue, once their exchange is gone', async () => {
  const order = await node.trading.createOrder(arena.asker, intentFor(arena.accounts[0]!.id));
  expect(order.refusal).toBeNull();
  await arena.simulator.stop();
  await arena.openHere('never opened');
  const isTold = async (): Promise<boolean> => {
    const now = await gauges();
    return now['accounts_unopened'] === 1 && now['comparisons_overdue'] === 2;
  };
  await eventually(isTold, { timeoutMs: 40_000 });
  const { healthy, detail } = await health.check();
  expect([healthy, detail]).toEqual([
    false,
    expect.stringMatching(
      /^trades, 2 accounts; 1 not open for up to \d+ s; 2 not compared with their exchange for up to/,
    ),
  ]);
  const ages = await gauges();
  expect(ages['accounts_unopened_max_age_seconds']).toBeGreaterThan(0);
  expect(ages['comparison_max_age_seconds']).toBeGreaterThan(overdueAfterMs / 1_000);
  await arena.ask('UPDATE accounts SET removed_at = now() WHERE label = $1', ['never opened']);
  expect(await gauges()).toMatchObject({ accounts: 1, accounts_unopened: 0, comparisons_overdue: 1 });
});

it('counts orders whose fate is unknown, and is not well once one of them is for longer than a proof may take', async () => {
  const unknown = (seconds: number) =>
    arena.ask(`UPDATE orders SET phase = 'UNKNOWN', unknown_since = now() - make_interval(secs => $1)`, [seconds]);
  await unknown(30);
  expect((await gauges())['orders_unknown']).toBe(1);
  expect((await health.check()).detail).not.toContain('unknown');
  await unknown(90);
  expect((await gauges())['orders_unknown_max_age_seconds']).toBeGreaterThan(89);
  expect((await health.check()).detail).toMatch(/1 orders unknown for up to 9\d s/);
});
