import { roles, scopes, type Principal, type Role, type Scope } from '../../src/identity/principal';
import { decideAccess } from '../../src/security/access';
import { permissions, schemaReading, type AccessRule } from '../../src/security/permissions';

const settings = { publicMarketData: false, clock: () => 1_000 };

/** A key with these scopes, of an owner in these roles. */
function keyOf(ownerRoles: readonly Role[], keyScopes: readonly Scope[], expiresAt = 2_000): Principal {
  const credential = { kind: 'apiKey', id: 'k1' } as const;
  return {
    userId: 'u1',
    roles: ownerRoles,
    tokenId: 'k1',
    credential,
    scopes: keyScopes,
    verifiedAt: null,
    issuedAt: 0,
    expiresAt,
  };
}

function decide(rule: AccessRule, principal: Principal | null, changes: Partial<typeof settings> = {}): string {
  const decision = decideAccess(rule, { principal }, { ...settings, ...changes });
  return decision === true ? 'ALLOW' : decision.code;
}

describe('an API key', () => {
  const { createOrder, replaceCredentials } = permissions.Mutation;

  it.each<[what: string, rule: AccessRule, principal: Principal, decision: string]>([
    ['with the scope, of an owner who may', createOrder, keyOf(['TRADER'], ['TRADE_PAPER']), 'ALLOW'],
    ['with one of two scopes', createOrder, keyOf(['TRADER'], ['TRADE_LIVE', 'MARKET_READ']), 'ALLOW'],
    ['with the scope, of an owner who may not', createOrder, keyOf(['ANALYST', 'ADMIN'], ['TRADE_PAPER']), 'FORBIDDEN'],
    ['with the scope, of an owner who has lost every role', createOrder, keyOf([], ['TRADE_PAPER']), 'FORBIDDEN'],
    ['without the scope, of an owner who may', createOrder, keyOf(['TRADER'], ['MARKET_READ']), 'FORBIDDEN'],
    ['without any scope', createOrder, keyOf(['TRADER'], []), 'FORBIDDEN'],
    ['that has expired', createOrder, keyOf(['TRADER'], ['TRADE_PAPER'], 1_000), 'UNAUTHENTICATED'],
    ['with every scope, for what no scope opens', replaceCredentials, keyOf(roles, scopes), 'FORBIDDEN'],
    ['for the schema', schemaReading, keyOf(['ANALYST'], ['SCHEMA_READ']), 'ALLOW'],
    ['for the schema, of a viewer', schemaReading, keyOf(['VIEWER'], ['SCHEMA_READ']), 'FORBIDDEN'],
  ])('%s', (_what, rule, principal, decision) => {
    expect(decide(rule, principal)).toBe(decision);
  });

  it('that has expired is to be made anew; a session goes on by its refresh token', () => {
    const key = keyOf(['TRADER'], ['TRADE_PAPER'], 1_000);
    const session: Principal = { ...key, credential: { kind: 'session', id: 's1' }, scopes: null };
    const told = [key, session].map((principal) => decideAccess(createOrder, { principal }, settings));
    expect(told).toEqual([
      expect.objectContaining({ code: 'UNAUTHENTICATED', publicMessage: expect.stringContaining('API key') as string }),
      expect.objectContaining({
        code: 'UNAUTHENTICATED',
        publicMessage: expect.stringContaining('POST /auth/session') as string,
        extensions: { reason: 'TOKEN_EXPIRED' },
      }),
    ]);
  });

  it('may what everybody may, whatever it is for', () => {
    expect(decide(permissions.Query.serverTime, keyOf([], []))).toBe('ALLOW');
    expect(decide(permissions.Query.ticker, keyOf([], []))).toBe('FORBIDDEN');
    expect(decide(permissions.Query.ticker, keyOf([], []), { publicMarketData: true })).toBe('ALLOW');
  });
});

it('no API key may more than a session of its owner', () => {
  const tables: readonly Readonly<Record<string, AccessRule>>[] = Object.values(permissions);
  const rows = tables.flatMap((fields) => Object.values(fields));
  for (const rule of rows) {
    for (const role of roles) {
      const session: Principal = { ...keyOf([role], []), credential: { kind: 'session', id: 's1' }, scopes: null };
      if (decide(rule, session) !== 'ALLOW') expect(decide(rule, keyOf([role], scopes))).toBe('FORBIDDEN');
    }
  }
});
