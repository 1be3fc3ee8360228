import type { DataSource } from 'typeorm';
import type { AccountApproval } from '../../domain/accounts';
import type { SealedCredentials } from '../../domain/exchangeCredentials';
import type { EpochMs } from '../../domain/marketData';
import { accountTable } from './accountTable';
import { approvalHash, writeApprovalRequest } from './approvalStore';
import { writeAudit, type AuditEntry } from './audit';
import type { AccountRecord } from './records';
import type { RunRows } from './runRows';

/** The sealed key of a LIVE account, and when it was judged last. */
export interface CredentialRecord {
  readonly sealed: SealedCredentials;
  /** What the exchange calls the account behind the key; null where it does not tell. */
  readonly exchangeAccount: string | null;
  readonly checkedAt: EpochMs;
}

/** Sealed keys of exchanges. What is stored here opens nothing without the key-encryption keys. */
export class CredentialStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Null of an account without a key: PAPER, or removed. */
  async find(accountId: string): Promise<CredentialRecord | null> {
    const [row] = await this.#query(
      `SELECT key_id, wrapped_key, nonce, ciphertext, exchange_account, checked_at
       FROM account_credentials WHERE account_id = $1`,
      [accountId],
    );
    return row === undefined ? null : readCredentials(row);
  }

  /**
   * Puts another key in the place of an owner's account's. False where the owner has no such LIVE account (any more). An approval is of the
   * account at the exchange: it goes with a key that is not known to be of that one. needsApproval: whether a second person is then waited for.
   */
  async replace(change: {
    readonly ownerId: string;
    readonly accountId: string;
    readonly credentials: CredentialRecord;
    readonly keyHint: string;
    readonly needsApproval: boolean;
    readonly audit: AuditEntry;
  }): Promise<boolean> {
    const { ownerId, accountId, credentials, keyHint, needsApproval, audit } = change;
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const [row] = await run(
        `SELECT ${accountTable.list()} FROM accounts
         WHERE id = $1 AND owner_id = $2 AND mode = 'LIVE' AND removed_at IS NULL FOR UPDATE`,
        [accountId, ownerId],
      );
      if (row === undefined) return false;
      const account = accountTable.read(row);
      const isProvenSame = await isOfSameAccount(run, accountId, credentials);
      const approval = isProvenSame ? account.approval : approvalOfNewKey(account.approval, needsApproval);
      const after = { ...account, keyHint, approval };
      await writeCredentials(run, accountId, credentials);
      await run(
        'UPDATE accounts SET key_hint = $2, approval = $3, credentials_number = credentials_number + 1 WHERE id = $1',
        [accountId, keyHint, approval],
      );
      const hashes = { before: approvalHash(account), after: approvalHash(after) };
      await writeAudit(run, { ...audit, ...hashes });
      if (approval === 'AWAITED') await writeApprovalRequest(run, after, { ...audit, ...hashes });
      return true;
    });
  }

  /** Keeps the same key under another key-encryption key, unless it was replaced meanwhile. */
  async reseal(accountId: string, before: SealedCredentials, after: SealedCredentials): Promise<void> {
    await this.#query(
      `UPDATE account_credentials SET key_id = $3, wrapped_key = $4 WHERE account_id = $1 AND wrapped_key = $2`,
      [accountId, Buffer.from(before.wrappedKey), after.keyId, Buffer.from(after.wrappedKey)],
    );
  }

  /** A key was found fit, unless it was replaced meanwhile. */
  async noteFit(accountId: string, sealed: SealedCredentials, at: EpochMs): Promise<void> {
    await this.#query('UPDATE account_credentials SET checked_at = $3 WHERE account_id = $1 AND ciphertext = $2', [
      accountId,
      Buffer.from(sealed.ciphertext),
      new Date(at),
    ]);
  }

  /** Accounts whose key was not found fit since then, those that wait longest first. */
  async due(since: EpochMs): Promise<readonly AccountRecord[]> {
    const rows = await this.#query(
      `SELECT ${accountTable.list('a')} FROM account_credentials c JOIN accounts a ON a.id = c.account_id
       WHERE c.checked_at <= $1 AND a.removed_at IS NULL ORDER BY c.checked_at, a.id`,
      [new Date(since)],
    );
    return rows.map((row) => accountTable.read(row));
  }

  /** How many records each key-encryption key seals; one that seals none is not among them. */
  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#query('SELECT key_id, count(*)::int AS count FROM account_credentials GROUP BY key_id');
    return new Map(rows.map((row) => [row.key_id as string, row.count as number]));
  }

  /** How many keys are in use at each exchange; one without any is not among them. */
  async countByExchange(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#query(
      `SELECT exchange, count(*)::int AS count FROM account_credentials c JOIN accounts a ON a.id = c.account_id
       WHERE removed_at IS NULL GROUP BY exchange ORDER BY exchange`,
    );
    return new Map(rows.map((row) => [row.exchange as string, row.count as number]));
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}

/** Writes the key of an account in the place of one that is there. */
export async function writeCredentials(run: RunRows, accountId: string, credentials: CredentialRecord): Promise<void> {
  const { sealed, exchangeAccount, checkedAt } = credentials;
  await run(
    `INSERT INTO account_credentials (account_id, key_id, wrapped_key, nonce, ciphertext, exchange_account, checked_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (account_id) DO UPDATE SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key,
       nonce = excluded.nonce, ciphertext = excluded.ciphertext, exchange_account = excluded.exchange_account,
       checked_at = excluded.checked_at`,
    [
      accountId,
      sealed.keyId,
      Buffer.from(sealed.wrappedKey),
      Buffer.from(sealed.nonce),
      Buffer.from(sealed.ciphertext),
      exchangeAccount,
      new Date(checkedAt),
    ],
  );
}

/** Where either is not told, it cannot be said. Its account is held, so that no other key comes in between. */
async function isOfSameAccount(
  run: RunRows,
  accountId: string,
  { exchangeAccount }: CredentialRecord,
): Promise<boolean> {
  const same = await run('SELECT FROM account_credentials WHERE account_id = $1 AND exchange_account = $2', [
    accountId,
    exchangeAccount,
  ]);
  return same.length === 1;
}

/** Of one that may be of another account at the exchange. Who waits, waits on, whatever the settings say by now. */
function approvalOfNewKey(before: AccountApproval, needsApproval: boolean): AccountApproval {
  return needsApproval || before === 'AWAITED' ? 'AWAITED' : 'NOT_NEEDED';
}

function readCredentials(row: Readonly<Record<string, unknown>>): CredentialRecord {
  return {
    sealed: {
      keyId: row.key_id as string,
      wrappedKey: row.wrapped_key as Buffer,
      nonce: row.nonce as Buffer,
      ciphertext: row.ciphertext as Buffer,
    },
    exchangeAccount: row.exchange_account as string | null,
    checkedAt: (row.checked_at as Date).getTime(),
  };
}
