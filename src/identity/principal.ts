import type { EpochMs } from '../domain/marketData';
import { userRoles, type UserRole } from '../storage/userRole';

export const roles = userRoles;
export type Role = UserRole;

/** What an API key may be used for: as much of what its owner may do. */
export const scopes = ['MARKET_READ', 'ACCOUNT_READ', 'TRADE_PAPER', 'TRADE_LIVE', 'AI_USE', 'SCHEMA_READ'] as const;
export type Scope = (typeof scopes)[number];

/** What someone proved who they are with. Once it is revoked, everything that was opened with it ends. */
export type Credential =
  /** A sign-in: every access token that descends from it carries its id as the claim `sid`. */
  { readonly kind: 'session'; readonly id: string } | { readonly kind: 'apiKey'; readonly id: string };

/** Who asks, as their access token says, with the roles of now (`Authority`). */
export interface Principal {
  readonly userId: string;
  /** Roles add up. */
  readonly roles: readonly Role[];
  /** `jti` of the token. */
  readonly tokenId: string;
  readonly credential: Credential;
  /** Those of the API key; null for a session, which is all of its user. */
  readonly scopes: readonly Scope[] | null;
  /** When a second factor was proven last in this session; null: never, as of every API key. */
  readonly verifiedAt: EpochMs | null;
  /** What happened to the user's authority later than this, the token does not know of. */
  readonly issuedAt: EpochMs;
  readonly expiresAt: EpochMs;
}
