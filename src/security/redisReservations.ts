import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Rate } from './limits';
import type { Budgets, Crowd, MemoryReservations, Reservations, Spending } from './reservations';

/**
 * Look and reserve as one script: Redis runs nothing else meanwhile. Says as well how many nodes have asked lately.
 * It begins with what needs memory: a Redis whose memory is full refuses a script only before its first change.
 */
const takeScript = `
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[5])
local now, windowMs, max = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - windowMs)
local counted = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
if #counted / 2 < max then
  redis.call('ZADD', KEYS[1], now, ARGV[4])
  redis.call('PEXPIRE', KEYS[1], windowMs)
end
local times = {}
for i = 2, #counted, 2 do times[#times + 1] = counted[i] end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[6]))
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return { redis.call('ZCARD', KEYS[2]), times }
`;

/** The same of a budget: one member, whose score is when it is full again. Says as well when that is, and for how long to wait. */
const spendScript = `
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[4])
local now, windowMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local fullAt = math.max(now, tonumber(kept[2] or 0)) + tonumber(ARGV[3])
local wait = fullAt - windowMs - now
if wait <= 0 then
  redis.call('ZADD', KEYS[1], fullAt, 'fullAt')
  redis.call('PEXPIRE', KEYS[1], windowMs)
else
  fullAt = tonumber(kept[2] or 0)
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[5]))
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return { redis.call('ZCARD', KEYS[2]), { string.format('%.3f', fullAt), string.format('%.3f', wait) } }
`;

/** A node that has asked for nothing for so long is not reckoned with when Redis is gone. */
const nodeKeptMs = 10 * 60_000;

/**
 * Reservations and budgets shared by all nodes through Redis. While Redis does not answer, each node counts by itself, with its share of the
 * limit and with what it knows to be counted already, so that all of them together do not open what one limit was to close.
 */
export class RedisReservations implements Reservations, Budgets {
  readonly #node = randomUUID();
  #nodes = 1;

  constructor(
    private readonly parts: {
      readonly redis: Redis;
      readonly fallback: MemoryReservations;
      readonly clock: () => number;
      readonly timeoutMs: number;
      readonly onFailure: (error: unknown) => void;
    },
  ) {}

  async take(key: string, rate: Rate, crowd: Crowd): Promise<readonly number[]> {
    const now = this.parts.clock();
    try {
      const counted = await this.takeShared(key, rate, now);
      return this.parts.fallback.learn(key, rate, { counted, at: now, crowd });
    } catch {
      return this.#takeOfShare(key, rate, crowd);
    }
  }

  /** Of what all nodes share and of nothing else: throws where Redis does not answer. */
  async takeShared(key: string, rate: Rate, now = this.parts.clock()): Promise<readonly number[]> {
    try {
      return await this.#ask(takeScript, key, [now, rate.windowMs, rate.max, randomUUID(), this.#node, nodeKeptMs]);
    } catch (error) {
      this.parts.onFailure(error);
      throw error;
    }
  }

  async spend(spending: Spending): Promise<number> {
    const { key, units, rate } = spending;
    const price = (units / rate.max) * rate.windowMs;
    try {
      const asked = [this.parts.clock(), rate.windowMs, price, this.#node, nodeKeptMs];
      const [fullAt = 0, wait = 0] = await this.#ask(spendScript, key, asked);
      this.parts.fallback.learnBudget(spending, fullAt);
      return Math.max(0, Math.ceil(wait));
    } catch (error) {
      this.parts.onFailure(error);
      const max = Math.max(units, Math.floor(rate.max / this.#nodes));
      return this.parts.fallback.spend({ ...spending, rate: { ...rate, max } });
    }
  }

  async #takeOfShare(key: string, rate: Rate, crowd: Crowd): Promise<readonly number[]> {
    const max = Math.max(1, Math.floor(rate.max / this.#nodes));
    const counted = await this.parts.fallback.take(key, { ...rate, max }, crowd);
    if (counted.length < max) return counted;
    // The rest is left to the other nodes: here it is used up.
    const rest = Math.max(0, rate.max - counted.length);
    return [...counted, ...new Array<number>(rest).fill(counted.at(-1) ?? this.parts.clock())];
  }

  async #ask(script: string, key: string, values: readonly (string | number)[]): Promise<readonly number[]> {
    const asked = this.parts.redis.eval(script, 2, `tickgate:rate:${key}`, 'tickgate:nodes', ...values);
    const answer = await withTimeout(asked, this.parts.timeoutMs);
    if (!Array.isArray(answer) || typeof answer[0] !== 'number' || !Array.isArray(answer[1]))
      throw new TypeError(
        'the rate limit script answered with something else than a count of nodes and a list of numbers',
      );
    [this.#nodes] = answer as [number];
    return answer[1].map(Number);
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
