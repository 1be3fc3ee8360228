import { randomUUID } from 'node:crypto';
import { Client as Operator } from 'pg';
import { AppError } from '../../src/errors/appError';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import { PasswordPolicy } from '../../src/identity/passwordPolicy';
import { PasswordProof } from '../../src/identity/passwordProof';
import { issueReset } from '../../src/identity/passwordReset';
import { Passwords } from '../../src/identity/passwords';
import type { Principal } from '../../src/identity/principal';
import type { AuditEntry } from '../../src/storage/trading/audit';
import { openTestStorage } from '../kit/postgres';

const hasher = new PasswordHasher();
const policy = new PasswordPolicy();
const email = 'ada.lovelace@example.org';
const old = 'an old pair of boots';
const next = 'clouds over nine kettles';
const dayMs = 86_400_000;

let house: Awaited<ReturnType<typeof openTestStorage>>;
let operator: Operator;
let userId: string;
let oldHash: string;
let now: number;
let told: AuthorityChange[];
/** Of which proofs of a user, and from where, the throttle was told. */
let remembered: string[];
/** Whose attempts the throttle was asked for, and from where. */
let admitted: string[];
let mayTry: boolean;
let passwords: Passwords;

beforeAll(async () => {
  house = await openTestStorage();
  operator = new Operator({ connectionString: house.url });
  await operator.connect();
  oldHash = await hasher.hash(old);
}, 60_000);

afterAll(async () => {
  await operator.end();
  await house.stop();
});

beforeEach(async () => {
  [now, told, remembered, admitted, mayTry] = [Date.now(), [], [], [], true];
  const { storage } = house;
  const user = { id: randomUUID(), email: `${randomUUID()}@example.org`, passwordHash: oldHash };
  userId = (await storage.users.saveByEmail({ ...user, roles: ['TRADER'] })).id;
  const { users } = storage;
  const throttle = {
    admit: (address: string, ip: string | null) => {
      admitted.push(`${address === user.email ? 'user' : address} from ${ip ?? 'nowhere'}`);
      return mayTry ? Promise.resolve() : Promise.reject(new AppError('RATE_LIMITED'));
    },
  };
  const audit = (entry: AuditEntry): Promise<void> => storage.auditEntries.write(entry);
  passwords = new Passwords({
    store: storage.passwords,
    proof: new PasswordProof({ users, hasher, throttle, audit, clock: () => now }),
    hasher,
    policy,
    throttle: {
      remember: (id, ip) => {
        remembered.push(`${id} from ${ip ?? 'nowhere'}`);
        return Promise.resolve();
      },
    },
    authority: { change: (change) => told.push(change) },
    clock: () => now,
  });
});

async function addSession(): Promise<string> {
  const id = randomUUID();
  const place = { ip: null, userAgent: null, verifiedAt: null };
  const generation = (await house.storage.sessions.generationOf(userId)) ?? 0;
  const session = {
    id,
    userId,
    generation,
    at: now,
    expiresAt: now + dayMs,
    tokenHash: Buffer.alloc(32, randomUUID()),
    ...place,
  };
  await house.storage.sessions.begin(session, 50);
  return id;
}

function principalOf(sessionId: string): Principal {
  return {
    userId,
    roles: ['TRADER'],
    tokenId: 't',
    credential: { kind: 'session', id: sessionId },
    scopes: null,
    verifiedAt: null,
    issuedAt: now,
    expiresAt: now + 600_000,
  };
}

function change(wish: { current?: string; next?: string; sessionId?: string }): Promise<void> {
  const { current = old, sessionId = randomUUID() } = wish;
  return passwords.change(principalOf(sessionId), { current, next: wish.next ?? next, ip: '1.2.3.4' });
}

async function issue(): Promise<string> {
  return (await issueReset(house.storage.passwords, { userId, actor: 'operator', at: now, ip: null, lifeMs: dayMs }))
    .token;
}

function reset(token: string, wanted = next): Promise<void> {
  return passwords.reset({ token, next: wanted, ip: '1.2.3.4' });
}

/** True where the user signs in with it now. */
async function isNow(password: string): Promise<boolean> {
  const user = await house.storage.users.findById(userId);
  return hasher.verify(user?.passwordHash ?? null, password);
}

async function audited(): Promise<readonly string[]> {
  const { rows } = await operator.query<{ text: string }>(
    `SELECT concat_ws(' ', action, actor, outcome, ip) AS text FROM audit_entries
      WHERE target = $1 AND action LIKE 'password.%' ORDER BY number`,
    [userId],
  );
  return rows.map(({ text }) => text.replaceAll(userId, 'user'));
}

const ended = (sessionId: string): AuthorityChange => ({ kind: 'sessionRevoked', sessionId });

describe('a password', () => {
  it.each([
    ['short', 'kettles clouds'],
    ['one of the commonest, twice', 'passwordpassword'],
    ['a row of the keyboard', 'qwertyuiopasdfghjkl'],
    ['digits in order', '123456789012345678'],
    ['one character many times', 'm'.repeat(64)],
    ['one emoji many times', '🐎'.repeat(16)],
    ['a common one with a date behind it', 'Password01012024'],
    ['the address', email],
    ['the parts of the address', 'lovelacelovelace'],
    ['longer than any is taken', `${next}${'x'.repeat(128)}`],
  ])('that is %s is refused, and says what to do', async (_, password) => {
    await expect(policy.assertFit(password, { email })).rejects.toMatchObject({
      code: 'PASSWORD_NOT_ACCEPTABLE',
      publicMessage: expect.stringContaining('Choose') as string,
    });
  });

  it.each([
    ['alone', false],
    ['with a second factor', true],
  ])('that is one of the 3,000 commonest is refused: %s', async (_, mfaEnabled) => {
    const { dictionary } = await import('@zxcvbn-ts/language-common');
    const commonest = dictionary['passwords-common'].slice(0, 3_000);
    expect(commonest.slice(0, 3)).toEqual(['123456', 'password', '12345678']);
    const taken: string[] = [];
    for (const password of commonest.map(String)) {
      await policy.assertFit(password, { email, mfaEnabled }).then(
        () => taken.push(password),
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'PASSWORD_NOT_ACCEPTABLE' });
        },
      );
    }
    expect(taken).toEqual([]);
  });

  it.each([
    next,
    'correct horse battery staple',
    ' leading, trailing  ',
    'Ωmega über 🐎 façade',
    'x7#Kq9!mZp2$wLr4'.padEnd(128, next),
  ])('of other words is taken: %s', async (password) => {
    await policy.assertFit(password, { email });
  });
});

describe('a change', () => {
  it('sets it for whoever knows the one of now, and ends every other session of theirs', async () => {
    const [own, other] = [await addSession(), await addSession()];
    await change({ sessionId: own });
    expect([await isNow(old), await isNow(next)]).toEqual([false, true]);
    expect(told).toEqual([ended(other)]);
    expect((await house.storage.sessions.live(userId, now)).map(({ id }) => id)).toEqual([own]);
    expect(await audited()).toEqual(['password.change user changed 1.2.3.4']);
  });

  it('is refused to whoever does not know it, or chooses a bad one', async () => {
    await addSession();
    await expect(change({ current: 'another one of these' })).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
    await expect(change({ next: 'too short' })).rejects.toMatchObject({ code: 'PASSWORD_NOT_ACCEPTABLE' });
    expect([await isNow(old), told]).toEqual([true, []]);
    expect(await audited()).toEqual(['password.change user refused: LOGIN_FAILED 1.2.3.4']);
  });

  it('is an attempt to sign in: where there were too many, the password is not looked at', async () => {
    await change({});
    mayTry = false;
    await expect(change({ current: next })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect([admitted, await isNow(next)]).toEqual([['user from 1.2.3.4', 'user from 1.2.3.4'], true]);
    expect(await audited()).toHaveLength(1);
  });

  it('happens once of two at the same time', async () => {
    const both = await Promise.allSettled([change({}), change({ next: 'seven lamps in the hall' })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await audited()).toSorted()).toEqual([
      'password.change user changed 1.2.3.4',
      'password.change user refused: LOGIN_FAILED 1.2.3.4',
    ]);
  });

  it('makes a token void that somebody asked for before', async () => {
    const token = await issue();
    await change({});
    await expect(reset(token, 'seven lamps in the hall')).rejects.toMatchObject({ code: 'RESET_FAILED' });
    expect(await isNow(next)).toBe(true);
  });
});

describe('a one-time token', () => {
  it('sets a password once, and ends every session of the user', async () => {
    const sessions = [await addSession(), await addSession()];
    const token = await issue();
    await reset(token);
    expect(await isNow(next)).toBe(true);
    expect(new Set(told)).toEqual(new Set(sessions.map(ended)));
    expect(remembered).toEqual([`${userId} from 1.2.3.4`]);
    await expect(reset(token, old)).rejects.toMatchObject({ code: 'RESET_FAILED' });
    expect(await audited()).toEqual(['password.reset.issue operator issued', 'password.reset user changed 1.2.3.4']);
  });

  it('is used by one of many at once', async () => {
    const token = await issue();
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => reset(token)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('stays good where the password chosen was not acceptable', async () => {
    const token = await issue();
    await expect(reset(token, 'short')).rejects.toMatchObject({ code: 'PASSWORD_NOT_ACCEPTABLE' });
    await reset(token);
  });

  it('is good for a day, and until another is given or the user is disabled', async () => {
    const first = await issue();
    const second = await issue();
    await expect(reset(first)).rejects.toMatchObject({ code: 'RESET_FAILED' });
    now += dayMs;
    await expect(reset(second)).rejects.toMatchObject({ code: 'RESET_FAILED' });
    now -= 1;
    await operator.query('UPDATE users SET disabled = true WHERE id = $1', [userId]);
    await expect(reset(second)).rejects.toMatchObject({ code: 'RESET_FAILED' });
    await operator.query('UPDATE users SET disabled = false WHERE id = $1', [userId]);
    await reset(second);
  });

  it.each(['', 'tgp_', 'nonsense', `tgp_${'A'.repeat(43)}`, `tgr_${'A'.repeat(43)}`])(
    'that never was (%j) is refused',
    async (token) => {
      await expect(reset(token)).rejects.toMatchObject({ code: 'RESET_FAILED' });
    },
  );

  it('is not in the database', async () => {
    const token = await issue();
    const { rows } = await operator.query('SELECT r.*::text AS row FROM password_resets r');
    const secret = Buffer.from(token.slice(4), 'base64url');
    for (const form of [token, secret.toString('hex'), secret.toString('base64')]) {
      expect(JSON.stringify(rows)).not.toContain(form);
    }
  });
});
