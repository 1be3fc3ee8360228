import { Authority } from '../../src/identity/authority';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import type { Credential, Principal, Role } from '../../src/identity/principal';
import type { UserStanding } from '../../src/storage/userStanding';
import { createLogger } from '../../src/telemetry/logger';

const start = Date.UTC(2026, 0, 1);
const ttlMs = 600_000;
let now: number;
let authority: Authority;
let told: AuthorityChange[];

beforeEach(() => {
  now = start;
  authority = new Authority({ clock: () => now, tokenTtlMs: ttlMs, logger: createLogger('silent') });
  told = [];
  authority.subscribe((change) => told.push(change));
});

const session: Credential = { kind: 'session', id: 's1' };

/** Of ada, issued now. */
function principal(roles: readonly Role[] = ['TRADER', 'VIEWER'], credential = session): Principal {
  return {
    userId: 'ada',
    roles,
    tokenId: 't1',
    credential,
    scopes: null,
    verifiedAt: null,
    issuedAt: now,
    expiresAt: now + ttlMs,
  };
}

/** Of ada, as the database says. */
function standing(differing: Partial<UserStanding> = {}): UserStanding {
  return { id: 'ada', roles: ['TRADER', 'VIEWER'], disabled: false, endedAt: null, ...differing };
}

function passes(someone: Principal): boolean {
  try {
    authority.apply(someone);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    return false;
  }
}

it('leaves a principal of whom nothing is known as it is, the object itself', () => {
  const ada = principal();
  expect(authority.apply(ada)).toBe(ada);
});

describe('a revoked session or key', () => {
  it('is refused, and no other of the same user', () => {
    authority.change({ kind: 'sessionRevoked', sessionId: 's1' });
    expect(passes(principal())).toBe(false);
    expect(passes(principal(['VIEWER'], { kind: 'session', id: 's2' }))).toBe(true);
    authority.change({ kind: 'apiKeyRevoked', apiKeyId: 'k1' });
    expect(passes(principal(['VIEWER'], { kind: 'apiKey', id: 'k1' }))).toBe(false);
    expect(passes(principal(['VIEWER'], { kind: 'apiKey', id: 'k2' }))).toBe(true);
  });

  it('is not mistaken for one of the other kind with the same id', () => {
    authority.change({ kind: 'apiKeyRevoked', apiKeyId: 's1' });
    expect(passes(principal())).toBe(true);
  });

  it('is remembered for as long as a token from before can be good, a minute longer, and then forgotten', () => {
    const ada = principal();
    authority.change({ kind: 'sessionRevoked', sessionId: 's1' });
    now += ttlMs + 60_000;
    expect(passes(ada)).toBe(false);
    now += 1;
    expect(passes(ada)).toBe(true);
  });

  it('is remembered anew where it is revoked again, and keeps no other from being forgotten', () => {
    const another = principal(['VIEWER'], { kind: 'session', id: 's2' });
    authority.change({ kind: 'sessionRevoked', sessionId: 's1' });
    authority.change({ kind: 'sessionRevoked', sessionId: 's2' });
    now += ttlMs;
    authority.change({ kind: 'sessionRevoked', sessionId: 's1' });
    now += ttlMs;
    expect(passes(principal())).toBe(false);
    expect(passes(another)).toBe(true);
  });
});

describe('a disabled user', () => {
  it('is refused, whatever the age of the token, and nobody else is', () => {
    authority.learn(standing({ disabled: true, endedAt: start }));
    expect(passes({ ...principal(), userId: 'grace' })).toBe(true);
    expect(passes(principal())).toBe(false);
    now += 100 * ttlMs;
    expect(passes(principal())).toBe(false);
  });

  it('is told of once, however often the database says so', () => {
    authority.learn(standing({ disabled: true, endedAt: start }));
    authority.learn(standing({ disabled: true, endedAt: start }));
    expect(told).toEqual([{ kind: 'userDisabled', userId: 'ada' }]);
  });

  it('who is enabled again needs a new sign-in: that is good at once, what was issued before stays refused', () => {
    const before = principal();
    now += 1_000;
    authority.learn(standing({ disabled: true, endedAt: now }));
    const during = principal();
    now += 1_000;
    authority.learn(standing({ endedAt: now - 1_000 }));
    expect(passes(before)).toBe(false);
    expect(passes(during)).toBe(false);
    expect(passes({ ...principal(), issuedAt: now })).toBe(true);
    now += ttlMs / 2;
    expect(passes(before)).toBe(false);
  });

  it('who was enabled again before we could look has lost what was open in between all the same', () => {
    const before = principal();
    authority.learn(standing());
    told.length = 0;
    now += 2_000;
    authority.learn(standing({ endedAt: now - 1_000 }));
    expect(told).toEqual([{ kind: 'userDisabled', userId: 'ada' }]);
    expect(passes(before)).toBe(false);
    expect(passes(principal())).toBe(true);
  });

  it('is not taken for one again at a later change, long after', () => {
    const longAgo = start - ttlMs - 60_000;
    const ada = principal();
    authority.learn(standing({ roles: ['VIEWER'], endedAt: longAgo }));
    expect(told).toEqual([{ kind: 'rolesChanged', userId: 'ada', roles: ['VIEWER'] }]);
    expect(passes(ada)).toBe(true);
  });

  it('is refused by our own clock: one of the database that runs ahead refuses no new sign-in', () => {
    authority.learn(standing({ disabled: true, endedAt: now + 30_000 }));
    now += 1_000;
    authority.learn(standing({ endedAt: start + 30_000 }));
    now += 1;
    expect(passes(principal())).toBe(true);
    authority.learn(standing({ roles: ['VIEWER'], endedAt: start + 30_000 }));
    expect(passes(principal())).toBe(true);
    authority.learn(standing({ endedAt: now + 30_000 }));
    expect(passes(principal())).toBe(false);
    now += 1;
    expect(passes(principal())).toBe(true);
  });

  it('by doubt alone is let in again with the same token once the database says that nothing happened', () => {
    const ada = principal();
    authority.change({ kind: 'userDisabled', userId: 'ada' });
    expect(passes(ada)).toBe(false);
    authority.learn(standing());
    expect(passes(ada)).toBe(true);
  });
});

describe('roles', () => {
  it('that the database says win over those of a token from before', () => {
    const ada = principal(['TRADER', 'VIEWER']);
    authority.learn(standing({ roles: ['VIEWER'] }));
    expect(authority.apply(ada)).toEqual({ ...ada, roles: ['VIEWER'] });
    authority.change({ kind: 'rolesChanged', userId: 'ada', roles: ['ADMIN'] });
    expect(authority.apply(ada).roles).toEqual(['ADMIN']);
  });

  it('that have not changed leave the object as it is, whatever their order', () => {
    const ada = principal(['TRADER', 'VIEWER']);
    authority.learn(standing({ roles: ['VIEWER', 'TRADER'] }));
    expect(authority.apply(ada)).toBe(ada);
  });

  it('of a token from after the change are its own: they were read later', () => {
    authority.learn(standing({ roles: ['VIEWER'] }));
    now += 1_000;
    expect(authority.apply(principal(['ADMIN'])).roles).toEqual(['VIEWER']);
    now += 1;
    expect(authority.apply(principal(['ADMIN'])).roles).toEqual(['ADMIN']);
  });

  it('are told of where they changed or were not known, not where they are the same', () => {
    authority.learn(standing({ roles: ['VIEWER'] }));
    authority.learn(standing({ roles: ['VIEWER'] }));
    authority.learn(standing({ roles: ['ADMIN', 'VIEWER'] }));
    authority.learn(standing({ roles: ['VIEWER', 'ADMIN'] }));
    expect(told).toEqual([
      { kind: 'rolesChanged', userId: 'ada', roles: ['VIEWER'] },
      { kind: 'rolesChanged', userId: 'ada', roles: ['ADMIN', 'VIEWER'] },
    ]);
  });

  it('do not bring back who is disabled', () => {
    authority.learn(standing({ disabled: true, endedAt: start }));
    authority.change({ kind: 'rolesChanged', userId: 'ada', roles: ['ADMIN'] });
    expect(passes(principal())).toBe(false);
  });
});

describe('listeners', () => {
  it('find a change in force when they are told of it', () => {
    let ada = principal();
    const seen: boolean[] = [];
    authority.subscribe(() => seen.push(passes(ada)));
    authority.change({ kind: 'sessionRevoked', sessionId: 's1' });
    expect(seen).toEqual([false]);
    ada = principal(['VIEWER'], { kind: 'session', id: 's2' });
    authority.learn(standing({ disabled: true, endedAt: start }));
    expect(seen).toEqual([false, false]);
  });

  it('are told whatever happens to the one before them', () => {
    const change: AuthorityChange = { kind: 'sessionRevoked', sessionId: 's1' };
    authority = new Authority({ clock: () => now, tokenTtlMs: ttlMs, logger: createLogger('silent') });
    authority.subscribe(() => {
      throw new Error('a fault of this listener');
    });
    authority.subscribe((seen) => told.push(seen));
    authority.change(change);
    expect(told).toEqual([change]);
  });

  it('are told no more once they have left', () => {
    const seen: AuthorityChange[] = [];
    const listener = (change: AuthorityChange): void => void seen.push(change);
    const leave = authority.subscribe(listener);
    authority.subscribe(listener);
    leave();
    leave();
    authority.change({ kind: 'sessionRevoked', sessionId: 's1' });
    expect(seen).toHaveLength(1);
  });
});
