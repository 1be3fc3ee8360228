import { randomUUID } from 'node:crypto';
import { newAccount } from '../../../src/storage/trading/accountTable';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { AccountHouse, oldKey, paperInput } from './accountHouse';

let simulator: RunningSimulator;
let house: AccountHouse;

beforeAll(async () => {
  simulator = await startSimulator({ args: ['--weight-limit', '1000000'] });
  house = await AccountHouse.open(simulator);
});

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

const codes = ({ refusals }: { readonly refusals: readonly { readonly code: string }[] }) =>
  refusals.map(({ code }) => code);

async function auditOf(actor: string): Promise<readonly unknown[]> {
  const rows = await house.rows('SELECT action, outcome FROM audit_entries WHERE actor = $1 ORDER BY number', [actor]);
  return rows.map(({ action, outcome }) => `${String(action)} ${String(outcome)}`);
}

describe('a paper account', () => {
  it('has its money in the books of the paper exchange', async () => {
    const asker = await house.user('TRADER');
    const { account, refusals } = await house.service.create(asker, {
      ...paperInput,
      label: '  mine ',
      paperBalances: [
        { currency: 'USDT', amount: '1000.5' },
        { currency: 'BTC', amount: '0' },
      ],
    });
    expect(refusals).toEqual([]);
    expect(account).toMatchObject({ label: 'mine', mode: 'PAPER', keyHint: null, ownerId: asker.userId });
    const books = await house.storage.paper.load(account!.id);
    expect([...books!.balances].map(([currency, { free }]) => `${free.toString()} ${currency}`)).toEqual([
      '0 BTC',
      '1000.5 USDT',
    ]);
    expect(await auditOf(asker.userId)).toEqual(['account.create PAPER at simulator']);
  });

  it.each([
    [{ label: ' ' }, 'LABEL_NOT_ACCEPTABLE'],
    [{ label: 'a\nb' }, 'LABEL_NOT_ACCEPTABLE'],
    [{ exchange: 'nowhere' }, 'EXCHANGE_NOT_FOUND'],
    [{ currency: 'USDQ' }, 'CURRENCY_NOT_FOUND'],
    [{ apiKey: 'key' }, 'CREDENTIALS_NOT_ACCEPTABLE'],
    [{ paperBalances: null }, 'BALANCES_NOT_ACCEPTABLE'],
    [{ paperBalances: [{ currency: 'USDT', amount: '0' }] }, 'BALANCES_NOT_ACCEPTABLE'],
    [{ paperBalances: [{ currency: 'USDT', amount: '-1' }] }, 'BALANCES_NOT_ACCEPTABLE'],
    [{ paperBalances: [{ currency: 'USDT', amount: '1234567890123456' }] }, 'BALANCES_NOT_ACCEPTABLE'],
    [{ paperBalances: [{ currency: 'USDT', amount: '1.1234567890123456789' }] }, 'BALANCES_NOT_ACCEPTABLE'],
    [{ paperBalances: [1, 2].map(() => ({ currency: 'USDT', amount: '1' })) }, 'BALANCES_NOT_ACCEPTABLE'],
    [{ paperBalances: [{ currency: 'XYZ', amount: '1' }] }, 'CURRENCY_NOT_FOUND'],
  ])('is refused with %j', async (change, code) => {
    const asker = await house.user('TRADER');
    const answer = await house.service.create(asker, { ...paperInput, ...change });
    expect(codes(answer)).toEqual([code]);
    expect(await house.storage.accounts.countEver(asker.userId)).toBe(0);
    expect(await auditOf(asker.userId)).toEqual([`account.create refused: ${code}`]);
  });

  it('is one of at most 20, however many are asked for at once', async () => {
    const asker = await house.user('TRADER');
    const answers = await Promise.all(Array.from({ length: 24 }, () => house.service.create(asker, paperInput)));
    expect(answers.filter(({ account }) => account !== null)).toHaveLength(20);
    expect(new Set(answers.flatMap(codes))).toEqual(new Set(['TOO_MANY_ACCOUNTS']));
  });

  it('is removed whatever is open, and its orders are ended', async () => {
    const asker = await house.user('TRADER');
    const { account } = await house.service.create(asker, paperInput);
    expect(codes(await house.service.remove(asker, account!.id))).toEqual([]);
    expect(house.closedBooks).toContain(account!.id);
    expect(await house.storage.trading.ownedAccount(asker.userId, account!.id)).toBeNull();
  });
});

describe('a key of an exchange', () => {
  it.each([
    ['withdrawer', ['KEY_CAN_WITHDRAW', 'KEY_CAN_TRANSFER']],
    ['reader', ['KEY_CANNOT_TRADE']],
  ])('of "%s" is not taken', async (name, expected) => {
    const asker = await house.user('TRADER');
    expect(codes(await house.service.create(asker, await house.liveInput(name)))).toEqual(expected);
    expect(await house.storage.accounts.countEver(asker.userId)).toBe(0);
  });

  it('has to be restricted to addresses where the money is real', async () => {
    const asker = await house.user('TRADER');
    await simulator.control('POST', 'accounts', { name: 'roamer', isIpRestricted: false });
    const input = await house.liveInput('roamer');
    const strict = house.serviceWith([oldKey], false);
    expect(codes(await strict.create(asker, input))).toEqual(['KEY_NOT_IP_RESTRICTED']);
    expect(codes(await house.service.create(asker, input))).toEqual([]);
  });

  it('that the exchange does not know is not taken', async () => {
    const asker = await house.user('TRADER');
    const input = { ...(await house.liveInput('trader')), secret: 'wrong' };
    expect(codes(await house.service.create(asker, input))).toEqual(['CREDENTIALS_REFUSED']);
  });

  it('of an exchange that tells nothing of keys is refused with the reason', async () => {
    const asker = await house.user('TRADER');
    const input = { ...(await house.liveInput('trader')), exchange: 'kraken' };
    const { refusals } = await house.service.create(asker, input);
    expect(refusals).toEqual([
      expect.objectContaining({
        code: 'EXCHANGE_NOT_TRADABLE',
        message: expect.stringContaining('what a key may do') as unknown,
      }),
    ]);
  });

  it('is sealed: nothing of it stands in the database but its last four characters', async () => {
    const asker = await house.user('TRADER');
    await simulator.control('POST', 'accounts', { name: 'sealed' });
    const input = await house.liveInput('sealed');
    const { account } = await house.service.create(asker, input);
    expect(account).toMatchObject({ mode: 'LIVE', keyHint: input.apiKey!.slice(-4) });
    const text = JSON.stringify([
      await house.rows('SELECT * FROM account_credentials'),
      await house.rows('SELECT * FROM accounts'),
      await house.rows('SELECT * FROM audit_entries'),
    ]);
    for (const secret of [input.apiKey!, input.secret!]) {
      expect(text).not.toContain(secret);
      const [row] = await house.rows(
        `SELECT count(*)::int AS found FROM account_credentials
         WHERE position($1::bytea IN ciphertext) > 0 OR position($1::bytea IN wrapped_key) > 0`,
        [Buffer.from(secret)],
      );
      expect(row).toEqual({ found: 0 });
    }
  });

  it('opens one account here, however often it is given', async () => {
    const [one, other] = [await house.user('TRADER'), await house.user('TRADER')];
    await simulator.control('POST', 'accounts', { name: 'shared' });
    const input = await house.liveInput('shared');
    const answers = await Promise.all([one, other, one].map((asker) => house.service.create(asker, input)));
    expect(answers.flatMap(codes)).toEqual(['EXCHANGE_ACCOUNT_TAKEN', 'EXCHANGE_ACCOUNT_TAKEN']);
  });

  it('of one account at the exchange is stored once, by whomever and in whatever moment it is given', async () => {
    const bytes = Buffer.alloc(28);
    const sealed = { keyId: 'old', wrappedKey: bytes, nonce: bytes, ciphertext: bytes };
    const credentials = { sealed, exchangeAccount: 'the same', checkedAt: Date.now() };
    const owners = await Promise.all(Array.from({ length: 8 }, () => house.user('TRADER')));
    const outcomes = await Promise.all(
      owners.map(({ userId }) => {
        const { label, exchange, currency } = paperInput;
        const made = { label, exchange, currency, mode: 'LIVE', positionMode: 'ONE_WAY', keyHint: '' } as const;
        const account = newAccount({ ...made, id: randomUUID(), ownerId: userId, createdAt: 0 });
        const audit = { at: 0, actor: userId, action: 'account.create', target: account.id, outcome: 'made' };
        return house.storage.accounts.insert({ account, credentials, maxAccounts: 20, audit });
      }),
    );
    expect(outcomes.toSorted()).toEqual(['done', ...Array.from({ length: 7 }, () => 'taken')]);
  });

  it('is not taken while the exchange does not answer, and nothing is made', async () => {
    const asker = await house.user('TRADER');
    await simulator.control('POST', 'accounts', { name: 'unheard' });
    const input = await house.liveInput('unheard');
    await simulator.control('POST', 'faults', { kind: 'unavailable', path: '/sapi/*' });
    await expect(house.service.create(asker, input)).rejects.toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
    await simulator.control('DELETE', 'faults');
    expect(await house.storage.accounts.countEver(asker.userId)).toBe(0);
  });
});

describe('replacing a key', () => {
  it('takes another of the same account at the exchange, judged as the first was', async () => {
    const asker = await house.user('TRADER');
    await simulator.control('POST', 'accounts', { name: 'replaced' });
    const input = await house.liveInput('replaced');
    const { account } = await house.service.create(asker, input);
    const before = await house.storage.credentials.find(account!.id);
    const other = await house.liveInput('second-trader');
    expect(codes(await house.service.replaceCredentials(asker, account!.id, other))).toEqual([
      'KEY_OF_ANOTHER_ACCOUNT',
    ]);
    const withdrawer = await house.liveInput('withdrawer');
    expect(codes(await house.service.replaceCredentials(asker, account!.id, withdrawer))).toContain('KEY_CAN_WITHDRAW');
    expect(await house.storage.credentials.find(account!.id)).toEqual(before);
    const { account: after } = await house.service.replaceCredentials(asker, account!.id, input);
    expect(after?.credentialsNumber).toBe(1);
    expect((await house.storage.credentials.find(account!.id))?.sealed).not.toEqual(before?.sealed);
  });

  it("answers for another's account as for none at all", async () => {
    const [owner, stranger] = [await house.user('TRADER'), await house.user('TRADER')];
    const { account } = await house.service.create(owner, paperInput);
    const key = { apiKey: 'k', secret: 's', passphrase: null };
    for (const act of [
      (id: string) => house.service.replaceCredentials(stranger, id, key),
      (id: string) => house.service.remove(stranger, id),
      (id: string) => house.grants.grant(stranger, id, stranger.userId),
      (id: string) => house.grants.revoke(stranger, id, stranger.userId),
    ]) {
      const foreign = await act(account!.id);
      expect(foreign).toEqual(await act(randomUUID()));
      expect(codes(foreign)).toEqual(['ACCOUNT_NOT_FOUND']);
    }
  });
});

describe('removing a live account', () => {
  it('waits until nothing is open, then forgets its key and keeps its history', async () => {
    const asker = await house.user('TRADER');
    await simulator.control('POST', 'accounts', { name: 'leaving' });
    const { account } = await house.service.create(asker, await house.liveInput('leaving'));
    await house.rows(
      `INSERT INTO positions (id, account_id, market_id, side, amount, cost, realized_pnl, fees_paid, funding_paid,
         currency, opened_at, updated_at)
       VALUES ($1, $2, 'simulator:BTC/USDT', 'LONG', 1, 1, 0, 0, 0, 'USDT', now(), now())`,
      [randomUUID(), account!.id],
    );
    expect(codes(await house.service.remove(asker, account!.id))).toEqual(['ACCOUNT_HAS_POSITIONS']);
    expect(await house.storage.credentials.find(account!.id)).not.toBeNull();
    await house.rows('UPDATE positions SET closed_at = now() WHERE account_id = $1', [account!.id]);
    expect(codes(await house.service.remove(asker, account!.id))).toEqual([]);
    expect(await house.storage.credentials.find(account!.id)).toBeNull();
    expect(await house.rows('SELECT id FROM accounts WHERE id = $1', [account!.id])).toHaveLength(1);
  });
});
