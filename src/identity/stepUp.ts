import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { Principal, Role } from './principal';

/** For how long a second factor counts as fresh (OWASP ASVS 7.5.3). */
export const stepUpMs = 5 * 60_000;

/** The roles that count: ADMIN, once a second factor was proven. An API key proves none, so that none acts as an admin. */
export function actingRoles({ roles, verifiedAt }: Pick<Principal, 'roles' | 'verifiedAt'>): readonly Role[] {
  return verifiedAt === null ? roles.filter((role) => role !== 'ADMIN') : roles;
}

/** True where a second factor was proven within the last 5 minutes, else the error to answer with: MFA_REQUIRED where none ever was. */
export function decideStepUp({ verifiedAt }: Pick<Principal, 'verifiedAt'>, now: EpochMs): true | AppError {
  if (verifiedAt === null) return new AppError('MFA_REQUIRED');
  return now - verifiedAt <= stepUpMs ? true : new AppError('STEP_UP_REQUIRED');
}
