import type { DataSource } from 'typeorm';
import { findExcessRights } from '../applicationRole';
import type { UserRole } from '../userRole';

export interface ReviewedUser {
  readonly email: string;
  readonly roles: readonly UserRole[];
  readonly disabled: boolean;
  readonly mfaEnabled: boolean;
  /** When a session of theirs was refreshed last, or they signed in; null where nothing is kept of it. */
  readonly lastSeenAt: Date | null;
}

export interface ReviewedApiKey {
  readonly prefix: string;
  readonly label: string;
  readonly owner: string;
  readonly ownerDisabled: boolean;
  readonly scopes: readonly string[];
  readonly allowedIps: readonly string[];
  readonly ageDays: number;
  /** Below 0: it has ended. */
  readonly daysLeft: number;
  readonly lastUsedAt: Date | null;
}

export interface ReviewedSigningKey {
  readonly kid: string;
  readonly state: string;
  readonly ageDays: number;
  /** In this state. */
  readonly stateDays: number;
}

export interface ReviewedRole {
  readonly role: string;
  /** True of the one that the commands and the server are connected as. */
  readonly isServer: boolean;
  readonly isSuperuser: boolean;
  readonly owns: number;
  readonly appends: number;
  readonly changes: number;
  readonly deletes: number;
}

/** Whose an id is: a user's, or that of one of their API keys. */
export interface IdHolder {
  readonly id: string;
  readonly email: string;
  readonly isApiKey: boolean;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Who has access to what, as it stands in the database: for whoever looks it through. */
export class AccessRecords {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** By e-mail address. */
  async users(): Promise<readonly ReviewedUser[]> {
    return this.#read(
      `SELECT email, roles, disabled, mfa_enabled AS "mfaEnabled", greatest(
                (SELECT max(last_seen_at) FROM sessions WHERE user_id = u.id),
                (SELECT max(seen_at) FROM sign_in_addresses WHERE user_id = u.id)) AS "lastSeenAt"
         FROM users u ORDER BY email`,
    );
  }

  /** Of those of these texts that are the id of a user or of an API key. */
  async holdersOf(ids: readonly string[]): Promise<readonly IdHolder[]> {
    return this.#read(
      `SELECT id::text, email, false AS "isApiKey" FROM users WHERE id = ANY ($1::uuid[])
         UNION ALL
       SELECT k.id::text, u.email, true FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = ANY ($1::uuid[])`,
      [ids.filter((id) => uuid.test(id))],
    );
  }

  /** Those that nobody has revoked, by their owner. */
  async apiKeys(): Promise<readonly ReviewedApiKey[]> {
    return this.#read(
      `SELECT prefix, label, email AS owner, disabled AS "ownerDisabled", scopes, allowed_ips AS "allowedIps",
              ${daysOf('now() - k.created_at')} AS "ageDays", ${daysOf('expires_at - now()')} AS "daysLeft", last_used_at AS "lastUsedAt"
         FROM api_keys k JOIN users u ON u.id = k.user_id WHERE revoked_at IS NULL ORDER BY email, k.created_at, prefix`,
    );
  }

  /** How the server speaks with its database. */
  async connection(): Promise<{ readonly isEncrypted: boolean; readonly isLocal: boolean }> {
    const [found] = await this.#read<{ readonly isEncrypted: boolean; readonly isLocal: boolean }>(
      `SELECT ssl AS "isEncrypted", coalesce(inet_server_addr() << '127.0.0.0/8' OR inet_server_addr() = '::1', true) AS "isLocal"
         FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
    );
    if (found === undefined) throw new Error('the database does not tell of its own connection');
    return found;
  }

  /** Those that are not retired, the newest first. */
  async signingKeys(): Promise<readonly ReviewedSigningKey[]> {
    return this.#read(
      `SELECT kid, state, ${daysOf('now() - created_at')} AS "ageDays",
              ${daysOf('now() - coalesce(retiring_at, activated_at, created_at)')} AS "stateDays"
         FROM signing_keys WHERE state <> 'retired' ORDER BY created_at DESC`,
    );
  }

  /** Those that can sign in and may do something with a table of the schema; of how many tables they may do what. */
  async roles(): Promise<readonly ReviewedRole[]> {
    const may = (action: string): string =>
      `(count(*) FILTER (WHERE has_table_privilege(r.oid, c.oid, '${action}')))::int`;
    return this.#read(
      `SELECT rolname AS role, rolname = current_user AS "isServer", rolsuper AS "isSuperuser",
              (count(*) FILTER (WHERE pg_has_role(r.oid, c.relowner, 'MEMBER')))::int AS owns,
              ${may('INSERT')} AS appends, ${may('UPDATE')} AS changes, ${may('DELETE')} AS deletes
         FROM pg_roles r, pg_class c
        WHERE rolcanlogin AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
        GROUP BY r.oid, rolname, rolsuper
       HAVING bool_or(has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')) ORDER BY rolname`,
    );
  }

  /** What the role that is connected as may do, and the server's must not: a sentence each. */
  async excessRights(): Promise<readonly string[]> {
    const [row] = await this.#read<{ readonly role: string }>('SELECT current_user AS role');
    return findExcessRights((text, values) => this.parts.dataSource.query(text, [...values]), row?.role ?? '');
  }

  async #read<Row>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.parts.dataSource.query(text, [...values]);
  }
}

/** Whole days of an interval. */
function daysOf(interval: string): string {
  return `floor(extract(epoch FROM ${interval}) / 86400)::int`;
}
