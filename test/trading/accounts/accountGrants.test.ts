import { randomUUID } from 'node:crypto';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { AccountHouse, paperInput } from './accountHouse';

let simulator: RunningSimulator;
let house: AccountHouse;

beforeAll(async () => {
  simulator = await startSimulator();
  house = await AccountHouse.open(simulator);
});

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

const analyst = (userId: string) => ({ userId, readsGranted: true, readsAll: false });

it('lets an analyst read an account from the grant until it is revoked', async () => {
  const [owner, reader] = [await house.user('TRADER'), await house.user('ANALYST')];
  const { account } = await house.service.create(owner, paperInput);
  const seen = async () => (await house.storage.accounts.readable(analyst(reader.userId), 10)).map(({ id }) => id);
  expect(await seen()).toEqual([]);
  for (let time = 0; time < 2; time += 1)
    expect(await house.grants.grant(owner, account!.id, reader.userId)).toMatchObject({ refusals: [] });
  expect(await seen()).toEqual([account!.id]);
  expect(
    await house.storage.accounts.findReadable({ ...analyst(reader.userId), readsGranted: false }, account!.id),
  ).toBeNull();
  await house.grants.revoke(owner, account!.id, reader.userId);
  expect(await seen()).toEqual([]);
  const audit = await house.rows('SELECT action, outcome FROM audit_entries WHERE target = $1 ORDER BY number', [
    `${account!.id} ${reader.userId}`,
  ]);
  expect(audit.map(({ action, outcome }) => `${String(action)} ${String(outcome)}`)).toEqual([
    'account.grant done',
    'account.grant done',
    'account.revoke done',
  ]);
});

it('gives one answer for who is no analyst, who is disabled and who is not there', async () => {
  const owner = await house.user('TRADER');
  const { account } = await house.service.create(owner, paperInput);
  const disabled = await house.user('ANALYST');
  await house.rows('UPDATE users SET disabled = true WHERE id = $1', [disabled.userId]);
  const viewer = await house.user('VIEWER');
  const answers = await Promise.all(
    [viewer.userId, disabled.userId, randomUUID(), 'nobody'].map((id) => house.grants.grant(owner, account!.id, id)),
  );
  expect(new Set(answers.map(({ refusals }) => JSON.stringify(refusals))).size).toBe(1);
  expect(answers[0]?.refusals[0]?.code).toBe('ANALYST_NOT_FOUND');
});

it('shows every account to those who may see all, and a removed one to nobody', async () => {
  const [owner, stranger] = [await house.user('TRADER'), await house.user('ANALYST')];
  const { account } = await house.service.create(owner, paperInput);
  const all = { ...analyst(stranger.userId), readsAll: true };
  expect(await house.storage.accounts.findReadable(all, account!.id)).toMatchObject({ id: account!.id });
  await house.service.remove(owner, account!.id);
  for (const reader of [all, analyst(owner.userId)])
    expect(await house.storage.accounts.findReadable(reader, account!.id)).toBeNull();
});

it("reads nothing of another's account, by the same statements as of one that is not there", async () => {
  const [owner, stranger] = [await house.user('TRADER'), await house.user('TRADER')];
  const { account } = await house.service.create(owner, paperInput);
  const reader = { ...analyst(stranger.userId), readsGranted: false };
  const { store, statements, close } = await house.recordedStore();
  const asked: unknown[] = [];
  for (const id of [account!.id, randomUUID()]) {
    statements.length = 0;
    expect(await store.findReadable(reader, id)).toBeNull();
    expect(await store.books(reader, id)).toEqual({ balances: [], openOrders: [], positions: [] });
    expect(await store.reconciliation(reader, id)).toBeNull();
    asked.push([...statements]);
  }
  await close();
  expect(asked[0]).toEqual(asked[1]);
  expect(asked[0]).toHaveLength(8);
});
