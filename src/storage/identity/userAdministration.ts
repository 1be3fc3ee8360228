import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { hashOfState, writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import { toUuid } from '../trading/statement';
import { toStoredEmail, type NewUser } from '../user.repository';
import type { UserRole } from '../userRole';

export interface ListedUser {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly UserRole[];
  readonly disabled: boolean;
  readonly mfaEnabled: boolean;
  readonly createdAt: Date;
}

/** Who changes a user, when, and where they asked from (null: on the host), for the audit log. */
export interface Change {
  readonly at: EpochMs;
  readonly actor: string;
  readonly ip: string | null;
}

/** `lastAdmin`: nobody else could administer users any more. Where it is not `changed`, nothing has changed. */
export type UserChange =
  | { readonly kind: 'changed'; readonly user: ListedUser }
  | { readonly kind: 'absent' }
  | { readonly kind: 'lastAdmin' };

/** Making users and changing what they may do. The database tells every node of a change, and refuses roles that it does not know. */
export class UserAdministration {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Null where there is a user with this e-mail address: nothing has changed. */
  async create(user: NewUser, change: Change): Promise<ListedUser | null> {
    return this.#transaction(async (run) => {
      const [created] = await run(
        `INSERT INTO users (id, email, password_hash, roles) VALUES ($1, $2, $3, $4)
           ON CONFLICT (email) DO NOTHING RETURNING ${columns}`,
        [user.id, toStoredEmail(user.email), user.passwordHash, [...user.roles]],
      );
      if (created === undefined) return null;
      const made = created as unknown as ListedUser;
      const entry = { ...change, action: 'user.create', target: user.id, outcome: user.roles.join(' ') };
      await writeAudit(run, { ...entry, after: hashOf(made) });
      return made;
    });
  }

  async setRoles(id: string, roles: readonly UserRole[], change: Change): Promise<UserChange> {
    return this.#update(id, { roles }, { ...change, action: 'user.roles', outcome: roles.join(' ') });
  }

  /** Disabling ends what the user has open, for good. */
  async setDisabled(id: string, disabled: boolean, change: Change): Promise<UserChange> {
    const outcome = disabled ? 'disabled' : 'enabled';
    return this.#update(id, { disabled }, { ...change, action: 'user.disable', outcome });
  }

  /** Null where there is no such user. */
  async find(email: string): Promise<ListedUser | null> {
    const rows: unknown = await this.parts.dataSource.query(`SELECT ${columns} FROM users WHERE email = $1`, [
      toStoredEmail(email),
    ]);
    return (rows as readonly ListedUser[])[0] ?? null;
  }

  /** By e-mail address. first: how many at most; null: all of them. */
  async list(first: number | null): Promise<readonly ListedUser[]> {
    return this.parts.dataSource.query(`SELECT ${columns} FROM users ORDER BY email LIMIT $1`, [first]);
  }

  async #update(
    id: string,
    change: Partial<Authority>,
    entry: Change & { readonly action: string; readonly outcome: string },
  ): Promise<UserChange> {
    return this.#transaction(async (run) => {
      const before = await holdUser(run, id);
      if (before === null) return { kind: 'absent' };
      const { user, isLastAdmin } = before;
      const { roles, disabled } = { ...user, ...change };
      if (isLastAdmin && (disabled || !roles.includes('ADMIN'))) return { kind: 'lastAdmin' };
      await run('UPDATE users SET roles = $2, disabled = $3 WHERE id = $1', [user.id, [...roles], disabled]);
      const after = { ...user, roles, disabled };
      await writeAudit(run, { ...entry, target: user.id, before: hashOf(user), after: hashOf(after) });
      return { kind: 'changed', user: after };
    });
  }

  #transaction<Result>(work: (run: RunRows) => Promise<Result>): Promise<Result> {
    return this.parts.dataSource.transaction((manager) =>
      work((text, values = []) => manager.query(text, [...values])),
    );
  }
}

/** What a change is of. */
type Authority = Pick<ListedUser, 'roles' | 'disabled'>;

/**
 * The user, who is held until the transaction ends; null where there is none, or one who was erased. Every admin is held as well, in one order whoever is asked for:
 * of two transactions that each take an admin away, the second sees what the first has left.
 */
export async function holdUser(
  run: RunRows,
  id: string,
): Promise<{ readonly user: ListedUser; readonly isLastAdmin: boolean } | null> {
  const admins = await run(
    `SELECT id FROM users WHERE 'ADMIN' = ANY (roles) AND NOT disabled ORDER BY id FOR NO KEY UPDATE`,
  );
  const [user] = await run(`SELECT ${columns} FROM users WHERE id = $1 AND erased_at IS NULL FOR NO KEY UPDATE`, [
    toUuid(id),
  ]);
  if (user === undefined) return null;
  const isLastAdmin = admins.length === 1 && admins[0]?.['id'] === user['id'];
  return { user: user as unknown as ListedUser, isLastAdmin };
}

function hashOf({ roles, disabled }: Authority): Buffer {
  return hashOfState({ roles, disabled });
}

const columns = 'id, email, roles, disabled, mfa_enabled AS "mfaEnabled", created_at AS "createdAt"';
