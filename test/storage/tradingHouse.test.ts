import { Client } from 'pg';
import { migrations } from '../../migrations/migrations';
import { openStorage } from '../../src/storage/storage';
import { eventually } from '../kit/eventually';
import { Gate } from '../kit/gate';
import { startTestDatabase } from '../kit/postgres';
import { makeOwner } from '../kit/tradingRecords';

it('halts after the transactions that are under way and before those that come later, however many', async () => {
  const database = await startTestDatabase();
  const signal = new AbortController().signal;
  const place = { databaseUrl: database.url, dataDir: '/nowhere' };
  const storage = await openStorage({ ...place, migrations, onProgress: () => undefined, signal });
  const watcher = new Client({ connectionString: database.url });
  await watcher.connect();
  const waiting = async (count: number): Promise<boolean> => {
    const { rows } = await watcher.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
    return rows.length === count;
  };
  const [early, late] = [await makeOwner(storage), await makeOwner(storage)];
  const [begun, end] = [new Gate(), new Gate()];
  const underWay = storage.trading.transaction({ accountId: early.id, epoch: null }, async ({ house }) => {
    begun.open();
    await end.passed;
    return house.state;
  });
  await begun.passed;
  const audit = { at: 0, actor: 'test', action: 'risk.globalState', target: null, outcome: 'HALTED' };
  const change = { state: 'HALTED', reason: 'a test', flatten: false, at: 0 } as const;
  const halt = storage.trading.setHouseState(change, audit);
  await eventually(() => waiting(1));
  const after = storage.trading.transaction({ accountId: late.id, epoch: null }, ({ house }) =>
    Promise.resolve(house.state),
  );
  // It waits behind the halt, or has come in before it.
  await Promise.race([after, eventually(() => waiting(2))]);
  end.open();
  expect(await underWay).toBe('ACTIVE');
  await halt;
  expect(await after).toBe('HALTED');
  await watcher.end();
  await storage.stop();
  await database.stop();
}, 60_000);
