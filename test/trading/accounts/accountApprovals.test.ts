import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { ApproveAccounts1764090000000 } from '../../../migrations/1764090000000-approveAccounts';
import { migrations } from '../../../migrations/migrations';
import { AppError } from '../../../src/errors/appError';
import { createDataSource } from '../../../src/storage/dataSource';
import { migrate } from '../../../src/storage/migrate';
import type { UserRole } from '../../../src/storage/userRole';
import type { AccountRecord } from '../../../src/storage/trading/records';
import type { AccountInput } from '../../../src/trading/accounts/accountInput';
import { eventually } from '../../kit/eventually';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { AccountHouse, oldKey, paperInput } from './accountHouse';

type Asker = Awaited<ReturnType<AccountHouse['user']>>;

interface Made {
  readonly owner: Asker;
  readonly account: AccountRecord;
  readonly input: AccountInput;
}

let simulator: RunningSimulator;
let house: AccountHouse;
let admin: Asker;

beforeAll(async () => {
  simulator = await startSimulator({ args: ['--weight-limit', '1000000'] });
  house = await AccountHouse.open(simulator);
  admin = await house.user('ADMIN');
});

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

/** A server of which a LIVE account waits for a second person, and one of which it does not. */
const serviceThat = (asks: 'asks' | 'does not ask') => house.serviceWith([oldKey], true, asks === 'asks');

async function make(asks: 'asks' | 'does not ask' = 'asks', ...roles: UserRole[]): Promise<Made> {
  const owner = await house.user('TRADER', ...roles);
  const name = randomUUID();
  await simulator.control('POST', 'accounts', { name });
  const input = await house.liveInput(name);
  const { account, refusals } = await serviceThat(asks).create(owner, input);
  if (account === null) throw new Error(JSON.stringify(refusals));
  return { owner, account, input };
}

/** What came of it, or its code. */
async function approve(approver: Asker, { id, keyHint }: Pick<AccountRecord, 'id' | 'keyHint'>): Promise<unknown> {
  try {
    return await house.approvals.approve(approver, id, keyHint ?? '');
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

async function approvalOf({ account }: Pick<Made, 'account'>): Promise<unknown> {
  const [row] = await house.rows('SELECT approval FROM accounts WHERE id = $1', [account.id]);
  return row?.['approval'];
}

/** What the audit log says of an account's approval. */
async function auditOf({ account }: Pick<Made, 'account'>): Promise<readonly unknown[]> {
  return house.rows(
    `SELECT action, actor, outcome, before_hash IS NULL AS "isNew", before_hash = after_hash AS "isSame"
       FROM audit_entries WHERE target = $1 AND action IN ('account.requestApproval', 'account.approve') ORDER BY number`,
    [account.id],
  );
}

const clientOf = async (): Promise<Client> => {
  const client = new Client({ connectionString: house.databaseUrl });
  await client.connect();
  return client;
};

/** Holds a row until it is told to let go; gives what lets go. */
async function hold(table: 'accounts' | 'users', id: string, change?: string): Promise<() => Promise<void>> {
  const holder = await clientOf();
  await holder.query('BEGIN');
  await holder.query(change ?? `SELECT id FROM ${table} WHERE id = $1 FOR UPDATE`, [id]);
  return async () => {
    await holder.query('COMMIT');
    await holder.end();
  };
}

const waiting = (count: number): Promise<unknown> =>
  eventually(async () => {
    const rows = await house.rows(
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return rows.length === count;
  });

describe('a LIVE account', () => {
  it('waits where the server says so, and is asked for in the audit log', async () => {
    const made = await make();
    expect(made.account.approval).toBe('AWAITED');
    expect(await approvalOf(made)).toBe('AWAITED');
    const outcome = 'LIVE at simulator';
    const actor = made.owner.userId;
    expect(await auditOf(made)).toEqual([
      { action: 'account.requestApproval', actor, outcome, isNew: true, isSame: null },
    ]);
  });

  it('waits for nobody where the server does not say so; nor does one of PAPER ever', async () => {
    const made = await make('does not ask');
    expect([made.account.approval, await auditOf(made)]).toEqual(['NOT_NEEDED', []]);
    const { account } = await serviceThat('asks').create(made.owner, paperInput);
    expect(account?.approval).toBe('NOT_NEEDED');
    expect(await approve(admin, { id: account!.id, keyHint: '' })).toBe('ACCOUNT_NOT_FOUND');
  });

  it('that was there before approvals were trades on', async () => {
    const made = await make();
    const dataSource = await createDataSource({ url: house.databaseUrl, migrations }).initialize();
    const since = migrations.slice(migrations.indexOf(ApproveAccounts1764090000000));
    for (let count = 0; count < since.length; count += 1) await dataSource.undoLastMigration();
    await migrate({ dataSource, onProgress: () => undefined });
    await dataSource.destroy();
    expect(await approvalOf(made)).toBe('NOT_NEEDED');
  });
});

describe('an approval', () => {
  it('is of an admin, once, and stands in the audit log with what was before and after', async () => {
    const made = await make();
    expect(await approve(admin, made.account)).toBe('GIVEN');
    expect(await approve(await house.user('ADMIN'), made.account)).toBe('GIVEN');
    expect(await approvalOf(made)).toBe('GIVEN');
    expect((await auditOf(made)).slice(1)).toEqual([
      { action: 'account.approve', actor: admin.userId, outcome: 'given', isNew: false, isSame: false },
    ]);
  });

  it('is given once where two give it at the same time', async () => {
    const made = await make();
    const letGo = await hold('accounts', made.account.id);
    const both = Promise.all([approve(admin, made.account), approve(await house.user('ADMIN'), made.account)]);
    await waiting(2);
    await letGo();
    expect(await both).toEqual(['GIVEN', 'GIVEN']);
    expect(await auditOf(made)).toHaveLength(2);
  });

  it('is not of its owner, whatever else they are', async () => {
    const made = await make('asks', 'ADMIN');
    expect(await approve(made.owner, made.account)).toBe('APPROVAL_NOT_YOURS');
    expect([await approvalOf(made), await auditOf(made)]).toMatchObject(['AWAITED', [{ isNew: true }]]);
  });

  it('is not of whoever is no admin, or not any more', async () => {
    const made = await make();
    const [trader, disabled] = [await house.user('TRADER', 'AUDITOR'), await house.user('ADMIN')];
    await house.rows('UPDATE users SET disabled = true WHERE id = $1', [disabled.userId]);
    for (const approver of [trader, disabled, { userId: randomUUID(), actor: 'nobody' }])
      expect(await approve(approver, made.account)).toBe('FORBIDDEN');
    expect(await approvalOf(made)).toBe('AWAITED');
  });

  it('is not of an admin who is being disabled at the same time', async () => {
    const made = await make();
    const other = await house.user('ADMIN');
    const letGo = await hold('users', other.userId, 'UPDATE users SET disabled = true WHERE id = $1');
    const answer = approve(other, made.account);
    await waiting(1);
    await letGo();
    expect(await answer).toBe('FORBIDDEN');
    expect(await approvalOf(made)).toBe('AWAITED');
  });

  it('is of the key that was shown, and of no account that is not there', async () => {
    const made = await make();
    expect(await approve(admin, { ...made.account, keyHint: 'what' })).toBe('APPROVAL_KEY_CHANGED');
    for (const id of [randomUUID(), 'nothing', ''])
      expect(await approve(admin, { ...made.account, id })).toBe('ACCOUNT_NOT_FOUND');
    await house.service.remove(made.owner, made.account.id);
    expect(await approve(admin, made.account)).toBe('ACCOUNT_NOT_FOUND');
  });
});

describe('what waits', () => {
  const listed = async (approver: Asker, made: readonly Made[], first = 500): Promise<readonly unknown[]> => {
    const all = await house.approvals.awaited(approver, first);
    const ids = new Set(made.map(({ account }) => account.id));
    return all.filter(({ accountId }) => ids.has(accountId));
  };

  it('is told to admins, without what is their own, approved, removed or waits for nobody', async () => {
    const own = await make('asks', 'ADMIN');
    const [first, approved, removed, free, second] = [
      await make(),
      await make(),
      await make(),
      await make('does not ask'),
      await make(),
    ];
    await approve(admin, approved.account);
    await house.service.remove(removed.owner, removed.account.id);
    const all = [own, first, approved, removed, free, second];
    const told = ({ owner, account, input }: Made) => ({
      accountId: account.id,
      ownerId: owner.userId,
      exchange: 'simulator',
      keyHint: input.apiKey!.slice(-4),
      requestedAt: expect.any(Date) as unknown,
    });
    // The one for whom its own does not wait is an admin like any other.
    expect(await listed(own.owner, all)).toEqual([told(first), told(second)]);
    expect(await listed(admin, all)).toEqual([told(own), told(first), told(second)]);
    expect(await house.approvals.awaited(admin, 1)).toHaveLength(1);
  });

  it('waits since it was asked for with the key that it has', async () => {
    const made = await make();
    await house.rows(`UPDATE accounts SET created_at = created_at - interval '1 day' WHERE id = $1`, [made.account.id]);
    await serviceThat('asks').replaceCredentials(made.owner, made.account.id, made.input);
    const asked = await house.rows(
      `SELECT at FROM audit_entries WHERE target = $1 AND action = 'account.requestApproval' ORDER BY number DESC`,
      [made.account.id],
    );
    expect(asked).toHaveLength(2);
    // Whatever else of the same owner has begun to wait since then.
    const name = randomUUID();
    await simulator.control('POST', 'accounts', { name });
    await serviceThat('asks').create(made.owner, await house.liveInput(name));
    expect(await listed(admin, [made])).toMatchObject([{ requestedAt: asked[0]?.['at'] }]);
    expect(asked[0]).not.toEqual(asked[1]);
  });
});

describe('another key', () => {
  const replace = ({ owner, account, input }: Made, asks: 'asks' | 'does not ask' = 'asks') =>
    serviceThat(asks).replaceCredentials(owner, account.id, input);
  /** As of an exchange that does not tell which account a key is of. */
  const forgetAccount = ({ account }: Made) =>
    house.rows('UPDATE account_credentials SET exchange_account = NULL WHERE account_id = $1', [account.id]);

  it('of the same account at the exchange leaves the approval as it is', async () => {
    const made = await make();
    await replace(made);
    // Still waited for, with the key of now.
    expect([await approvalOf(made), (await auditOf(made)).length]).toEqual(['AWAITED', 2]);
    await approve(admin, made.account);
    expect((await replace(made)).account?.approval).toBe('GIVEN');
    expect(await auditOf(made)).toHaveLength(3);
    const older = await make('does not ask');
    expect((await replace(older)).account?.approval).toBe('NOT_NEEDED');
  });

  it('that may be of another has to be approved again', async () => {
    const made = await make();
    await approve(admin, made.account);
    await forgetAccount(made);
    expect((await replace(made)).account?.approval).toBe('AWAITED');
    expect((await auditOf(made)).slice(2)).toMatchObject([{ action: 'account.requestApproval', isSame: false }]);
    expect(await approve(admin, made.account)).toBe('GIVEN');
    const older = await make('does not ask');
    await forgetAccount(older);
    expect((await replace(older)).account?.approval).toBe('AWAITED');
  });

  it('of an account that waits does not end its waiting where the server asks for nobody any more', async () => {
    const [waits, approved] = [await make(), await make()];
    await approve(admin, approved.account);
    for (const made of [waits, approved]) await forgetAccount(made);
    expect((await replace(waits, 'does not ask')).account?.approval).toBe('AWAITED');
    // Nobody has approved this key.
    expect((await replace(approved, 'does not ask')).account?.approval).toBe('NOT_NEEDED');
  });
});
