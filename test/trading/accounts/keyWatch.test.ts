import { Command } from '../../kit/command';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { tradingStateHash } from '../../kit/tradingStateHash';
import { ExchangeNotNamed } from '../../../src/exchanges/exchangeNotNamed';
import type { AccountRecord } from '../../../src/storage/trading/records';
import { KeyCheck } from '../../../src/trading/accounts/keyCheck';
import { AccountHouse, logger, newKey, oldKey } from './accountHouse';

let simulator: RunningSimulator;
let house: AccountHouse;
let number = 0;

const hourMs = 3_600_000;

beforeAll(async () => {
  simulator = await startSimulator({ args: ['--weight-limit', '1000000'] });
  house = await AccountHouse.open(simulator);
});

afterEach(() => simulator.control('DELETE', 'faults'));

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

/** A LIVE account behind a key of its own; `name` is what the exchange's control knows it by. */
async function openLive(): Promise<{ readonly account: AccountRecord; readonly name: string }> {
  const name = `watched-${(number += 1)}`;
  await simulator.control('POST', 'accounts', { name });
  const asker = await house.user('TRADER');
  const { account } = await house.service.create(asker, await house.liveInput(name));
  return { account: account!, name };
}

const stateOf = async ({ ownerId, id }: AccountRecord) => {
  const account = await house.storage.trading.ownedAccount(ownerId, id);
  return { state: account?.tradingState, reason: account?.tradingStateReason };
};

const callsToPermissions = async (): Promise<number> =>
  (await simulator.state()).rest['GET /sapi/v1/account/apiRestrictions']?.calls ?? 0;

it('asks about a key once a day', async () => {
  const watch = house.watchWith([oldKey]);
  await openLive();
  house.clock.advance(23 * hourMs);
  const before = await callsToPermissions();
  await watch.look();
  expect(await callsToPermissions()).toBe(before);
  house.clock.advance(hourMs + 1_000);
  await house.watchWith([oldKey], false).look();
  expect(await callsToPermissions()).toBe(before);
  await watch.look();
  house.clock.advance(hourMs);
  await watch.look();
  expect(await callsToPermissions()).toBe(before + 1);
});

it('halts an account whose key has come to withdraw, once, and tells its stream and the audit log', async () => {
  const watch = house.watchWith([oldKey]);
  const { account, name } = await openLive();
  await simulator.control('POST', `accounts/${name}/permissions`, { mayWithdraw: true });
  house.clock.advance(25 * hourMs);
  const fatal = jest.spyOn(logger, 'fatal');
  await watch.look();
  house.clock.advance(hourMs);
  await watch.look();
  expect(fatal.mock.calls).toEqual([
    [expect.objectContaining({ alarm: 'CRITICAL', code: 'KEY_CAN_WITHDRAW' }), expect.anything()],
  ]);
  fatal.mockRestore();
  expect(await stateOf(account)).toEqual({
    state: 'HALTED',
    reason: expect.stringContaining('may withdraw') as unknown,
  });
  const events = await house.rows(`SELECT payload FROM account_events WHERE account_id = $1 AND kind = 'risk'`, [
    account.id,
  ]);
  expect(events).toEqual([{ payload: expect.objectContaining({ state: 'HALTED' }) as unknown }]);
  const audit = await house.rows(
    `SELECT outcome, encode(before_hash, 'hex') AS before, encode(after_hash, 'hex') AS after
       FROM audit_entries WHERE action = 'account.halt' AND target = $1`,
    [account.id],
  );
  const { reason } = await stateOf(account);
  expect(audit).toEqual([
    {
      outcome: expect.stringContaining('KEY_CAN_WITHDRAW') as unknown,
      before: tradingStateHash({ tradingState: 'ACTIVE', tradingStateReason: null }),
      after: tradingStateHash({ tradingState: 'HALTED', tradingStateReason: reason ?? null }),
    },
  ]);
});

it('halts nothing for what a key may do that was replaced while it was asked about', async () => {
  const watch = house.watchWith([oldKey]);
  const { account, name } = await openLive();
  house.clock.advance(25 * hourMs);
  await simulator.control('POST', `accounts/${name}/permissions`, { mayWithdraw: true });
  const ask = KeyCheck.prototype.ask;
  jest.spyOn(KeyCheck.prototype, 'ask').mockImplementation(async function (this: KeyCheck, exchange, credentials) {
    const verdict = await ask.call(this, exchange, credentials);
    jest.restoreAllMocks();
    await simulator.control('POST', `accounts/${name}/permissions`, { mayWithdraw: false });
    const asker = { userId: account.ownerId, actor: 'owner' };
    const { account: replaced } = await house.service.replaceCredentials(
      asker,
      account.id,
      await house.liveInput(name),
    );
    expect([verdict.kind, replaced?.credentialsNumber]).toEqual(['unfit', 1]);
    return verdict;
  });
  await house.rows(`UPDATE account_credentials SET checked_at = 'infinity' WHERE account_id <> $1`, [account.id]);
  await watch.look();
  expect(await stateOf(account)).toEqual({ state: 'ACTIVE', reason: null });
});

it('asks again soon about a key that was found unfit, so that whoever trades with it all the same is halted again', async () => {
  const watch = house.watchWith([oldKey]);
  const { account, name } = await openLive();
  await simulator.control('POST', `accounts/${name}/permissions`, { mayWithdraw: true });
  house.clock.advance(25 * hourMs);
  await watch.look();
  await house.rows(`UPDATE accounts SET trading_state = 'ACTIVE' WHERE id = $1`, [account.id]);
  const calls = await callsToPermissions();
  house.clock.advance(9 * 60_000);
  await watch.look();
  expect(await callsToPermissions()).toBe(calls);
  house.clock.advance(2 * 60_000);
  await watch.look();
  expect(await stateOf(account)).toMatchObject({ state: 'HALTED' });
});

it('halts nothing while the exchange does not answer, and asks again before an hour has passed', async () => {
  const watch = house.watchWith([oldKey]);
  const { account, name } = await openLive();
  house.clock.advance(25 * hourMs);
  await simulator.control('POST', `accounts/${name}/permissions`, { mayWithdraw: true });
  await simulator.control('POST', 'faults', { kind: 'unavailable', path: '/sapi/*' });
  await watch.look();
  expect(await stateOf(account)).toEqual({ state: 'ACTIVE', reason: null });
  await simulator.control('DELETE', 'faults');
  house.clock.advance(11 * 60_000);
  await watch.look();
  expect(await stateOf(account)).toMatchObject({ state: 'HALTED' });
});

it('leaves the others their turn where the key of one cannot be asked about', async () => {
  const watch = house.watchWith([oldKey]);
  const [first, second] = [await openLive(), await openLive()];
  await house.rows(`UPDATE account_credentials SET checked_at = 'infinity' WHERE account_id NOT IN ($1, $2)`, [
    first.account.id,
    second.account.id,
  ]);
  house.clock.advance(25 * hourMs);
  for (const { name } of [first, second])
    await simulator.control('POST', `accounts/${name}/permissions`, { mayWithdraw: true });
  await simulator.control('POST', 'faults', { kind: 'unavailable', path: '/sapi/*', count: 1 });
  await watch.look();
  expect(await stateOf(first.account)).toMatchObject({ state: 'ACTIVE' });
  expect(await stateOf(second.account)).toMatchObject({ state: 'HALTED' });
});

describe('an account that cannot be traded', () => {
  it('is halted where no key of it is stored', async () => {
    const { account } = await openLive();
    await house.rows('DELETE FROM account_credentials WHERE account_id = $1', [account.id]);
    await expect(house.portsWith([oldKey]).open(account)).rejects.toThrow('No key');
    expect(await stateOf(account)).toMatchObject({ state: 'HALTED' });
  });

  it('is told nothing any more once it is removed', async () => {
    const { account } = await openLive();
    await house.rows('UPDATE accounts SET removed_at = now() WHERE id = $1', [account.id]);
    await expect(house.portsWith([newKey]).open(account)).rejects.toThrow('CREDENTIAL_KEYS');
    const events = await house.rows('SELECT seq FROM account_events WHERE account_id = $1', [account.id]);
    expect(events).toEqual([]);
  });

  it.each(['PAPER', 'LIVE'] as const)('is one (%s) whose exchange this server does not have', async (mode) => {
    const { account } = await openLive();
    const elsewhere = { ...account, mode, exchange: 'binance' };
    await expect(house.portsWith([oldKey]).open(elsewhere)).rejects.toThrow(ExchangeNotNamed);
  });

  it('because its exchange is none of this server is told as that when its key is due, without a stack', async () => {
    const { account } = await openLive();
    await house.rows(`UPDATE account_credentials SET checked_at = 'infinity' WHERE account_id <> $1`, [account.id]);
    await house.rows(`UPDATE accounts SET exchange = 'binance' WHERE id = $1`, [account.id]);
    house.clock.advance(25 * hourMs);
    const warn = jest.spyOn(logger, 'warn');
    await house.watchWith([oldKey]).look();
    expect(warn.mock.calls).toEqual([
      [
        { accountId: account.id, reason: expect.stringMatching(/^EXCHANGES does not name binance\./) as unknown },
        expect.anything(),
      ],
    ]);
    warn.mockRestore();
    expect(await stateOf(account)).toMatchObject({ state: 'ACTIVE' });
  });
});

describe('a key that was sealed under an older key-encryption key', () => {
  it('is kept under the newest once it was opened, and still opens', async () => {
    const { account } = await openLive();
    const before = await house.storage.credentials.find(account.id);
    const port = await house.portsWith([newKey, oldKey]).open(account);
    expect(await port.keyPermissions()).toMatchObject({ mayTrade: true });
    await port.close();
    const after = await house.storage.credentials.find(account.id);
    expect([before?.sealed.keyId, after?.sealed.keyId]).toEqual(['old', 'new']);
    const later = await house.portsWith([newKey]).open(account);
    expect(await later.keyPermissions()).toMatchObject({ mayTrade: true });
    await later.close();
  });

  it('halts its account when its day is over, where that was taken out of the settings', async () => {
    const { account } = await openLive();
    house.clock.advance(25 * hourMs);
    await house.watchWith([newKey]).look();
    expect(await stateOf(account)).toMatchObject({ state: 'HALTED' });
  });

  it('halts its account with a sentence that says what is missing, where that was taken out of the settings', async () => {
    const { account } = await openLive();
    const ports = house.portsWith([newKey]);
    await expect(ports.open(account)).rejects.toThrow('CREDENTIAL_KEYS');
    await expect(ports.open(account)).rejects.toThrow('CREDENTIAL_KEYS');
    expect(await stateOf(account)).toEqual({
      state: 'HALTED',
      reason: expect.stringContaining('CREDENTIAL_KEYS') as unknown,
    });
    expect(
      await house.rows(`SELECT seq FROM account_events WHERE account_id = $1 AND kind = 'risk'`, [account.id]),
    ).toHaveLength(1);
  });

  it('keeps that from being removed until it seals nothing any more, as a command tells', async () => {
    await house.rows('DELETE FROM account_credentials');
    const [{ account }] = [await openLive(), await openLive()];
    await (await house.portsWith([newKey, oldKey]).open(account)).close();
    const tell = async (...keys: readonly (typeof oldKey)[]) => {
      const command = new Command('credentialKeys', [], {
        DATABASE_URL: house.databaseUrl,
        CREDENTIAL_KEYS: keys.map(({ id, key }) => `${id}:${key.reveal()}`).join(),
      });
      return [await command.ended, command.stdout.split('\n').slice(0, -1), command.stderr];
    };
    expect(await Promise.all([tell(newKey, oldKey), tell(newKey)])).toEqual([
      [1, [expect.stringMatching(/^new +1 .*newest/), expect.stringMatching(/^old +1 .*in use/)], ''],
      [78, [expect.stringMatching(/^new +1 .*newest/), expect.stringMatching(/^old +1 .*put it back/)], ''],
    ]);
    house.clock.advance(25 * hourMs);
    await house.watchWith([newKey, oldKey]).look();
    expect(await tell(newKey, oldKey)).toEqual([
      0,
      [expect.stringMatching(/^new +2 .*newest/), expect.stringMatching(/^old +0 .*may be removed/)],
      '',
    ]);
  });

  it("does not open in another account's place", async () => {
    const [one, other] = [await openLive(), await openLive()];
    const sealed = await house.storage.credentials.find(one.account.id);
    await house.rows('DELETE FROM account_credentials WHERE account_id = $1', [other.account.id]);
    await house.rows('UPDATE account_credentials SET account_id = $2 WHERE account_id = $1', [
      one.account.id,
      other.account.id,
    ]);
    expect((await house.storage.credentials.find(other.account.id))?.sealed).toEqual(sealed?.sealed);
    await expect(house.portsWith([oldKey]).open(other.account)).rejects.toThrow('does not open');
    expect(await stateOf(other.account)).toMatchObject({ state: 'HALTED' });
  });
});
