import { Redis } from 'ioredis';
import type { Logger } from '../telemetry/logger';
import { limits } from './limits';
import { RedisReservations } from './redisReservations';
import { MemoryReservations, type Reservations } from './reservations';

export interface OpenReservations {
  readonly reservations: Reservations;
  close(): Promise<void>;
}

/** Limits shared through Redis where there is one, else of this process alone. Opens at once; a Redis that is away is told to the log. */
export function openReservations(parts: {
  readonly redisUrl: string | null;
  readonly clock: () => number;
  readonly logger: Logger;
}): OpenReservations {
  const { redisUrl, clock, logger } = parts;
  const memory = new MemoryReservations({ clock, maxIdentities: limits.rateLimiter.maxIdentities });
  if (redisUrl === null) return { reservations: memory, close: () => Promise.resolve() };
  // A command that waits for a connection would hold up the request that it is to limit.
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 0, enableOfflineQueue: false });
  const onFailure = (error: unknown): void => {
    logger.warn({ err: error }, 'Redis does not answer: this node counts its rate limits by itself');
  };
  redis.on('error', onFailure);
  const timeoutMs = limits.rateLimiter.redisTimeoutMs;
  return {
    reservations: new RedisReservations({ redis, fallback: memory, clock, timeoutMs, onFailure }),
    close: () => {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}
