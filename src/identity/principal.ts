import type { EpochMs } from '../domain/marketData';
import { userRoles, type UserRole } from '../storage/userRole';

export const roles = userRoles;
export type Role = UserRole;

/** Who asks, as their access token says. */
export interface Principal {
  readonly userId: string;
  /** Roles add up. */
  readonly roles: readonly Role[];
  /** `jti` of the token. */
  readonly tokenId: string;
  readonly expiresAt: EpochMs;
}
