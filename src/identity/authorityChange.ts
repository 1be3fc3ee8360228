import type { Role } from './principal';

/** Something that takes authority from people who may be connected now. */
export type AuthorityChange =
  /** Signed out, or the session was ended by its owner or an admin. */
  | { readonly kind: 'sessionRevoked'; readonly sessionId: string }
  /** All keys that sign access tokens were replaced at once: every one from before is refused by its key. */
  | { readonly kind: 'allSessionsRevoked' }
  | { readonly kind: 'apiKeyRevoked'; readonly apiKeyId: string }
  | { readonly kind: 'userDisabled'; readonly userId: string }
  /** roles: those that the user has now. */
  | { readonly kind: 'rolesChanged'; readonly userId: string; readonly roles: readonly Role[] };
