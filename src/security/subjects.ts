import { roles, scopes, type Principal, type Role, type Scope } from '../identity/principal';

/**
 * Whom the permission matrix is asked about: nobody, a role, an API key with one scope. Whoever comes in a role has just proven a second
 * factor, but for ADMIN_WITHOUT_MFA, who never has.
 */
export type Subject = 'ANONYMOUS' | Role | 'ADMIN_WITHOUT_MFA' | `KEY_${Scope}`;

export const subjects: readonly Subject[] = [
  'ANONYMOUS',
  ...roles,
  'ADMIN_WITHOUT_MFA',
  ...scopes.map((scope) => `KEY_${scope}` as const),
];

/** The scope of a key; null of whoever comes without one. */
export function scopeOf(subject: Subject): Scope | null {
  return scopes.find((scope) => subject === `KEY_${scope}`) ?? null;
}

/** Of nobody none; a key is of an owner in every role: what it may not, its scope does not let it. */
export function rolesOf(subject: Subject): readonly Role[] {
  if (subject === 'ADMIN_WITHOUT_MFA') return ['ADMIN'];
  return scopeOf(subject) === null ? roles.filter((role) => role === subject) : roles;
}

/** Somebody of that kind, as the rules would meet them. */
export function principalOf(subject: Subject): Principal | null {
  if (subject === 'ANONYMOUS') return null;
  const scope = scopeOf(subject);
  const isVerified = scope === null && subject !== 'ADMIN_WITHOUT_MFA';
  return {
    userId: subject,
    roles: rolesOf(subject),
    tokenId: subject,
    credential: { kind: scope === null ? 'session' : 'apiKey', id: subject },
    scopes: scope === null ? null : [scope],
    verifiedAt: isVerified ? Number.POSITIVE_INFINITY : null,
    issuedAt: 0,
    expiresAt: Number.POSITIVE_INFINITY,
  };
}
