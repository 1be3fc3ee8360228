import * as argon2 from '@node-rs/argon2';
import { randomUUID } from 'node:crypto';
import { AppError } from '../../src/errors/appError';
import { LoginService } from '../../src/identity/loginService';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import type { AuditEntry } from '../../src/storage/trading/audit';
import type { User } from '../../src/storage/user.repository';
import { createLogger } from '../../src/telemetry/logger';

jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<typeof argon2>('@node-rs/argon2');
  return { ...actual, hash: jest.fn(actual.hash), verify: jest.fn(actual.verify) };
});

const password = 'correct horse battery 🐎';
const hasher = new PasswordHasher();
let ada: User;
/** Of another password. */
let another: string;
let asked: string[];
let audited: AuditEntry[];
/** Attempts that the throttle let through, and proofs that it was told of. */
let admitted: string[];
let remembered: string[];
let isThrottled: boolean;
/** Sessions that were begun. */
let begun: string[];
/** Hashes that took the place of another, and whether the database takes them. */
let rehashed: { readonly userId: string; readonly from: string; readonly to: string }[];
let isTaken: boolean;
/** True where the database refuses a session: the user was disabled at that very moment. */
let isGone: boolean;
const generation = 7;
const signedIn = { accessToken: 'a', expiresAt: 1, refreshToken: 'r' };

beforeAll(async () => {
  await hasher.prepare();
  another = await hasher.hash('another');
  ada = {
    id: randomUUID(),
    email: 'ada@example.com',
    passwordHash: await hasher.hash(password),
    roles: ['TRADER'],
    disabled: false,
    mfaEnabled: false,
    createdAt: new Date(0),
  };
});

beforeEach(() => {
  [asked, begun, audited, isGone] = [[], [], [], false];
  [rehashed, isTaken] = [[], true];
  [admitted, remembered, isThrottled] = [[], [], false];
  jest.clearAllMocks();
});

/** later: what the database holds once the password has been verified. */
function loginAs(
  stored: User | null,
  credentials: { readonly email: string; readonly password: string },
  later: User | null = stored,
) {
  const service = new LoginService({
    users: {
      findByEmail: (email) => {
        asked.push(email);
        return Promise.resolve(asked.length === 1 ? stored : later);
      },
    },
    hasher,
    store: {
      rehash: (change) => {
        rehashed.push(change);
        return isTaken ? Promise.resolve(true) : Promise.reject(new Error('no database'));
      },
    },
    sessions: {
      generationOf: (userId) => {
        asked.push(`generation of ${userId}`);
        return Promise.resolve(later === null ? null : generation);
      },
      begin: (proven, { ip }) => {
        begun.push(`${proven.userId} of ${proven.generation} from ${ip ?? 'nowhere'}`);
        return Promise.resolve(isGone ? null : signedIn);
      },
    },
    secondFactors: { challenge: (proven) => Promise.resolve(`challenge of ${proven.userId} of ${proven.generation}`) },
    throttle: {
      admit: (email, ip) => {
        if (isThrottled) return Promise.reject(new AppError('RATE_LIMITED'));
        admitted.push(`${email} from ${ip ?? 'nowhere'}`);
        return Promise.resolve();
      },
      remember: (userId, ip) => {
        remembered.push(`${userId} from ${ip ?? 'nowhere'}`);
        return Promise.resolve();
      },
    },
    audit: (entry) => {
      audited.push(entry);
      return Promise.resolve();
    },
    clock: () => 5,
    logger: createLogger('silent'),
  });
  return service.login(credentials, { ip: '1.2.3.4', userAgent: null });
}

it('begins a session of the user, from where they are', async () => {
  expect(await loginAs(ada, { email: 'ada@example.com', password })).toBe(signedIn);
  expect(begun).toEqual([`${ada.id} of ${generation} from 1.2.3.4`]);
  expect([admitted, remembered]).toEqual([['ada@example.com from 1.2.3.4'], [`${ada.id} from 1.2.3.4`]]);
});

it.each<[string, () => [before: User, later: User]]>([
  [
    'who has a second factor',
    () => [
      { ...ada, mfaEnabled: true },
      { ...ada, mfaEnabled: true },
    ],
  ],
  ['who enrolled one while the password was verified', () => [ada, { ...ada, mfaEnabled: true }]],
])('asks a user %s for it, and begins no session', async (_, stored) => {
  const answer = await loginAs(stored()[0], { email: 'ada@example.com', password }, stored()[1]);
  expect(answer).toEqual({ mfaChallenge: `challenge of ${ada.id} of ${generation}` });
  expect([begun, remembered]).toEqual([[], []]);
});

it('looks at no password while the throttle says no', async () => {
  isThrottled = true;
  const attempt = loginAs(ada, { email: 'ada@example.com', password });
  await expect(attempt).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect([asked, begun]).toEqual([[], []]);
  expect(argon2.verify).not.toHaveBeenCalled();
});

describe('what changes while the password is verified', () => {
  // Whatever ends all sessions between the two is then seen where the session begins.
  it('is asked for after what ended all sessions of the user, of which the proof then is', async () => {
    await loginAs(ada, { email: 'ada@example.com', password });
    expect(asked).toEqual(['ada@example.com', `generation of ${ada.id}`, 'ada@example.com']);
  });

  it('counts: a user whom the database gives no session is refused', async () => {
    isGone = true;
    const attempt = loginAs(ada, { email: 'ada@example.com', password });
    await expect(attempt).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
  });

  it.each<[string, () => User | null]>([
    ['a user disabled', () => ({ ...ada, disabled: true })],
    ['another password', () => ({ ...ada, passwordHash: another })],
    ['a user deleted', () => null],
    ['an address that is now of someone else', () => ({ ...ada, id: randomUUID() })],
  ])('counts: %s is refused', async (_, later) => {
    const attempt = loginAs(ada, { email: 'ada@example.com', password }, later());
    await expect(attempt).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
    expect(rehashed).toEqual([]);
  });

  it('is nothing where the same password was hashed anew by another sign-in', async () => {
    const renewed = { ...ada, passwordHash: await hasher.hash(password) };
    expect(await loginAs(ada, { email: 'ada@example.com', password }, renewed)).toBe(signedIn);
  });
});

describe('a password that would be hashed otherwise today', () => {
  const byEmail = { email: 'ada@example.com', password };
  const today = { memoryCost: 65_536, timeCost: 3, parallelism: 1 };
  let weak: User;

  const hashedWith = async (changes: Partial<typeof today>): Promise<User> => ({
    ...ada,
    passwordHash: await argon2.hash(password, { ...today, ...changes }),
  });

  beforeAll(async () => {
    weak = await hashedWith({ memoryCost: 19_456 });
  });

  it.each([{ memoryCost: 65_535 }, { timeCost: 2 }, { parallelism: 2 }])('is one with %j', async (changes) => {
    const user = await hashedWith(changes);
    await loginAs(user, byEmail);
    expect(rehashed.map(({ from }) => from)).toEqual([user.passwordHash]);
  });

  it('is hashed anew when it is proven, also where a second factor is still to come', async () => {
    await loginAs(weak, byEmail);
    await loginAs({ ...weak, mfaEnabled: true }, byEmail);
    expect(rehashed).toHaveLength(2);
    for (const { userId, from, to } of rehashed) {
      expect([userId, from]).toEqual([ada.id, weak.passwordHash]);
      expect([await hasher.verify(to, password), hasher.isOutdated(to)]).toEqual([true, false]);
    }
  });

  it('stays as it is after a wrong one, and keeps nobody out where the new hash cannot be kept', async () => {
    await expect(loginAs(weak, { ...byEmail, password: 'wrong' })).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
    expect(rehashed).toEqual([]);
    isTaken = false;
    expect(await loginAs(weak, byEmail)).toBe(signedIn);
  });

  it('is left alone where it is hashed so already', async () => {
    await loginAs(ada, byEmail);
    expect(rehashed).toEqual([]);
  });
});

describe('an attempt that is refused', () => {
  it.each<[string, () => User | null]>([
    ['of a user', () => ada],
    ['of nobody', () => null],
  ])('is written down, %s, without address and password', async (_, stored) => {
    await expect(loginAs(stored(), { email: 'ada@example.com', password: 'wrong' })).rejects.toThrow();
    const refusal = { action: 'login', outcome: 'refused: LOGIN_FAILED', ip: '1.2.3.4', userAgent: null };
    expect(audited).toEqual([{ at: 5, actor: 'anonymous', target: stored()?.id ?? null, ...refusal }]);
  });

  it('leaves the entry to the session where it is not', async () => {
    await loginAs(ada, { email: 'ada@example.com', password });
    expect(audited).toEqual([]);
  });
});

describe('refuses in the same way, for one verification and no hash,', () => {
  it.each<[string, () => User | null, string, string]>([
    ['a wrong password', () => ada, 'ada@example.com', 'wrong'],
    ['an unknown address', () => null, 'nobody@example.com', password],
    ['a disabled user', () => ({ ...ada, disabled: true }), 'ada@example.com', password],
    ['an empty password', () => ada, 'ada@example.com', ''],
    ['the right password with more behind its 128th character', () => ada, 'ada@example.com', password.padEnd(200)],
    ['an address that the database could not read', () => ada, 'ada\0@example.com', password],
    ['an address that is too long', () => ada, `${'a'.repeat(300)}@example.com`, password],
  ])('%s', async (_, stored, email, tried) => {
    const failure = await loginAs(stored(), { email, password: tried }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: 'LOGIN_FAILED', publicMessage: 'E-mail or password is wrong.' });
    expect(argon2.verify).toHaveBeenCalledTimes(1);
    expect(argon2.hash).not.toHaveBeenCalled();
    expect([begun, remembered]).toEqual([[], []]);
  });
});

it('never asks the database for an address with control characters', async () => {
  await expect(loginAs(ada, { email: 'ada\0@example.com', password })).rejects.toThrow();
  expect(asked).toEqual([]);
});

describe('a password hash', () => {
  it('is argon2id with 64 MiB, three passes and one lane, and a salt of its own', async () => {
    const [first, second] = await Promise.all([hasher.hash('same'), hasher.hash('same')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
    expect(first).not.toBe(second);
  });

  it.each(['p'.repeat(128), '🐎'.repeat(32), ' leading and trailing '])('is checked for %j unchanged', async (text) => {
    const kept = await hasher.hash(text);
    expect(await hasher.verify(kept, text)).toBe(true);
    expect(await hasher.verify(kept, text.trim().slice(0, -1))).toBe(false);
  });

  it('of a long password is not met by its beginning and another end', async () => {
    const kept = await hasher.hash('p'.repeat(128));
    expect(await hasher.verify(kept, 'p'.repeat(129))).toBe(false);
  });
});

describe('a burst of logins', () => {
  it('runs at most four verifications at once and answers all of them', async () => {
    const kept = await hasher.hash(password);
    const actual = jest.requireActual<typeof argon2>('@node-rs/argon2');
    let running = 0;
    let most = 0;
    jest.mocked(argon2.verify).mockImplementation(async (...args) => {
      running += 1;
      most = Math.max(most, running);
      const answer = await actual.verify(...args);
      running -= 1;
      return answer;
    });
    const answers = await Promise.all(Array.from({ length: 16 }, () => hasher.verify(kept, password)));
    expect(answers).toEqual(new Array(16).fill(true));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('is cut off where too many wait, and goes on afterwards', async () => {
    const slow = new PasswordHasher();
    let finish: (answer: boolean) => void = () => undefined;
    const gate = new Promise<boolean>((resolve) => {
      finish = resolve;
    });
    jest.mocked(argon2.verify).mockImplementation(() => gate);
    const all = Array.from({ length: 150 }, () => slow.verify(ada.passwordHash, password));
    const settled = Promise.allSettled(all);
    await expect(Promise.race(all)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    finish(true);
    const outcomes = await settled;
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(103);
    expect(await slow.verify(ada.passwordHash, password)).toBe(true);
  });
});
