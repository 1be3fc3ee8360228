import { randomUUID } from 'node:crypto';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import type { FieldPermission } from '../../src/security/permissions';
import { mainTable, permissions } from '../../src/security/permissions';
import type { GuardedApi } from '../../src/server/serverParts';
import type { MovableClock } from './movableClock';
import type { StandInToken, StandInTokens } from './standInTokens';

const tokenLifeMs = 600_000;

/** The project's schema with all streams but trades for analysts and above alone: who is left a VIEWER keeps his trades. */
export function apiForAnalysts(): GuardedApi {
  const rows = Object.entries<FieldPermission>(permissions.Subscription).map(([field, row]) => [
    field,
    field === 'trades' ? row : { ...row, who: 'schemaReaders' as const },
  ]);
  const Subscription = Object.fromEntries(rows) as Record<string, FieldPermission>;
  return { schema: buildMainSchema(), table: { ...mainTable, roots: { ...mainTable.roots, Subscription } } };
}

interface Taking {
  readonly tokens: readonly StandInToken[];
  readonly clock: MovableClock;
  readonly changeAuthority: (change: AuthorityChange) => void;
}

export interface Cause {
  readonly name: string;
  /** For so many sockets, each with what it is connected by. */
  readonly issue: (tokens: StandInTokens, count: number) => readonly StandInToken[];
  /** Others of the same people, whose streams go on. */
  readonly issueUnconcerned: (tokens: StandInTokens, concerned: readonly StandInToken[]) => readonly StandInToken[];
  /** What happens to all of them at once. */
  readonly happen: (taking: Taking) => void;
  /** Null where the sockets stay and each stream that needed the role ends with FORBIDDEN. */
  readonly closeCode: number | null;
}

const issueEach: Cause['issue'] = (tokens, count) =>
  Array.from({ length: count }, () => tokens.issue({ roles: ['ANALYST'], lifeMs: tokenLifeMs }));

/** Two sockets a sign-in, as two tabs of a browser. */
const issuePairs: Cause['issue'] = (tokens, count) =>
  Array.from({ length: count / 2 }, () => {
    const one = tokens.issue({ roles: ['ANALYST'] });
    const { userId, credential } = one.principal;
    return [one, tokens.issue({ roles: ['ANALYST'], userId, credential })];
  }).flat();

const issueKeys: Cause['issue'] = (tokens, count) =>
  Array.from({ length: count }, () =>
    tokens.issue({ roles: ['ANALYST'], credential: { kind: 'apiKey', id: randomUUID() } }),
  );

const strangers: Cause['issueUnconcerned'] = (tokens) => issueEach(tokens, 5);

/** A further sign-in of the same people. */
const sameUsers: Cause['issueUnconcerned'] = (tokens, concerned) =>
  concerned.slice(0, 5).map(({ principal: { userId } }) => tokens.issue({ roles: ['ANALYST'], userId }));

function changeEach(toChange: (token: StandInToken) => AuthorityChange): Cause['happen'] {
  return ({ tokens, changeAuthority }) => {
    for (const token of tokens) changeAuthority(toChange(token));
  };
}

const revokeSessions = changeEach(({ principal }) => ({
  kind: 'sessionRevoked',
  sessionId: principal.credential.id,
}));

/** Every way in which somebody who reads a stream can lose the right to. */
export const causes: readonly Cause[] = [
  {
    name: 'their tokens expire',
    issue: issueEach,
    issueUnconcerned: sameUsers,
    happen: ({ clock }) => {
      clock.advance(tokenLifeMs);
    },
    closeCode: 4403,
  },
  {
    name: 'their readers sign out',
    issue: issueEach,
    issueUnconcerned: sameUsers,
    happen: revokeSessions,
    closeCode: 4401,
  },
  {
    name: 'somebody ends their sessions, of two sockets each',
    issue: issuePairs,
    issueUnconcerned: sameUsers,
    happen: revokeSessions,
    closeCode: 4401,
  },
  {
    name: 'their API keys are revoked',
    issue: issueKeys,
    issueUnconcerned: sameUsers,
    happen: changeEach(({ principal }) => ({ kind: 'apiKeyRevoked', apiKeyId: principal.credential.id })),
    closeCode: 4401,
  },
  {
    name: 'their readers lose the role',
    issue: issueEach,
    issueUnconcerned: strangers,
    happen: changeEach(({ principal: { userId } }) => ({ kind: 'rolesChanged', userId, roles: ['VIEWER'] })),
    closeCode: null,
  },
  {
    name: 'their readers are disabled',
    issue: issueEach,
    issueUnconcerned: strangers,
    happen: changeEach(({ principal: { userId } }) => ({ kind: 'userDisabled', userId })),
    closeCode: 4401,
  },
];
