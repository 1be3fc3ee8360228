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
