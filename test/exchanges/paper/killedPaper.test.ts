import 'reflect-metadata';
import type { DataSource } from 'typeorm';
import { migrations } from '../../../migrations/migrations';
import { createDataSource } from '../../../src/storage/dataSource';
import { migrate } from '../../../src/storage/migrate';
import { PaperLedgerRepository } from '../../../src/storage/paper/paperLedger.repository';
import { eventually } from '../../kit/eventually';
import { NodeProcess } from '../../kit/nodeProcess';
import { startTestDatabase, type TestDatabase } from '../../kit/postgres';
import { PaperOracle, units } from './paperOracle';
import { accountId, spot } from './scriptedPaper';
import { fromSource } from '../../kit/fromSource';

const kills = Number(process.env['PAPER_KILLS'] ?? 4);
jest.setTimeout(120_000 + kills * 30_000);

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await startTestDatabase();
  dataSource = await createDataSource({ url: database.url, migrations }).initialize();
  await migrate({ dataSource, onProgress: () => undefined });
});

afterAll(async () => {
  await dataSource.destroy();
  await database.stop();
});

/** Trades until this many answers were given, then ends without a word. Gives the answers, the last one whole. */
async function tradeUntilKilled(run: number, answers: number): Promise<readonly string[]> {
  const fixture = 'test/exchanges/paper/fixtures/paperProcess.ts';
  const child = new NodeProcess([...fromSource(), fixture, database.url, String(run)]);
  // Starting and connecting takes seconds on a busy machine.
  await eventually(() => child.hasEnded || child.stdout.split('\n').length > answers, { timeoutMs: 90_000 });
  expect([child.status, child.stderr]).toEqual([null, '']);
  await child.stop('SIGKILL');
  return child.stdout.split('\n').slice(0, -1);
}

it(`keeps what it has answered over ${String(kills)} deaths in the middle of trading, and its books add up`, async () => {
  const answers: string[] = [];
  for (let run = 0; run < kills; run += 1) answers.push(...(await tradeUntilKilled(run, 3 + ((run * 7) % 20))));

  const store = new PaperLedgerRepository({ dataSource });
  for (const answer of answers) {
    const [clientOrderId = '', what = ''] = answer.split(' ');
    const order = await store.findOrder(accountId, clientOrderId);
    if (what === 'canceled') expect([clientOrderId, order?.status]).toEqual([clientOrderId, 'CANCELED']);
    else expect(units(order?.filled.toString() ?? '-1')).toBeGreaterThanOrEqual(units(what));
  }
  const oracle = new PaperOracle({ USDT: '1000000', BTC: '1000' });
  const filled = new Map<string, bigint>();
  for (const fill of await store.fillsSince(accountId, spot, 0)) {
    oracle.book(fill, false);
    filled.set(fill.exchangeOrderId, (filled.get(fill.exchangeOrderId) ?? 0n) + units(fill.amount));
  }
  const orders = await store.ordersSince(accountId, spot, 0);
  for (const order of orders) expect(units(order.filled.toString())).toBe(filled.get(String(order.number)) ?? 0n);
  const ledger = await store.load(accountId);
  for (const [currency, { free, used }] of ledger?.balances ?? []) {
    expect(units(free.toString()) + units(used.toString())).toBe(oracle.total(currency));
    const held = orders.filter(({ reservedCurrency }) => reservedCurrency === currency);
    expect(units(used.toString())).toBe(held.reduce((sum, { reserved }) => sum + units(reserved.toString()), 0n));
  }
  expect(answers.length).toBeGreaterThan(kills * 3);
});
