import { randomUUID } from 'node:crypto';
import { Client as Operator } from 'pg';
import { ApiKeys, type ApiKeyWish } from '../../src/identity/apiKeys/apiKeys';
import { hashOfApiKey, isApiKeyText, makeApiKey } from '../../src/identity/apiKeys/apiKeyText';
import { IpRanges, parseIpRange } from '../../src/identity/apiKeys/ipRanges';
import { LiveApiKeys } from '../../src/identity/apiKeys/liveApiKeys';
import { RequestSignatures } from '../../src/identity/apiKeys/requestSignatures';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import type { Role } from '../../src/identity/principal';
import type { LiveApiKey } from '../../src/storage/identity/apiKeyStore';
import type { FollowedTable } from '../../src/storage/followedTable';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { openTestStorage } from '../kit/postgres';

const dayMs = 86_400_000;
const home = '203.0.113.7';
const logger = createLogger('silent');
const runner = new BackgroundRunner({ logger, metrics: createMetrics() });

let house: Awaited<ReturnType<typeof openTestStorage>>;
let operator: Operator;
let following: FollowedTable<readonly LiveApiKey[]>;
let userId: string;
let told: AuthorityChange[];
let live: LiveApiKeys;
let keys: ApiKeys;
/** What the clock is ahead. */
let aheadMs: number;
const clock = (): number => Date.now() + aheadMs;

beforeAll(async () => {
  house = await openTestStorage();
  operator = new Operator({ connectionString: house.url });
  await operator.connect();
}, 60_000);

afterAll(async () => {
  await operator.end();
  await runner.idle();
  await house.stop();
});

beforeEach(async () => {
  [told, aheadMs] = [[], 0];
  const { storage } = house;
  userId = await addUser();
  live = new LiveApiKeys({
    store: storage.apiKeys,
    authority: { change: (change) => told.push(change) },
    signatures: new RequestSignatures({ nonces: { take: () => Promise.resolve(true) }, clock }),
    clock,
  });
  keys = new ApiKeys({ store: storage.apiKeys, liveKeys: live, clock, newId: randomUUID });
  following = storage.apiKeyChanges({
    onReading: (reading, readAt) => {
      live.take(reading, readAt);
    },
    onNotification: () => undefined,
    clock,
    runner,
    logger,
    random: Math.random,
    timing: { pollMs: 60_000, answerWithinMs: 2_000, firstRetryMs: 200, longestRetryMs: 1_000 },
  });
  await following.start();
});

afterEach(async () => {
  await following.stop();
});

async function addUser(): Promise<string> {
  const id = randomUUID();
  const user = { id, email: `${id}@example.org`, passwordHash: '-', roles: ['TRADER' as const] };
  return (await house.storage.users.saveByEmail(user)).id;
}

function make(wish: Partial<ApiKeyWish> = {}, roles: readonly Role[] = ['TRADER']) {
  const usual: ApiKeyWish = {
    ...{ label: 'bot', scopes: ['MARKET_READ'], allowedIps: [], publicKey: null },
    expiresAt: clock() + dayMs,
  };
  return keys.create({ userId, roles }, { ...usual, ...wish }, home);
}

const unsigned = (ip: string) => ({ ip, method: 'POST', path: '/graphql', headers: {}, body: Buffer.alloc(0) });

/** What using it gives: its scopes, or the code of the refusal. */
async function use(secret: string, ip = home): Promise<unknown> {
  try {
    return (await live.verify(secret, unsigned(ip))).scopes;
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
}

describe('the text of a key', () => {
  it('is found by a scanner, tells a key that was typed wrongly from a good one, and is no access token', () => {
    const made = makeApiKey();
    expect(made.text).toMatch(/^tg_[\w-]{43}_[0-9a-f]{8}$/);
    expect(made.text.startsWith(made.prefix)).toBe(true);
    expect(hashOfApiKey(made.text)).toEqual(made.hash);
    for (let index = 3; index < made.text.length; index += 1) {
      const other = made.text[index] === 'a' ? 'b' : 'a';
      expect(hashOfApiKey(made.text.slice(0, index) + other + made.text.slice(index + 1))).toBeNull();
    }
    for (const text of ['', 'tg_', made.text.slice(0, -1), `${made.text}a`, ` ${made.text}`]) {
      expect(hashOfApiKey(text)).toBeNull();
    }
    expect([isApiKeyText(made.text), isApiKeyText('eyJhbGciOiJSUzI1NiJ9.e30.x')]).toEqual([true, false]);
  });
});

describe('a range of addresses', () => {
  it.each([
    ['203.0.113.7', ['203.0.113.7'], ['203.0.113.8', '::1']],
    ['203.0.113.0/24', ['203.0.113.0', '203.0.113.255'], ['203.0.114.0', '1.2.3.4']],
    ['203.0.113.0/24', ['::ffff:203.0.113.7', '::ffff:cb00:7107'], ['::ffff:203.0.114.7', '::203.0.113.7']],
    ['::ffff:203.0.113.7', ['203.0.113.7', '::ffff:203.0.113.7'], ['203.0.113.8', '::ffff:203.0.113.8']],
    ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff::'], ['2001:db9::1', '203.0.113.7']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
  ])('%s holds what is in it and nothing else', (text, inside, outside) => {
    const ranges = new IpRanges([text]);
    expect([...inside, ...outside].map((ip) => ranges.has(ip))).toEqual([
      ...inside.map(() => true),
      ...outside.map(() => false),
    ]);
  });

  it.each([
    '',
    'x',
    '203.0.113',
    '203.0.113.7/33',
    '203.0.113.7/',
    '::1/129',
    '01.2.3.4',
    ' 1.2.3.4',
    'fe80::1%eth0',
    '1.2.3.4/-1',
  ])('is not %j', (text) => {
    expect(parseIpRange(text)).toBeNull();
    expect(new IpRanges([text]).has('1.2.3.4')).toBe(false);
  });
});

describe('a key', () => {
  it('is good at once, for its owner and its scopes, until it expires', async () => {
    const { apiKey, secret } = await make({ scopes: ['ACCOUNT_READ', 'TRADE_PAPER'], expiresAt: clock() + 90 * dayMs });
    expect(await live.verify(secret, unsigned('::1'))).toMatchObject({
      userId,
      roles: ['TRADER'],
      scopes: ['ACCOUNT_READ', 'TRADE_PAPER'],
      credential: { kind: 'apiKey', id: apiKey.id },
      expiresAt: apiKey.expiresAt.getTime(),
    });
    live.take([], clock());
    const rows = await house.storage.apiKeys.live(userId, clock());
    expect(rows.map(({ id, prefix }) => [id, secret.startsWith(prefix)])).toEqual([[apiKey.id, true]]);
    aheadMs = 90 * dayMs + 1_000;
    expect(await keys.live(userId)).toEqual([]);
    expect(await keys.liveOne(userId, apiKey.id)).toBeNull();
  });

  it('is refused where it has expired, was never made, or nobody has read for a minute which are good', async () => {
    const { secret } = await make({ expiresAt: clock() + 30_000 });
    expect(await use(secret)).toEqual(['MARKET_READ']);
    expect(await use(makeApiKey().text)).toBe('UNAUTHENTICATED');
    aheadMs = 30_000;
    expect(await use(secret)).toBe('UNAUTHENTICATED');
    const { secret: longer } = await make();
    expect(await use(longer)).toEqual(['MARKET_READ']);
    aheadMs += 61_000;
    expect(await use(longer)).toBe('UNAUTHENTICATED');
  });

  it('is refused from elsewhere than it may be used', async () => {
    const { secret } = await make({ scopes: ['TRADE_LIVE'], allowedIps: ['203.0.113.0/24', '2001:db8::/32'] });
    expect([await use(secret), await use(secret, '2001:db8::9')]).toEqual([['TRADE_LIVE'], ['TRADE_LIVE']]);
    expect([await use(secret, '203.0.114.7'), await use(secret, '2001:db9::'), await use(secret, 'nowhere')]).toEqual(
      Array(3).fill('FORBIDDEN'),
    );
  });

  it('has ended within a second, by its owner, by an operator, or with its user, for good', async () => {
    const [own, byHand, withUser] = [await make(), await make(), await make()];
    expect(await keys.revoke(userId, own.apiKey.id, home)).toBe(true);
    expect(await use(own.secret)).toBe('UNAUTHENTICATED');
    expect(await keys.revoke(userId, own.apiKey.id, home)).toBe(false);

    await operator.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [byHand.apiKey.id]);
    await eventually(async () => (await use(byHand.secret)) === 'UNAUTHENTICATED', { timeoutMs: 1_000 });
    await operator.query('UPDATE users SET disabled = true WHERE id = $1', [userId]);
    await eventually(async () => (await use(withUser.secret)) === 'UNAUTHENTICATED', { timeoutMs: 1_000 });
    expect(told).toEqual([own, byHand, withUser].map(({ apiKey }) => ({ kind: 'apiKeyRevoked', apiKeyId: apiKey.id })));
    await operator.query('UPDATE users SET disabled = false WHERE id = $1', [userId]);
    const again = await make();
    expect([await use(withUser.secret), await use(again.secret)]).toEqual(['UNAUTHENTICATED', ['MARKET_READ']]);
  });

  it('that was revoked is not brought back by a reading that began before', async () => {
    const { apiKey, secret } = await make();
    const { rows } = await operator.query<LiveApiKey>(
      `SELECT id, user_id AS "userId", '{TRADER}'::text[] AS roles, hash, scopes, allowed_ips AS "allowedIps",
              created_at AS "createdAt", expires_at AS "expiresAt" FROM api_keys WHERE id = $1`,
      [apiKey.id],
    );
    const beganAt = clock();
    aheadMs = 5;
    live.revoke(apiKey.id);
    live.take(rows, beganAt);
    expect(await use(secret)).toBe('UNAUTHENTICATED');
  });

  it('of another is answered as none is, and stays good', async () => {
    const { apiKey, secret } = await make();
    const stranger = await addUser();
    for (const id of [apiKey.id, randomUUID(), 'nonsense']) {
      expect(await keys.revoke(stranger, id, home)).toBe(false);
      expect(await keys.liveOne(stranger, id)).toBeNull();
    }
    expect(await use(secret)).toEqual(['MARKET_READ']);
  });

  it('is not in the database, and when it was used last is', async () => {
    const { apiKey, secret } = await make();
    await use(secret);
    await live.flushUses();
    const [shown] = await keys.live(userId);
    expect(shown?.lastUsedAt?.getTime()).toBeGreaterThan(clock() - 10_000);
    const { rows } = await operator.query('SELECT k.*::text AS row FROM api_keys k WHERE id = $1', [apiKey.id]);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(12, 40));
    const { rows: audited } = await operator.query<{ text: string }>(
      `SELECT concat_ws(' ', action, outcome, ip) AS text FROM audit_entries WHERE target = $1`,
      [apiKey.id],
    );
    expect(audited.map(({ text }) => text)).toEqual([`apiKey.create MARKET_READ ${home}`]);
  });
});

describe('a wish is refused, with what to do,', () => {
  it.each<[string, Partial<ApiKeyWish>]>([
    ['without a label', { label: ' ' }],
    ['with a label of control characters', { label: 'a\nb' }],
    ['with a label that is too long', { label: 'x'.repeat(81) }],
    ['without a scope', { scopes: [] }],
    ['with a scope twice', { scopes: ['AI_USE', 'AI_USE'] }],
    ['for a time that is over', { expiresAt: Date.now() - 1 }],
    ['for longer than 90 days', { expiresAt: Date.now() + 91 * dayMs }],
    ['for no time', { expiresAt: NaN }],
    ['for LIVE trading from anywhere', { scopes: ['TRADE_LIVE'] }],
    ['for a range that is everywhere', { scopes: ['TRADE_LIVE'], allowedIps: ['0.0.0.0/0'] }],
    ['for a name', { allowedIps: ['example.org'] }],
    ['for 21 ranges', { allowedIps: Array.from({ length: 21 }, (_, index) => `1.2.3.${index}`) }],
  ])('%s', async (_, wish) => {
    await expect(make(wish)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await keys.live(userId)).toEqual([]);
  });

  it('for trading by one who may not', async () => {
    await expect(make({ scopes: ['TRADE_PAPER'] }, ['VIEWER'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('for a fifty-first key, also where many are asked for at once', async () => {
    const all = await Promise.allSettled(Array.from({ length: 60 }, () => make()));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    expect(await keys.live(userId)).toHaveLength(50);
  });
});
