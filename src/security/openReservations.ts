import { Redis } from 'ioredis';
import type { Logger } from '../telemetry/logger';
import { limits } from './limits';
import { RedisReservations } from './redisReservations';
import { MemoryReservations, type Budgets, type Reservations } from './reservations';
import { UsedNonces } from './usedNonces';

export interface OpenReservations {
  readonly reservations: Reservations & Budgets;
  readonly nonces: UsedNonces;
  /**
   * Lets connections be made with the password of this URL; one that is there stays. `elsewhere`: it names another place or another user,
   * which a start alone takes. `refused`: Redis does not take it, or does not answer. But for `used`, nothing has changed.
   */
  useUrl(url: string): Promise<'used' | 'elsewhere' | 'refused'>;
  close(): Promise<void>;
}

/** Limits shared through Redis where there is one, else of this process alone. Opens at once; a Redis that is away is told to the log. */
export function openReservations(parts: {
  readonly redisUrl: string | null;
  readonly clock: () => number;
  readonly logger: Logger;
}): OpenReservations {
  const { redisUrl, clock, logger } = parts;
  const { maxIdentities } = limits.rateLimiter;
  const memory = new MemoryReservations({ clock, maxIdentities });
  // Apart from the others: however many requests are signed, they leave room for whoever is limited.
  const nonceMemory = new MemoryReservations({ clock, maxIdentities });
  if (redisUrl === null) {
    const nonces = new UsedNonces({ memory: nonceMemory, shared: null });
    return { reservations: memory, nonces, useUrl: () => Promise.resolve('elsewhere'), close: () => Promise.resolve() };
  }
  // A command that waits for a connection would hold up the request that it is to limit.
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 0, enableOfflineQueue: false });
  const onFailure = (error: unknown): void => {
    logger.warn({ err: error }, 'Redis does not answer: this node counts its rate limits by itself');
  };
  redis.on('error', onFailure);
  const timeoutMs = limits.rateLimiter.redisTimeoutMs;
  const shared = new RedisReservations({ redis, fallback: memory, clock, timeoutMs, onFailure });
  return {
    reservations: shared,
    nonces: new UsedNonces({ memory: nonceMemory, shared }),
    useUrl: async (url) => {
      if (withoutPassword(url) !== withoutPassword(redisUrl)) return 'elsewhere';
      const password = decodeURIComponent(new URL(url).password);
      if (!(await isTaken(redis, password))) return 'refused';
      redis.options.password = password;
      return 'used';
    },
    close: () => {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}

/** Tried on a connection of its own: the one in use is not to be risked. */
async function isTaken(redis: Redis, password: string): Promise<boolean> {
  const probe = new Redis({ ...redis.options, password, lazyConnect: true, retryStrategy: () => null });
  // What is wrong is told by `connect`.
  probe.on('error', () => undefined);
  try {
    await probe.connect();
    return true;
  } catch {
    return false;
  } finally {
    probe.disconnect();
  }
}

function withoutPassword(url: string): string {
  const changed = new URL(url);
  changed.password = '';
  return changed.href;
}
