import { AppError } from '../errors/appError';
import { audiences, type AudienceDefinition, type AudienceName } from './permissions';
import type { RequestContext } from './requestContext';

/** What the deployment adds to the table. */
export interface AccessSettings {
  readonly publicMarketData: boolean;
  readonly clock: () => number;
}

/** True where the table lets this request in, else the error to answer with: sign in, or not for your role. */
export function decideAccess(
  who: AudienceName,
  context: Pick<RequestContext, 'principal'>,
  settings: AccessSettings,
): true | AppError {
  const audience: AudienceDefinition = audiences[who];
  if (audience.roles === 'everybody') return true;
  if (audience.alsoEverybodyWhen !== undefined && settings[audience.alsoEverybodyWhen]) return true;
  const { principal } = context;
  if (principal === null) return new AppError('UNAUTHENTICATED');
  if (settings.clock() >= principal.expiresAt) {
    return new AppError('UNAUTHENTICATED', { publicMessage: 'Your access token has expired. Sign in again.' });
  }
  const allowedRoles = audience.roles;
  return principal.roles.some((role) => allowedRoles.includes(role)) ? true : new AppError('FORBIDDEN');
}
