import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import type { Readers } from '../readers';
import { ownReader } from '../trading/accountReader';
import { hashOfState, writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import { toUuid } from '../trading/statement';
import type { UserRole } from '../userRole';
import type { RunQuery } from '../userStanding';
import type { Asking } from './passwordStore';

/** A key as its owner sees it: what it is the hash of, nobody does. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly label: string;
  /** How the key begins, to tell it by. */
  readonly prefix: string;
  readonly scopes: readonly string[];
  /** Addresses and CIDR ranges; empty: any. */
  readonly allowedIps: readonly string[];
  /** Ed25519, as PEM; null: its requests need no signature. */
  readonly publicKey: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

export interface NewApiKey {
  readonly id: string;
  readonly userId: string;
  readonly label: string;
  readonly prefix: string;
  readonly hash: Buffer;
  readonly scopes: readonly string[];
  readonly allowedIps: readonly string[];
  readonly publicKey: string | null;
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
  /** Where it was asked for, for the audit log. */
  readonly ip: string;
}

/** A key that is good now, with the roles of its owner. */
export interface LiveApiKey {
  readonly id: string;
  readonly userId: string;
  readonly roles: readonly UserRole[];
  readonly hash: Buffer;
  readonly scopes: readonly string[];
  readonly allowedIps: readonly string[];
  readonly publicKey: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** API keys. Whatever ends one is told to every node by the database. */
export class ApiKeyStore {
  constructor(private readonly parts: { readonly dataSource: DataSource; readonly readers: Readers }) {}

  /** Null where the user has `maxLive` keys already, or is disabled. */
  async create(key: NewApiKey, maxLive: number): Promise<ApiKeyRecord | null> {
    return this.#transaction(async (run) => {
      const { id, userId, label, prefix, hash, scopes, allowedIps, publicKey, at, expiresAt, ip } = key;
      // One key of a user at a time, and none while they are being disabled.
      const [user] = await run('SELECT id FROM users WHERE id = $1 AND NOT disabled FOR NO KEY UPDATE', [userId]);
      const live = await run(`SELECT id FROM api_keys k WHERE user_id = $1 AND ${isLive(2)}`, [userId, new Date(at)]);
      if (user === undefined || live.length >= maxLive) return null;
      const [made] = await run(
        `INSERT INTO api_keys (id, user_id, label, prefix, hash, scopes, allowed_ips, public_key, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${columns}`,
        [id, userId, label, prefix, hash, [...scopes], [...allowedIps], publicKey, new Date(at), new Date(expiresAt)],
      );
      await writeAudit(run, {
        at,
        actor: userId,
        action: 'apiKey.create',
        target: id,
        outcome: [...scopes, ...(publicKey === null ? [] : ['signed'])].join(' '),
        ip,
        after: hashOf(key, 'good'),
      });
      return made as unknown as ApiKeyRecord;
    });
  }

  /** False where the user has no such key that is good. */
  async revoke(asked: {
    readonly userId: string;
    readonly id: string;
    readonly at: EpochMs;
    readonly ip: string;
  }): Promise<boolean> {
    const { userId, id, at, ip } = asked;
    return this.#transaction(async (run) => {
      const [key] = await end(run, 'user_id = $2 AND id = $3', [new Date(at), userId, toUuid(id)]);
      if (key === undefined) return false;
      await noteRevoked(run, key, { at, actor: userId, ip });
      return true;
    });
  }

  /** Those of a user that are good, the newest first. */
  async live(userId: string, at: EpochMs): Promise<readonly ApiKeyRecord[]> {
    const rows: unknown = await this.parts.readers.as(ownReader(userId))(
      `SELECT ${columns} FROM api_keys k WHERE user_id = $1 AND ${isLive(2)} ORDER BY created_at DESC, id`,
      [userId, new Date(at)],
    );
    return rows as readonly ApiKeyRecord[];
  }

  /** Null where the user has no such key that is good. */
  async liveOne(userId: string, id: string, at: EpochMs): Promise<ApiKeyRecord | null> {
    const rows: unknown = await this.parts.readers.as(ownReader(userId))(
      `SELECT ${columns} FROM api_keys k WHERE user_id = $1 AND id = $2 AND ${isLive(3)}`,
      [userId, toUuid(id), new Date(at)],
    );
    return (rows as readonly ApiKeyRecord[])[0] ?? null;
  }

  /** Remembers when keys were used last. */
  async markUsed(uses: ReadonlyMap<string, EpochMs>): Promise<void> {
    await this.parts.dataSource.query(
      `UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, u.at)
         FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) WHERE k.id = u.id`,
      [[...uses.keys()], [...uses.values()].map((at) => new Date(at))],
    );
  }

  /** Deletes keys that have not been good since. */
  async prune(before: EpochMs): Promise<void> {
    await this.parts.dataSource.query('DELETE FROM api_keys WHERE revoked_at < $1 OR expires_at < $1', [
      new Date(before),
    ]);
  }

  #transaction<Result>(work: (run: RunRows) => Promise<Result>): Promise<Result> {
    return this.parts.dataSource.transaction((manager) =>
      work((text, values = []) => manager.query(text, [...values])),
    );
  }
}

/**
 * Ends the keys of a user, within a transaction, with an entry each in the audit log; of everybody (null), with none, which the caller writes
 * for all. Gives their ids.
 */
export async function endApiKeys(
  run: RunRows,
  { userId, at, ...asking }: { readonly userId: string | null } & Asking,
): Promise<readonly string[]> {
  const ended = await end(run, '$2::uuid IS NULL OR user_id = $2', [new Date(at), userId]);
  if (userId !== null) for (const key of ended) await noteRevoked(run, key, { at, ...asking });
  return ended.map(({ id }) => id);
}

/** at: the first of the values. */
async function end(run: RunRows, condition: string, values: readonly unknown[]): Promise<readonly ApiKeyRecord[]> {
  const ended = await run(
    `WITH ended AS (UPDATE api_keys k SET revoked_at = clock_timestamp()
        WHERE (${condition}) AND ${isLive(1)} RETURNING ${columns}) SELECT * FROM ended ORDER BY id`,
    values,
  );
  return ended as unknown as readonly ApiKeyRecord[];
}

function noteRevoked(run: RunRows, key: ApiKeyRecord, asking: Asking): Promise<void> {
  const hashes = { before: hashOf(key, 'good'), after: hashOf(key, 'revoked') };
  return writeAudit(run, { ...asking, action: 'apiKey.revoke', target: key.id, outcome: 'revoked', ...hashes });
}

/** Every key that is good now. */
export async function readLiveApiKeys(query: RunQuery): Promise<readonly LiveApiKey[]> {
  const rows = await query(
    `SELECT k.id, user_id AS "userId", u.roles, hash, scopes, allowed_ips AS "allowedIps", public_key AS "publicKey",
            k.created_at AS "createdAt", expires_at AS "expiresAt"
       FROM api_keys k JOIN users u ON u.id = k.user_id
      WHERE revoked_at IS NULL AND expires_at > now() AND NOT u.disabled`,
    [],
  );
  return rows as readonly LiveApiKey[];
}

/** What a key may do, for the audit log: without its label, which are the words of its owner. */
function hashOf(
  { scopes, allowedIps, expiresAt }: Pick<NewApiKey | ApiKeyRecord, 'scopes' | 'allowedIps' | 'expiresAt'>,
  standing: 'good' | 'revoked',
): Buffer {
  return hashOfState({ scopes, allowedIps, expiresAt: new Date(expiresAt), standing });
}

const columns = `id, label, prefix, scopes, allowed_ips AS "allowedIps", public_key AS "publicKey",
  created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt"`;

function isLive(place: number): string {
  return `k.revoked_at IS NULL AND k.expires_at > $${place}`;
}
