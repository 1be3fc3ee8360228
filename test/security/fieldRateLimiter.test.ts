import { once } from 'node:events';
import type { GraphQLResolveInfo } from 'graphql';
import { Redis } from 'ioredis';
import { createFieldRateLimiter } from '../../src/security/fieldRateLimiter';
import { limits } from '../../src/security/limits';
import { RedisReservations } from '../../src/security/redisReservations';
import { MemoryReservations, type Reservations } from '../../src/security/reservations';
import { describeWith } from '../kit/needs';
import { RedisServer } from '../kit/redisServer';

const { max, windowMs } = limits.rate.login;

function callAs(rateKey: string) {
  return {
    parent: null,
    args: {},
    context: { principal: null, rateKey, ip: '1.2.3.4', userAgent: null, transport: 'http' as const, requestId: 'r' },
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
    expect(await reservations.take('login|ip:1.2.3.4', rate)).toHaveLength(max);
    now += 1;
    expect(await reservations.take('login|ip:1.2.3.4', rate)).toHaveLength(0);
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
    expect(await reservations.take('login|ip:1.2.3.4', limits.rate.login)).toHaveLength(max);
  });

  it('forgets callers who are idle, so that memory is bounded', async () => {
    const reservations = memory();
    for (let caller = 0; caller < 50; caller += 1) await reservations.take(`k${caller}`, { max: 1, windowMs: 1_000 });
    now += 1_000;
    await reservations.take('late', { max: 1, windowMs: 1_000 });
    expect(reservations.size).toBe(1);
  });

  it('never opens when there are too many callers to count: a new one is refused', async () => {
    const reservations = memory(2);
    const rate = { max: 3, windowMs: 1_000 };
    await reservations.take('a', rate);
    await reservations.take('b', rate);
    expect((await reservations.take('c', rate)).length).toBe(rate.max);
    expect(reservations.size).toBe(2);
  });

  it('learns from elsewhere of no more callers than it has room for: others are refused when it counts alone', async () => {
    const reservations = memory(2);
    for (const key of ['a', 'b', 'c']) reservations.learn(key, [now], windowMs);
    reservations.learn('a', [now, now], windowMs);
    expect(reservations.size).toBe(2);
    const rate = limits.rate.login;
    expect(await reservations.take('a', rate)).toHaveLength(2);
    expect(await reservations.take('b', rate)).toHaveLength(1);
    expect(await reservations.take('c', rate)).toHaveLength(max);
  });
});

describeWith('redis-server', 'the rate of a field shared by nodes through Redis', () => {
  let server: RedisServer;
  const clients: Redis[] = [];

  function node(fallback: MemoryReservations, failures: unknown[] = []): Reservations {
    const redis = new Redis({
      port: server.port,
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
      clock: Date.now,
      timeoutMs: 2_000,
      onFailure: (error) => failures.push(error),
    });
  }
  const memory = () => new MemoryReservations({ clock: Date.now, maxIdentities: 100 });
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
    await server.stop('SIGKILL');
    const share = Math.floor(max / 2);
    expect(await passed(limiters, 200, 'user:new')).toBe(2 * share);
    expect(await passed(limiters, 200, 'user:some')).toBe(2 * share - 1);
    expect(await passed([limiters[0]!], 100, 'user:all')).toBe(0);
    expect(failures.length).toBe(500);
  });
});
