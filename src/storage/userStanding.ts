import type { UserRole } from './userRole';

/** What the database says of a user's authority. */
export interface UserStanding {
  readonly id: string;
  /** Empty where there is no such user any more. */
  readonly roles: readonly UserRole[];
  /** Also true of a user who was deleted. */
  readonly disabled: boolean;
  /** When the user was disabled or deleted last, by the clock of the database in epoch ms; null: never. */
  readonly endedAt: number | null;
}

/** Runs one statement and gives its rows. */
export type RunQuery = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

interface StandingRow {
  readonly id: string;
  readonly roles: readonly UserRole[] | null;
  readonly disabled: boolean;
  readonly ended_at: Date | null;
}

/** Users who were deleted are rows too; GREATEST passes over NULL. */
const selectStandings = `
  SELECT id, u.roles, coalesce(u.disabled, true) AS disabled, greatest(u.disabled_at, d.deleted_at) AS ended_at
    FROM users u FULL JOIN deleted_users d USING (id)`;

/** One for each id, in no order. Who never was counts as disabled. */
export async function readStandings(query: RunQuery, ids: readonly string[]): Promise<readonly UserStanding[]> {
  const found = (await query(`${selectStandings} WHERE id = ANY($1::uuid[])`, [ids])).map(toStanding);
  const known = new Set(found.map((user) => user.id));
  const unknown = ids.filter((id) => !known.has(id));
  return [...found, ...unknown.map((id) => ({ id, roles: [], disabled: true, endedAt: null }))];
}

/** Everyone who is disabled, and everyone who was changed, made or deleted in the last so many ms. */
export async function readChangedStandings(query: RunQuery, lookBackMs: number): Promise<readonly UserStanding[]> {
  const since = `now() - $1 * interval '1 millisecond'`;
  const text = `${selectStandings} WHERE u.disabled OR u.updated_at >= ${since} OR d.deleted_at >= ${since}`;
  return (await query(text, [lookBackMs])).map(toStanding);
}

function toStanding(row: unknown): UserStanding {
  const { id, roles, disabled, ended_at: endedAt } = row as StandingRow;
  return { id, roles: roles ?? [], disabled, endedAt: endedAt?.getTime() ?? null };
}
