import { once } from 'node:events';
import type { GraphQLResolveInfo } from 'graphql';
import { Redis } from 'ioredis';
import type { Principal } from '../../src/identity/principal';
import { createFieldRateLimiter } from '../../src/security/fieldRateLimiter';
import { rateKeyOf } from '../../src/security/authentication';
import { limits } from '../../src/security/limits';
import { RedisReservations } from '../../src/security/redisReservations';
import { OperationCost } from '../../src/security/requestContext';
import { MemoryReservations, type Reservations } from '../../src/security/reservations';
import { describeWith } from '../kit/needs';
import { RedisServer } from '../kit/redisServer';

const { max, windowMs } = limits.rate.login;

const signedIn = { userId: 'u' } as Principal;

const request = { ip: '1.2.3.4', userAgent: null, transport: 'http', requestId: 'r' } as const;

/** Nobody is signed in where no principal is named. */
function callAs(rateKey: string, principal: Principal | null = null) {
  return {
    parent: null,
    args: {},
    context: { principal, rateKey, ...request, cost: new OperationCost() },
    info: { fieldName: 'login' } as GraphQLResolveInfo,
  };
}

/** How many of `count` calls at once pass. */
async function passed(
  limiters: readonly ReturnType<typeof createFieldRateLimiter>[],
  count: number,
  rateKey = 'ip:1.2.3.4',
): Promise<number> {
  const calls = Array.from({ length: count }, (_, index) =>
    limiters[index % limiters.length]!('login', callAs(rateKey)),
  );
  return (await Promise.all(calls)).filter((decision) => decision === true).length;
}

describe('the rate of a field on one node', () => {
  let now = Date.now();
  const clock = () => now;
  const memory = (maxIdentities = 100) => new MemoryReservations({ clock, maxIdentities });

  beforeEach(() => {
    now = Date.now();
  });

  it('lets exactly the allowed number of 200 concurrent calls pass', async () => {
    expect(await passed([createFieldRateLimiter({ reservations: memory(), clock })], 200)).toBe(max);
  });

  it('counts each caller apart', async () => {
    const limiter = createFieldRateLimiter({ reservations: memory(), clock });
    expect(await passed([limiter], max + 1, 'ip:1.1.1.1')).toBe(max);
    expect(await passed([limiter], max + 1, 'ip:2.2.2.2')).toBe(max);
  });

  it('says when to come back, and lets the caller in then and not before', async () => {
    const reservations = memory();
    await passed([createFieldRateLimiter({ reservations, clock })], max);
    const rate = limits.rate.login;
    now += windowMs - 1;
    expect(await reservations.take('login|ip:1.2.3.4', rate, 'addresses')).toHaveLength(max);
    now += 1;
    expect(await reservations.take('login|ip:1.2.3.4', rate, 'addresses')).toHaveLength(0);
  });

  it('refuses with RATE_LIMITED and the time to wait', async () => {
    const limiter = createFieldRateLimiter({ reservations: memory(), clock });
    await passed([limiter], max);
    const decision = await limiter('login', callAs('ip:1.2.3.4'));
    expect(decision).toMatchObject({ code: 'RATE_LIMITED', extensions: { retryAfterMs: windowMs } });
  });

  it('does not count refused calls, so that waiting helps', async () => {
    const reservations = memory();
    const limiter = createFieldRateLimiter({ reservations, clock });
    await passed([limiter], 100);
    expect(await reservations.take('login|ip:1.2.3.4', limits.rate.login, 'addresses')).toHaveLength(max);
  });

  it('forgets callers who are idle, so that memory is bounded', async () => {
    const reservations = memory();
    for (let caller = 0; caller < 50; caller += 1)
      await reservations.take(`k${caller}`, { max: 1, windowMs: 1_000 }, 'users');
    now += 1_000;
    await reservations.take('late', { max: 1, windowMs: 1_000 }, 'users');
    expect(reservations.size).toBe(1);
  });

  it('never opens when there are too many callers to count: a new one is refused', async () => {
    const reservations = memory(2);
    const rate = { max: 3, windowMs: 1_000 };
    await reservations.take('a', rate, 'users');
    await reservations.take('b', rate, 'users');
    expect((await reservations.take('c', rate, 'users')).length).toBe(rate.max);
    expect(reservations.size).toBe(2);
  });

  it('goes on for the signed in where addresses have filled all the room there is for them', async () => {
    const reservations = memory(60);
    const limiter = createFieldRateLimiter({ reservations, clock });
    for (let index = 0; index < 100; index += 1) await limiter('login', callAs(`ip:10.0.0.${index}`));
    expect(reservations.size).toBe(60);
    expect(await limiter('login', callAs('ip:10.0.0.99'))).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await limiter('login', callAs('user:u', signedIn))).toBe(true);
    expect(await limiter('login', callAs('ip:10.0.0.1'))).toBe(true);
  });

  it('gives one network of IPv6 no more than its share of that room, however many addresses it has', async () => {
    const reservations = memory(1_000);
    const limiter = createFieldRateLimiter({ reservations, clock });
    const from = (address: string) => limiter('login', callAs(rateKeyOf(null, address)));
    const ofOneNetwork = [];
    for (let index = 0; index < 2_000; index += 1) ofOneNetwork.push(await from(`2001:db8:1:${index.toString(16)}::1`));
    expect(ofOneNetwork.filter((decision) => decision === true)).toHaveLength(10);
    expect(await from('2001:db8:2::1')).toBe(true);
    expect(await from('9.9.9.9')).toBe(true);
    now += windowMs;
    expect(await from('2001:db8:1:ffff::1')).toBe(true);
    expect(reservations.size).toBe(1);
  });

  it('forgets the idle of a short window though calls of a long one are kept beside them', async () => {
    const reservations = memory(2_000);
    await reservations.take('of an hour', { max: 20, windowMs: 3_600_000 }, 'elsewhere');
    for (let caller = 0; caller < 1_000; caller += 1)
      await reservations.take(`k${caller}`, { max: 5, windowMs: 60_000 }, 'elsewhere');
    now += 60_000;
    await reservations.take('late', { max: 5, windowMs: 60_000 }, 'elsewhere');
    expect(reservations.size).toBe(2);
  });

  it('is not kept longer for calls that are refused', async () => {
    const reservations = memory();
    const rate = { max: 1, windowMs: 1_000 };
    for (const key of ['a', 'b']) await reservations.take(key, rate, 'users');
    now += 500;
    await reservations.take('c', rate, 'users');
    await reservations.take('a', rate, 'users');
    now += 500;
    await reservations.take('d', rate, 'users');
    expect(reservations.size).toBe(2);
  });

  it('learns from elsewhere of no more callers than it has room for: others are refused when it counts alone', async () => {
    const reservations = memory(2);
    const rate = limits.rate.login;
    for (const key of ['a', 'b', 'c']) reservations.learn(key, rate, { counted: [], at: now, crowd: 'users' });
    expect(reservations.learn('a', rate, { counted: [now], at: now, crowd: 'users' })).toEqual([now]);
    expect(reservations.size).toBe(2);
    expect(await reservations.take('a', rate, 'users')).toHaveLength(2);
    expect(await reservations.take('b', rate, 'users')).toHaveLength(1);
    expect(await reservations.take('c', rate, 'users')).toHaveLength(max);
  });
});

describeWith('redis-server', 'the rate of a field shared by nodes through Redis', () => {
  let server: RedisServer;
  const clients: Redis[] = [];

  const node = (fallback: MemoryReservations, failures: unknown[] = []): Reservations =>
    nodeOf(server, fallback, failures);

  function nodeOf({ port }: RedisServer, fallback: MemoryReservations, failures: unknown[]): Reservations {
    return budgetsOf({ port }, fallback, Date.now, failures);
  }

  function budgetsOf(
    { port }: Pick<RedisServer, 'port'>,
    fallback: MemoryReservations,
    clock: () => number,
    failures: unknown[] = [],
  ): RedisReservations {
    const redis = new Redis({
      port,
      host: '127.0.0.1',
      maxRetriesPerRequest: 0,
      enableOfflineQueue: true,
      retryStrategy: () => null,
      disconnectTimeout: 10,
    });
    redis.on('error', () => undefined);
    clients.push(redis);
    return new RedisReservations({
      redis,
      fallback,
      clock,
      timeoutMs: 2_000,
      onFailure: (error) => failures.push(error),
    });
  }
  const memory = (clock = Date.now) => new MemoryReservations({ clock, maxIdentities: 100 });
  const forgetAll = async (): Promise<void> => {
    const operator = new Redis(server.url);
    await operator.flushall();
    await operator.quit();
  };

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    for (const client of clients) {
      const gone = client.status === 'end' ? Promise.resolve() : once(client, 'end');
      client.disconnect();
      await gone;
    }
    await server.stop();
  });

  it('lets exactly the allowed number of 200 concurrent calls on two nodes pass', async () => {
    const limiters = [memory(), memory()].map((fallback) =>
      createFieldRateLimiter({ reservations: node(fallback), clock: Date.now }),
    );
    expect(await passed(limiters, 200, 'user:shared')).toBe(max);
  });

  it('lets two nodes together spend what one budget holds, and it fills up again', async () => {
    let now = 1_000_000;
    const clock = (): number => now;
    const rate = { max: 100, windowMs: 60_000 };
    const nodes = [memory(clock), memory(clock)].map((fallback) => budgetsOf(server, fallback, clock));
    const spend = (index: number, units = 10) =>
      nodes[index % 2]!.spend({ key: 'cost|user:two', units, rate, crowd: 'users' });
    const waits = await Promise.all(Array.from({ length: 50 }, (_, index) => spend(index)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(10);
    // A tenth of the budget is there again after a tenth of the time.
    expect(waits.filter((wait) => wait > 0)).toEqual(Array.from({ length: 40 }, () => 6_000));
    now += 5_999;
    expect(await spend(1)).toBe(1);
    now += 1;
    expect([await spend(0), await spend(1)]).toEqual([0, 6_000]);
  });

  it('goes on counting by itself where strangers have filled the memory of Redis, and refuses no owner for it', async () => {
    const full = await RedisServer.start();
    const operator = new Redis(full.url);
    const used = /used_memory:(\d+)/.exec(await operator.info('memory'))?.[1];
    await operator.config('SET', 'maxmemory', Number(used) + 500_000);
    const failures: unknown[] = [];
    const reservations = nodeOf(full, memory(), failures);
    const rate = limits.rate.login;
    expect(await reservations.take('owner', rate, 'owners')).toHaveLength(0);
    for (let stranger = 0; failures.length === 0; stranger += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => reservations.take(`stranger ${stranger + index}`, rate, 'elsewhere')),
      );
    expect(String(failures[0])).toContain('OOM');
    const taken = await Promise.all(Array.from({ length: 200 }, () => reservations.take('owner', rate, 'owners')));
    expect(taken.filter(({ length }) => length < max)).toHaveLength(max - 1);
    await operator.quit();
    await full.stop();
  });

  it('counts by itself and together as one, where Redis comes and goes', async () => {
    const reservations = node(memory());
    const operator = new Redis(server.url);
    const rate = { max: 5, windowMs: 60_000 };
    let passedThrough = 0;
    for (let round = 0; round < 20; round += 1) {
      // Whatever needs memory is refused while this is 1.
      await operator.config('SET', 'maxmemory', round % 2);
      if ((await reservations.take('flapping', rate, 'users')).length < rate.max) passedThrough += 1;
    }
    await operator.config('SET', 'maxmemory', 0);
    expect(passedThrough).toBe(rate.max);
    await operator.quit();
  });

  it('goes on counting with its share of the limit when Redis is gone, and tells', async () => {
    const failures: unknown[] = [];
    const limiters = [memory(), memory()].map((fallback) =>
      createFieldRateLimiter({ reservations: node(fallback, failures), clock: Date.now }),
    );
    // Both nodes have been heard of, and one knows what is counted of this caller.
    await forgetAll();
    expect(await passed(limiters, 2, 'user:other')).toBe(2);
    expect(await passed([limiters[0]!], 1, 'user:some')).toBe(1);
    expect(await passed([limiters[0]!], max, 'user:all')).toBe(max);
    await forgetAll();
    const unspent: unknown[] = [];
    const rate = { max: 100, windowMs: 60_000 };
    const clock = (): number => 1_000_000;
    const nodes = [memory(clock), memory(clock)].map((fallback) => budgetsOf(server, fallback, clock, unspent));
    const spend = (index: number) => nodes[index]!.spend({ key: 'cost|user:alone', units: 10, rate, crowd: 'users' });
    expect([await spend(0), await spend(1)]).toEqual([0, 0]);
    await server.stop('SIGKILL');
    // What both had spent is remembered by whoever heard of it last; what is left is half of what one may spend.
    const alone = await Promise.all(Array.from({ length: 20 }, () => spend(1)));
    expect(alone.filter((wait) => wait === 0)).toHaveLength(4);
    const share = Math.floor(max / 2);
    expect(await passed(limiters, 200, 'user:new')).toBe(2 * share);
    expect(await passed(limiters, 200, 'user:some')).toBe(2 * share - 1);
    expect(await passed([limiters[0]!], 100, 'user:all')).toBe(0);
    expect([failures.length, unspent.length]).toEqual([500, 20]);
  });
});
