import { AppError } from '../errors/appError';
import { apiKeyEnded, tokenExpired } from '../identity/endedCredentials';
import type { Role, Scope } from '../identity/principal';
import { actingRoles, decideStepUp } from '../identity/stepUp';
import { audiences, type AccessRule, type AudienceDefinition } from './permissions';
import type { RequestContext } from './requestContext';

/** What the deployment adds to the table. */
export interface AccessSettings {
  readonly publicMarketData: boolean;
  readonly clock: () => number;
}

/**
 * True where the rule lets this request in, else the error to answer with: sign in, or not for your role or key. With an API key both
 * have to allow it: a scope of the key, and a role that its owner has now. The role ADMIN counts once a second factor was proven, and
 * what asks for a fresh one is refused to whoever has proven none within 5 minutes.
 */
export function decideAccess(
  rule: AccessRule,
  { principal }: Pick<RequestContext, 'principal'>,
  settings: AccessSettings,
): true | AppError {
  const audience: AudienceDefinition = audiences[rule.who];
  const { roles: allowedRoles, alsoEverybodyWhen } = audience;
  if (allowedRoles === 'everybody') return true;
  if (alsoEverybodyWhen !== undefined && settings[alsoEverybodyWhen]) return true;
  if (principal === null) return new AppError('UNAUTHENTICATED');
  if (settings.clock() >= principal.expiresAt) {
    return principal.credential.kind === 'apiKey' ? apiKeyEnded() : tokenExpired();
  }
  const isAllowed = (role: Role): boolean => role in allowedRoles;
  const roles = audience.adminsWithoutMfa === true ? principal.roles : actingRoles(principal);
  const { scopes } = principal;
  if (!roles.some(isAllowed)) {
    const lacksMfa = scopes === null && principal.roles.some(isAllowed);
    return new AppError(lacksMfa ? 'MFA_REQUIRED' : 'FORBIDDEN');
  }
  if (scopes !== null && !scopesOf(rule).some((scope) => scopes.includes(scope))) {
    return new AppError('FORBIDDEN', { publicMessage: 'Your API key does not allow this.' });
  }
  return rule.stepUp === true ? decideStepUp(principal, settings.clock()) : true;
}

/** Any of which opens the field to an API key; none: no key does. */
export function scopesOf({ keys = [] }: AccessRule): readonly Scope[] {
  return typeof keys === 'string' ? [keys] : keys;
}
