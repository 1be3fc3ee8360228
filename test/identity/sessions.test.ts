import { randomBytes, randomUUID } from 'node:crypto';
import { Client as Operator } from 'pg';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import { Sessions, type SignedIn } from '../../src/identity/sessions';
import { sessionLife, type Proven } from '../../src/storage/identity/sessionStore';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { openTestStorage } from '../kit/postgres';

const browser = { ip: '1.2.3.4', userAgent: 'browser' };
const dayMs = 86_400_000;

let house: Awaited<ReturnType<typeof openTestStorage>>;
/** Someone at the database by hand. */
let operator: Operator;
const metrics = createMetrics();
let now: number;
let userId: string;
let told: AuthorityChange[];
let sessions: Sessions;

beforeAll(async () => {
  house = await openTestStorage();
  operator = new Operator({ connectionString: house.url });
  await operator.connect();
}, 60_000);

afterAll(async () => {
  await operator.end();
  await house.stop();
});

beforeEach(async () => {
  [now, told] = [Date.now(), []];
  userId = await addUser();
  sessions = new Sessions({
    store: house.storage.sessions,
    // Stands in for the issuer: a token tells whom it is of.
    tokens: { issue: (whose) => ({ accessToken: JSON.stringify({ ...whose, jti: randomUUID() }), expiresAt: now }) },
    authority: { change: (change) => told.push(change) },
    clock: () => now,
    newId: randomUUID,
    logger: createLogger('silent'),
    metrics,
  });
});

async function addUser(): Promise<string> {
  const id = randomUUID();
  const user = { id, email: `${id}@example.org`, passwordHash: '-', roles: ['TRADER' as const] };
  return (await house.storage.users.saveByEmail(user)).id;
}

/** As after a right password. */
async function proven(whose = userId): Promise<Proven> {
  return { userId: whose, generation: (await sessions.generationOf(whose)) ?? 0 };
}

async function begin(client = browser, whose = userId): Promise<SignedIn> {
  const begun = await sessions.begin(await proven(whose), client);
  if (begun === null) throw new Error('the user may not sign in');
  return begun;
}

/** Whom an access token is of. */
function whose(signedIn: SignedIn): { readonly userId: string; readonly sessionId: string; readonly roles: string[] } {
  return JSON.parse(signedIn.accessToken) as ReturnType<typeof whose>;
}

async function refresh(from: SignedIn): Promise<SignedIn> {
  return sessions.refresh(from.refreshToken, browser);
}

const ended = { code: 'UNAUTHENTICATED', extensions: { reason: 'SESSION_ENDED' } };

async function expectEnded(...tokens: readonly SignedIn[]): Promise<void> {
  for (const token of tokens) await expect(refresh(token)).rejects.toMatchObject(ended);
}

async function endings(): Promise<unknown> {
  const { rows } = await operator.query(
    `SELECT action, outcome, ip FROM audit_entries WHERE actor = $1 AND action LIKE 'session.%' ORDER BY number`,
    [userId],
  );
  return rows.map((row: { action: string; outcome: string; ip: string | null }) => {
    return `${row.action} ${row.outcome} ${row.ip ?? 'from nowhere'}`;
  });
}

describe('a session', () => {
  it('goes on with one token after the other, in the roles of now', async () => {
    const first = await begin();
    await operator.query(`UPDATE users SET roles = '{VIEWER}' WHERE id = $1`, [userId]);
    now += 60_000;
    const second = await refresh(first);
    now += 60_000;
    const third = await refresh(second);
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect([first, second, third].map((each) => whose(each).sessionId)).toEqual(Array(3).fill(whose(first).sessionId));
    expect([whose(first).roles, whose(third).roles]).toEqual([['TRADER'], ['VIEWER']]);
    expect(told).toEqual([]);
    expect(await endings()).toEqual(['session.begin begun 1.2.3.4']);
  });

  it('is shown to its user with where it was seen last, until it has ended', async () => {
    const [desktop, phone] = [await begin(), await begin({ ip: '::1', userAgent: 'x'.repeat(1_000) })];
    now += 60_000;
    await sessions.refresh(desktop.refreshToken, { ip: '5.6.7.8', userAgent: null });
    const shown = await sessions.live(userId);
    expect(shown).toEqual([
      expect.objectContaining({
        id: whose(desktop).sessionId,
        lastSeenAt: new Date(now),
        ip: '5.6.7.8',
        userAgent: null,
      }),
      expect.objectContaining({ id: whose(phone).sessionId, ip: '::1', userAgent: 'x'.repeat(256) }),
    ]);
    expect(await sessions.revoke(userId, whose(phone).sessionId, browser.ip)).toBe(true);
    expect((await sessions.live(userId)).map(({ id }) => id)).toEqual([whose(desktop).sessionId]);
    expect(await sessions.liveOne(userId, whose(phone).sessionId)).toBeNull();
  });

  it('ends after a week without a refresh, and after a month with as many as anybody likes', async () => {
    const idle = await begin();
    let used = await begin();
    for (let day = 0; day < 29; day += 1) {
      now += dayMs;
      used = await refresh(used);
      if (day === 5) expect(await sessions.liveOne(userId, whose(idle).sessionId)).not.toBeNull();
    }
    await expectEnded(idle);
    expect((await sessions.live(userId)).map(({ id }) => id)).toEqual([whose(used).sessionId]);
    now += dayMs;
    await expectEnded(used);
    expect(await sessions.live(userId)).toEqual([]);
  });

  it('is the fifty-first of its user: the one that was seen least of late ends', async () => {
    const first = await begin();
    now += 1;
    const second = await begin();
    now += 1;
    for (let count = 2; count < 50; count += 1) await begin();
    now += 1;
    await refresh(first);
    expect(told).toEqual([]);
    await begin();
    expect(told).toEqual([{ kind: 'sessionRevoked', sessionId: whose(second).sessionId }]);
    await expectEnded(second);
    expect(await sessions.live(userId)).toHaveLength(50);
  });

  it('is not begun for a user who is disabled at that moment', async () => {
    await operator.query('UPDATE users SET disabled = true WHERE id = $1', [userId]);
    expect(await sessions.begin(await proven(), browser)).toBeNull();
    expect(await sessions.begin(await proven(randomUUID()), browser)).toBeNull();
  });

  describe('is not begun by who proved themselves before', () => {
    const change = () => ({ at: now, actor: 'operator', ip: null });
    const [ofOne, ofAll] = [{ ofEverybody: false }, { ofEverybody: true }];
    const everything = { sessions: true, apiKeys: false, oneTimeTokens: false };

    it.each<[string, () => Promise<unknown>, { readonly ofEverybody: boolean }]>([
      [
        'their password was changed',
        () => house.storage.passwords.change({ ...change(), userId, from: '-', to: 'x', except: null }),
        ofOne,
      ],
      [
        'an operator made their password void',
        () =>
          house.storage.passwords.saveReset({
            ...change(),
            userId,
            hash: randomBytes(32),
            expiresAt: now,
            nobodysHash: 'x',
          }),
        ofOne,
      ],
      ['their second factor was taken away', () => house.storage.secondFactors.reset(userId, change()), ofOne],
      [
        'all their sessions were ended',
        () => house.storage.revocations.revoke({ ...change(), ...everything, userId }),
        ofOne,
      ],
      [
        'everybody’s sessions were ended',
        () => house.storage.revocations.revoke({ ...change(), ...everything, userId: null }),
        ofAll,
      ],
      [
        'the service was closed, and opened again',
        async () => {
          await house.storage.lockdown.set({ ...change(), level: 'FULL', reason: 'a drill' });
          await house.storage.lockdown.set({ ...change(), level: 'NONE', reason: 'a drill' });
        },
        ofAll,
      ],
    ])('%s', async (_, happens, { ofEverybody }) => {
      const [before, other] = [await proven(), await proven(await addUser())];
      await happens();
      expect(await sessions.begin(before, browser)).toBeNull();
      expect(await sessions.live(userId)).toEqual([]);
      // Who proves themselves again is let in.
      expect(await sessions.begin(await proven(), browser)).not.toBeNull();
      expect((await sessions.begin(other, browser)) === null).toBe(ofEverybody);
    });

    it('and by who did while it was being voided', async () => {
      const before = await proven();
      await operator.query('BEGIN');
      await operator.query('UPDATE users SET session_generation = session_generation + 1 WHERE id = $1', [userId]);
      const beginning = sessions.begin(before, browser);
      await eventually(async () => {
        const { rowCount } = await operator.query('SELECT FROM pg_locks WHERE NOT granted');
        return rowCount === 1;
      });
      await operator.query('COMMIT');
      expect(await beginning).toBeNull();
    });
  });

  it('of a user who is disabled stays ended when they are enabled', async () => {
    const before = await begin();
    await operator.query('UPDATE users SET disabled = true WHERE id = $1', [userId]);
    await expectEnded(before);
    await operator.query('UPDATE users SET disabled = false WHERE id = $1', [userId]);
    await expectEnded(before);
    await refresh(await begin());
  });
});

describe('a refresh token', () => {
  it('has one successor each, of 100 that are used ten times at once', async () => {
    const begun: SignedIn[] = [];
    for (let count = 0; count < 100; count += 1)
      begun.push(await begin(browser, count % 50 === 0 ? (userId = await addUser()) : userId));
    const answers = await Promise.all(
      begun.map((each) => Promise.all(Array.from({ length: 10 }, () => refresh(each)))),
    );
    for (const ten of answers) expect(new Set(ten.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    const successors = new Set(answers.flat().map(({ refreshToken }) => refreshToken));
    expect(successors.size).toBe(100);
    expect(new Set(answers.flat().map(({ accessToken }) => accessToken)).size).toBe(1_000);
    expect(told).toEqual([]);
    // Every one of them is good.
    await Promise.all(answers.map(([any]) => refresh(any!)));
  }, 60_000);

  it('gives the same successor again for ten seconds, also once that was used', async () => {
    const first = await begin();
    const second = await refresh(first);
    now += 5_000;
    const third = await refresh(second);
    now += 5_000;
    expect((await refresh(first)).refreshToken).toBe(second.refreshToken);
    expect((await refresh(second)).refreshToken).toBe(third.refreshToken);
  });

  it('that is used again later ends its session, for the thief and for the owner, and raises an alarm', async () => {
    const alarms = async (): Promise<number> => (await metrics.refreshTokensReused.get()).values[0]?.value ?? 0;
    const before = await alarms();
    const [other, first] = [await begin(), await begin()];
    const second = await refresh(first);
    now += sessionLife.graceMs + 1;
    await expectEnded(first, second, first);
    expect(told).toEqual([{ kind: 'sessionRevoked', sessionId: whose(first).sessionId }]);
    expect(await alarms()).toBe(before + 1);
    expect(await endings()).toEqual([
      'session.begin begun 1.2.3.4',
      'session.begin begun 1.2.3.4',
      'session.end TOKEN_REUSED 1.2.3.4',
    ]);
    await refresh(other);
  });

  it.each(['', 'tgr_', 'nonsense', `tgr_${'A'.repeat(43)}`, `tgr_${'A'.repeat(44)}`, `tgr_${'é'.repeat(43)}`])(
    'that never was (%j) is refused as one that has ended',
    async (text) => {
      await expect(sessions.refresh(text, browser)).rejects.toMatchObject(ended);
      await sessions.end(text, browser.ip);
      expect(told).toEqual([]);
    },
  );

  it('is not in the database, nor what would lead from an old one to the next', async () => {
    const first = await begin();
    const second = await refresh(first);
    now += sessionLife.graceMs + 1;
    const third = await refresh(second);
    const { rows } = await operator.query(
      'SELECT t.*::text AS row, successor_salt, used_at FROM refresh_tokens t WHERE session_id = $1 ORDER BY issued_at',
      [whose(first).sessionId],
    );
    const dump = JSON.stringify(rows);
    for (const { refreshToken } of [first, second, third]) {
      const bytes = Buffer.from(refreshToken.slice(4), 'base64url');
      for (const form of [refreshToken, bytes.toString('hex'), bytes.toString('base64')])
        expect(dump).not.toContain(form);
    }
    expect(rows.map((row: { successor_salt: Buffer | null }) => row.successor_salt === null)).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('an ending', () => {
  it('by the token, be it the last or one before, is a sign-out', async () => {
    const first = await begin();
    const second = await refresh(first);
    await sessions.end(first.refreshToken, browser.ip);
    await sessions.end(second.refreshToken, browser.ip);
    expect(told).toEqual([{ kind: 'sessionRevoked', sessionId: whose(first).sessionId }]);
    expect(await endings()).toEqual(['session.begin begun 1.2.3.4', 'session.end SIGNED_OUT 1.2.3.4']);
    await expectEnded(first, second);
  });

  it("is for one's own sessions: another's is answered as none is", async () => {
    const stranger = await begin(browser, await addUser());
    for (const id of [whose(stranger).sessionId, randomUUID(), 'nonsense', '']) {
      expect(await sessions.revoke(userId, id, browser.ip)).toBe(false);
      expect(await sessions.liveOne(userId, id)).toBeNull();
    }
    expect(told).toEqual([]);
    await refresh(stranger);
  });

  it('by an operator at the database counts as any other', async () => {
    const begun = await begin();
    await operator.query(`UPDATE sessions SET revoked_at = now(), revoked_reason = 'ALL_ENDED' WHERE user_id = $1`, [
      userId,
    ]);
    await expectEnded(begun);
    expect(await sessions.revoke(userId, whose(begun).sessionId, browser.ip)).toBe(false);
  });
});

it('forgets sessions a day after nobody could go on with them, with their tokens, and no other', async () => {
  const count = async (): Promise<unknown> =>
    (
      await operator.query(
        'SELECT count(*)::int AS count FROM refresh_tokens t JOIN sessions s ON s.id = session_id WHERE user_id = $1',
        [userId],
      )
    ).rows[0];
  const [signedOut, idle] = [await begin(), await begin()];
  await sessions.end(signedOut.refreshToken, browser.ip);
  await house.storage.sessions.prune(Date.now() + dayMs - 60_000);
  expect(await count()).toEqual({ count: 2 });
  await house.storage.sessions.prune(Date.now() + dayMs + 60_000);
  expect(await count()).toEqual({ count: 1 });
  now += sessionLife.idleMs - 1;
  await refresh(idle);
  await house.storage.sessions.prune(now + sessionLife.idleMs + dayMs - 60_000);
  expect(await count()).toEqual({ count: 2 });
  await house.storage.sessions.prune(now + sessionLife.idleMs + dayMs + 60_000);
  expect(await count()).toEqual({ count: 0 });
});
