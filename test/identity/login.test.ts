import * as argon2 from '@node-rs/argon2';
import { randomUUID } from 'node:crypto';
import { AppError } from '../../src/errors/appError';
import { LoginService } from '../../src/identity/loginService';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import type { User } from '../../src/storage/user.repository';
import { createLogger } from '../../src/telemetry/logger';

jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<typeof argon2>('@node-rs/argon2');
  return { ...actual, hash: jest.fn(actual.hash), verify: jest.fn(actual.verify) };
});

const password = 'correct horse battery 🐎';
const hasher = new PasswordHasher();
let ada: User;
let asked: string[];

beforeAll(async () => {
  await hasher.prepare();
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
  asked = [];
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
    tokens: { issue: ({ userId, roles }) => ({ accessToken: `${userId} ${roles.join()}`, expiresAt: 1 }) },
    logger: createLogger('silent'),
  });
  return service.login(credentials);
}

it('gives a token of the user and their roles', async () => {
  const issued = await loginAs(ada, { email: 'ada@example.com', password });
  expect(issued).toEqual({ accessToken: `${ada.id} TRADER`, expiresAt: 1 });
});

describe('what changes while the password is verified', () => {
  it('counts: the token has the roles of now', async () => {
    const issued = await loginAs(ada, { email: 'ada@example.com', password }, { ...ada, roles: ['VIEWER'] });
    expect(issued.accessToken).toBe(`${ada.id} VIEWER`);
  });

  it.each<[string, () => User | null]>([
    ['a user disabled', () => ({ ...ada, disabled: true })],
    ['a second factor demanded', () => ({ ...ada, mfaEnabled: true })],
    ['another password', () => ({ ...ada, passwordHash: 'another' })],
    ['a user deleted', () => null],
    ['an address that is now of someone else', () => ({ ...ada, id: randomUUID() })],
  ])('counts: %s is refused', async (_, later) => {
    const attempt = loginAs(ada, { email: 'ada@example.com', password }, later());
    await expect(attempt).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
  });
});

describe('refuses in the same way, for one verification and no hash,', () => {
  it.each<[string, () => User | null, string, string]>([
    ['a wrong password', () => ada, 'ada@example.com', 'wrong'],
    ['an unknown address', () => null, 'nobody@example.com', password],
    ['a disabled user', () => ({ ...ada, disabled: true }), 'ada@example.com', password],
    ['a user who needs a second factor', () => ({ ...ada, mfaEnabled: true }), 'ada@example.com', password],
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
