import { randomUUID } from 'node:crypto';
import { AppError } from '../../src/errors/appError';
import { LoginService } from '../../src/identity/loginService';
import { limits } from '../../src/security/limits';
import { createCallLimiter } from '../../src/security/fieldRateLimiter';
import { LoginThrottle } from '../../src/security/loginThrottle';
import { MemoryReservations } from '../../src/security/reservations';
import { createLogger } from '../../src/telemetry/logger';
import { openTestStorage } from '../kit/postgres';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const home = '1.2.3.4';

let house: Awaited<ReturnType<typeof openTestStorage>>;
let now: number;
let email: string;
let userId: string;
let throttle: LoginThrottle;
/** How many passwords were looked at. */
let verified: number;
let guesses = 0;
const guessers = new Set<string>();
let logins: LoginService;

beforeAll(async () => {
  house = await openTestStorage();
}, 60_000);

afterAll(async () => {
  await house.stop();
});

beforeEach(async () => {
  [now, verified, email] = [Date.now(), 0, `${randomUUID()}@example.org`];
  const { storage } = house;
  const user = { id: randomUUID(), email, passwordHash: 'right', roles: ['TRADER' as const] };
  userId = (await storage.users.saveByEmail(user)).id;
  throttle = throttleOver(new MemoryReservations({ clock: () => now, maxIdentities: 100_000 }));
  logins = new LoginService({
    users: storage.users,
    // Stands in for argon2: what counts is how often it is asked.
    hasher: {
      verify: (hash, tried) => {
        verified += 1;
        return Promise.resolve(hash === tried);
      },
      hash: (password) => Promise.resolve(password),
      isOutdated: () => false,
    },
    store: storage.passwords,
    sessions: {
      generationOf: () => Promise.resolve(0),
      begin: () => Promise.resolve({ accessToken: 'a', expiresAt: 0, refreshToken: 'r' }),
    },
    secondFactors: { challenge: () => Promise.reject(new Error('nobody here has a second factor')) },
    throttle,
    audit: () => Promise.resolve(),
    clock: () => now,
    logger: createLogger('silent'),
  });
});

function throttleOver(reservations: MemoryReservations): LoginThrottle {
  return new LoginThrottle({ reservations, addresses: house.storage.signInAddresses, clock: () => now });
}

/** `ok`, or the code of the refusal. */
async function attempt(password: string, ip: string | null, whose = email): Promise<string> {
  try {
    await logins.login({ email: whose, password }, { ip, userAgent: null });
    return 'ok';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

/** Each from the next of 200 addresses. */
async function guess(count: number, whose = email): Promise<readonly string[]> {
  const attempts = Array.from({ length: count }, () => {
    guesses += 1;
    const address = `10.0.${guesses % 200}.1`;
    guessers.add(address);
    return attempt(`guess ${guesses}`, address, whose);
  });
  return Promise.all(attempts);
}

it('looks at 20 of 1,000 guesses an hour from 200 addresses, and lets the owner in meanwhile', async () => {
  expect(await attempt('right', home)).toBe('ok');
  verified = 0;
  guessers.clear();
  guesses = 0;
  let owner = 0;
  for (let minute = 0; minute < 50; minute += 1) {
    await guess(20);
    if (minute % 10 === 0) {
      expect(await attempt('right', home)).toBe('ok');
      owner += 1;
    }
    now += minuteMs;
  }
  expect([guesses, guessers.size]).toEqual([1_000, 200]);
  expect(verified - owner).toBeLessThanOrEqual(20);
  expect(verified - owner).toBeGreaterThan(5);
});

it('refuses nobody but strangers where strangers have filled all the room there is for them', async () => {
  const reservations = new MemoryReservations({ clock: () => now, maxIdentities: 60 });
  const crowded = throttleOver(reservations);
  await crowded.remember(userId, home);
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'admitted',
      (error: unknown) => (error as AppError).code,
    );
  const invented = await Promise.all(
    Array.from({ length: 100 }, (_, index) => codeOf(crowded.admit(`${index}@example.net`, `10.1.${index}.1`))),
  );
  for (let index = 0; index < 100; index += 1)
    await crowded.admitResetMail(`${index}@example.net`, { isAccount: false });
  // Each takes three: one a window.
  expect(invented.filter((code) => code === 'admitted')).toHaveLength(20);
  expect(reservations.size).toBe(60);
  // Told of an account that exists and of one that does not alike: else a full house would say who is a user.
  for (const whose of [email, `${randomUUID()}@example.org`])
    expect(await codeOf(crowded.admit(whose, '9.9.9.9'))).toBe('RATE_LIMITED');
  expect(await codeOf(crowded.admit(email, home))).toBe('admitted');
  expect(await codeOf(crowded.admitCode(userId))).toBe('admitted');
  expect(await crowded.admitResetMail(email, { isAccount: true })).toBe(true);
  const clock = (): number => now;
  const calls = createCallLimiter({ reservations, clock });
  expect(await calls('session', { name: '/auth/session', who: `ip:${home}` })).toBe(true);
  expect(await reservations.take(`me|user:${userId}`, limits.rate.light, 'users')).toEqual([]);
});

it('answers an account that does not exist as one that does', async () => {
  const [known, unknown] = [await guess(100), await guess(100, `${randomUUID()}@example.org`)];
  expect(unknown.toSorted()).toEqual(known.toSorted());
  expect(known.filter((answer) => answer === 'LOGIN_FAILED')).toHaveLength(limits.loginThrottle.ofAllOthers[0].max);
  expect(verified).toBe(2 * limits.loginThrottle.ofAllOthers[0].max);
});

it('counts an account by one name, however it is written', async () => {
  await guess(100);
  verified = 0;
  expect(await attempt('right', '9.9.9.9', `  ${email.toUpperCase()} `)).toBe('RATE_LIMITED');
  expect(verified).toBe(0);
});

it('counts 200 attempts at once as it counts them one after the other', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => attempt('wrong', '9.9.9.9')));
  expect(answers.filter((answer) => answer === 'LOGIN_FAILED')).toHaveLength(5);
  expect(verified).toBe(5);
});

it('lets an address that the user has signed in from try fewer times the longer it goes on, and says how long to wait', async () => {
  await throttle.remember(userId, home);
  const tried = async (): Promise<number> => {
    const before = verified;
    for (let count = 0; count < 20; count += 1) await attempt('wrong', home);
    return verified - before;
  };
  const aMinute: number[] = [];
  for (let minute = 0; minute < 60; minute += 1) {
    aMinute.push(await tried());
    now += minuteMs;
  }
  const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
  expect([aMinute[0], sum(aMinute.slice(0, 15)), sum(aMinute)]).toEqual([5, 20, 40]);
  await tried();
  const refusal = await throttle.admit(email, home).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
  const { retryAfterMs } = (refusal as AppError).extensions;
  now += Number(retryAfterMs) - 1;
  await expect(throttle.admit(email, home)).rejects.toThrow();
  now += 1;
  await throttle.admit(email, home);
});

it('knows an address for as long as its user signs in from there, a household of IPv6 as one, and for that user alone', async () => {
  await throttle.remember(userId, '2001:db8:1:2::1');
  await throttle.remember(userId, '::ffff:1.2.3.4');
  await guess(100);
  expect(await attempt('right', '2001:db8:1:2:ffff::9')).toBe('ok');
  expect(await attempt('right', home)).toBe('ok');
  expect(await attempt('right', '2001:db8:1:3::1')).toBe('RATE_LIMITED');
  expect(await attempt('right', null)).toBe('RATE_LIMITED');
  const stranger = `${randomUUID()}@example.org`;
  await guess(100, stranger);
  expect(await attempt('right', home, stranger)).toBe('RATE_LIMITED');
  now += 91 * dayMs;
  await guess(100);
  expect(await attempt('right', home)).toBe('RATE_LIMITED');
});

it('forgets addresses that nobody signs in from, and keeps none of a user who is gone', async () => {
  const { signInAddresses } = house.storage;
  await signInAddresses.remember(userId, 'old', now - 91 * dayMs);
  await signInAddresses.remember(userId, 'new', now);
  await signInAddresses.remember(userId, 'new', now - dayMs);
  await signInAddresses.remember(randomUUID(), 'new', now);
  await signInAddresses.prune(now - 90 * dayMs);
  expect(await signInAddresses.isKnown(email, 'old', 0)).toBe(false);
  expect(await signInAddresses.isKnown(email, 'new', now)).toBe(true);
});
