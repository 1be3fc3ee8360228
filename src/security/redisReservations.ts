import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Rate } from './limits';
import type { Reservations } from './reservations';

/** Look and reserve as one script: Redis runs nothing else meanwhile. */
const takeScript = `
local now, windowMs, max = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - windowMs)
local counted = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
if #counted / 2 < max then
  redis.call('ZADD', KEYS[1], now, ARGV[4])
  redis.call('PEXPIRE', KEYS[1], windowMs)
end
local times = {}
for i = 2, #counted, 2 do times[#times + 1] = counted[i] end
return times
`;

/**
 * Reservations shared by all nodes through Redis. While Redis does not answer, the node counts by itself
 * with the whole limit: a limit may then be met once a node, but it never opens.
 */
export class RedisReservations implements Reservations {
  constructor(
    private readonly parts: {
      readonly redis: Redis;
      readonly fallback: Reservations;
      readonly clock: () => number;
      readonly timeoutMs: number;
      readonly onFailure: (error: unknown) => void;
    },
  ) {}

  async take(key: string, rate: Rate): Promise<readonly number[]> {
    try {
      return await this.#takeShared(key, rate);
    } catch (error) {
      this.parts.onFailure(error);
      return this.parts.fallback.take(key, rate);
    }
  }

  async #takeShared(key: string, rate: Rate): Promise<readonly number[]> {
    const now = this.parts.clock();
    const asked = this.parts.redis.eval(
      takeScript,
      1,
      `tickgate:rate:${key}`,
      now,
      rate.windowMs,
      rate.max,
      randomUUID(),
    );
    const answer = await withTimeout(asked, this.parts.timeoutMs);
    if (!Array.isArray(answer)) throw new TypeError('the rate limit script answered with something else than a list');
    return answer.map(Number);
  }
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Redis did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
