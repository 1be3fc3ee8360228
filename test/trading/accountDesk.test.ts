import { Pool } from 'pg';
import { DeskClosed } from '../../src/trading/accountDesk';
import { Gate } from '../kit/gate';
import { endPool } from '../kit/endPool';
import { openTestStorage } from '../kit/postgres';
import { ScriptedAccount } from './scriptedAccount';

let house: Awaited<ReturnType<typeof openTestStorage>>;
let pool: Pool;
let there: ScriptedAccount;
let closings: number;

beforeAll(async () => {
  house = await openTestStorage();
  pool = new Pool({ connectionString: house.url, max: 1 });
}, 60_000);

afterAll(async () => {
  await endPool(pool);
  await house.stop();
});

beforeEach(async () => {
  there = await ScriptedAccount.open(house.storage, pool);
  closings = 0;
  there.port.close = () => {
    closings += 1;
    return Promise.resolve();
  };
});

it('writes nothing of a round that its exchange answers after it was closed, and asks nothing more', async () => {
  const [asked, answered] = [new Gate(), new Gate()];
  there.onBalances = { before: asked.open, after: () => answered.passed };
  const askedOfFills = jest.spyOn(there.port, 'fillsSince');
  const before = await there.reconciledAt();
  const round = there.round().catch((error: unknown) => error);
  await asked.passed;
  await there.desk.close();
  expect(closings).toBe(1);
  askedOfFills.mockClear();
  answered.open();
  expect(await round).toBeInstanceOf(DeskClosed);
  expect(askedOfFills).not.toHaveBeenCalled();
  expect(await there.reconciledAt()).toEqual(before);
});

it('is closed when what was being written is there, and not before', async () => {
  const [began, decided] = [new Gate(), new Gate()];
  const steps: string[] = [];
  const booking = there.desk.book(async (_booking, tx) => {
    began.open();
    await decided.passed;
    await tx.insertReconciliation({ at: there.now, differences: ['written by then'] });
  });
  const written = booking.then(() => steps.push('written'));
  await began.passed;
  const closed = there.desk.close().then(() => steps.push('closed'));
  await expect(there.desk.book(() => undefined)).rejects.toBeInstanceOf(DeskClosed);
  expect(closings).toBe(0);
  decided.open();
  await Promise.all([written, closed]);
  expect(steps).toEqual(['written', 'closed']);
  expect((await there.reconciledAt()).at(-1)).toBe(there.now);
});

it('knows no question that it answers once it is closed', async () => {
  await there.desk.close();
  expect(() => there.desk.port).toThrow(DeskClosed);
  await expect(there.desk.reconciledAt()).rejects.toBeInstanceOf(DeskClosed);
  await expect(there.desk.marketsOfInterest(0)).rejects.toBeInstanceOf(DeskClosed);
  await expect(there.desk.ordersIn(['OPEN'])).rejects.toBeInstanceOf(DeskClosed);
  await expect(there.desk.eventSeq()).rejects.toBeInstanceOf(DeskClosed);
});
