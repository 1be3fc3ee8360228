import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { GraphQLResolveInfo } from 'graphql';
import { Redis } from 'ioredis';
import { createFieldRateLimiter } from '../../src/security/fieldRateLimiter';
import { limits } from '../../src/security/limits';
import { RedisReservations } from '../../src/security/redisReservations';
import { MemoryReservations, type Reservations } from '../../src/security/reservations';
import { describeWith } from '../kit/needs';

const { max, windowMs } = limits.rate.login;

function callAs(rateKey: string) {
  return {
    parent: null,
    args: {},
    context: { principal: null, rateKey, transport: 'http' as const, requestId: 'r' },
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
});

describeWith('redis-server', 'the rate of a field shared by nodes through Redis', () => {
  let server: ChildProcess;
  let port = 0;
  const clients: Redis[] = [];

  function node(fallback: Reservations, failures: unknown[] = []): Reservations {
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
      clock: Date.now,
      timeoutMs: 2_000,
      onFailure: (error) => failures.push(error),
    });
  }
  const memory = () => new MemoryReservations({ clock: Date.now, maxIdentities: 100 });

  beforeAll(async () => {
    port = await freePort();
    server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']);
    await untilListening(server);
  });

  afterAll(async () => {
    for (const client of clients) {
      const gone = client.status === 'end' ? Promise.resolve() : once(client, 'end');
      client.disconnect();
      await gone;
    }
    if (server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
    }
  });

  it('lets exactly the allowed number of 200 concurrent calls on two nodes pass', async () => {
    const limiters = [memory(), memory()].map((fallback) =>
      createFieldRateLimiter({ reservations: node(fallback), clock: Date.now }),
    );
    expect(await passed(limiters, 200, 'user:shared')).toBe(max);
  });

  it('goes on counting by itself when Redis is gone, and tells', async () => {
    const failures: unknown[] = [];
    const limiter = createFieldRateLimiter({ reservations: node(memory(), failures), clock: Date.now });
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    expect(await passed([limiter], 200, 'user:alone')).toBe(max);
    expect(failures.length).toBe(200);
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function untilListening(server: ChildProcess): Promise<void> {
  let said = '';
  for await (const chunk of server.stdout!) {
    said += String(chunk);
    if (said.includes('Ready to accept connections')) break;
  }
  server.stdout!.resume();
}
