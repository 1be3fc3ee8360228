import { Redis } from 'ioredis';
import { openReservations } from '../../src/security/openReservations';
import { createLogger } from '../../src/telemetry/logger';
import { describeWith } from '../kit/needs';
import { RedisServer } from '../kit/redisServer';
import { redisWithAcl, shippedAcl, type RedisWithAcl } from '../kit/redisWithAcl';
import { eventually } from '../kit/eventually';

describeWith('redis-server', 'docker/redis/users.acl', () => {
  let redis: RedisWithAcl;
  /** As the server, by its password. */
  let server: Redis;

  beforeAll(async () => {
    redis = await redisWithAcl();
    server = new Redis(redis.url);
    server.on('error', () => undefined);
  });

  afterAll(async () => {
    server.disconnect();
    await redis.stop();
  });

  it('lets the server share its limits', async () => {
    const logged: unknown[] = [];
    const logger = { ...createLogger('silent'), warn: (entry: unknown) => logged.push(entry) } as never;
    const { reservations, close } = openReservations({ redisUrl: redis.url, clock: Date.now, logger });
    // Until it is connected it counts by itself.
    await eventually(async () => {
      await reservations.take('connecting', { max: 1_000, windowMs: 60_000 }, 'users');
      return (await server.eval(`return redis.call('ZCARD', KEYS[1])`, 1, 'tickgate:rate:connecting')) !== 0;
    });
    logged.length = 0;
    const taken = await Promise.all(
      Array.from({ length: 20 }, () => reservations.take('a', { max: 5, windowMs: 60_000 }, 'users')),
    );
    expect(taken.filter((counted) => counted.length < 5)).toHaveLength(5);
    expect(logged).toEqual([]);
    await close();
  });

  it.each([
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'dir', '/tmp'],
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['ACL', 'LIST'],
    ['ACL', 'SETUSER', 'tickgate', '+@all'],
    ['SHUTDOWN'],
    ['SAVE'],
    ['MONITOR'],
    ['REPLICAOF', 'NO', 'ONE'],
    ['MODULE', 'LIST'],
    ['SCRIPT', 'FLUSH'],
    ['SWAPDB', '0', '1'],
    ['GET', 'tickgate:rate:a'],
    ['DEL', 'tickgate:rate:a'],
    ['PUBLISH', 'tickgate', 'x'],
    ['ZADD', 'elsewhere', '1', 'a'],
    ['EVAL', `return redis.call('ZCARD', KEYS[1])`, '1', 'elsewhere'],
    ['EVAL', `return redis.call('ZCARD', 'elsewhere')`, '0'],
    ['EVAL', `return redis.call('FLUSHALL')`, '0'],
  ] as const)('refuses the server: %s %s %s', async (command, ...args: readonly string[]) => {
    await expect(server.call(command, ...args)).rejects.toThrow(
      /NOPERM|can't (run this command|access at least one of the keys)/i,
    );
  });

  it('lets nobody in without that password, and nobody at all as it stands in the repository', async () => {
    const refusalOf = async (port: number, credentials: object): Promise<unknown> => {
      const client = new Redis({
        port,
        host: '127.0.0.1',
        retryStrategy: () => null,
        maxRetriesPerRequest: 0,
        ...credentials,
      });
      client.on('error', () => undefined);
      try {
        return await client.call('INFO').then(
          () => 'let in',
          (error: unknown) => (error as Error).message,
        );
      } finally {
        client.disconnect();
      }
    };
    const asShipped = await RedisServer.start(['--aclfile', shippedAcl]);
    for (const [port, credentials] of [
      [redis.port, {}],
      [redis.port, { username: 'tickgate', password: 'guessed' }],
      [asShipped.port, { username: 'tickgate', password: '' }],
      [asShipped.port, { username: 'tickgate', password: redis.password }],
    ] as const)
      expect(await refusalOf(port, credentials)).not.toBe('let in');
    await asShipped.stop();
  });
});
