import type { LockdownLevel } from './domain/lockdown';
import { Lockdown } from './security/lockdown';
import type { Storage } from './storage/storage';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { HealthRegistry } from './telemetry/health';
import type { Logger } from './telemetry/logger';

export interface LockdownStart {
  readonly storage: Pick<Storage, 'lockdownChanges'>;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly runner: BackgroundRunner;
  readonly health: Pick<HealthRegistry, 'watch'>;
  /** What is started is pushed here, to be stopped in reverse. */
  readonly stops: (() => Promise<void>)[];
}

/** Follows how far the service is locked, before anybody is let in. Throws StorageError where that cannot be read. */
export async function startLockdown(parts: LockdownStart): Promise<Lockdown> {
  const { storage, clock, logger, runner, health, stops } = parts;
  const lockdown = new Lockdown({ clock });
  lockdown.subscribe((level) => {
    logger.fatal({ alarm: 'CRITICAL', lockdown: level }, describe(level));
  });
  const following = storage.lockdownChanges({
    onReading: ({ level }, readAt) => {
      lockdown.take(level, readAt);
    },
    onNotification: () => undefined,
    clock,
    runner,
    logger,
    random: Math.random,
    timing: { pollMs: 5_000, answerWithinMs: 2_000, firstRetryMs: 200, longestRetryMs: 10_000 },
  });
  stops.push(() => following.stop());
  await following.start();
  // A node that obeys is well: taken out by its proxy, it could tell nobody why, and let no admin in.
  health.watch(() => ({ name: 'lockdown', healthy: true, detail: lockdown.level }));
  return lockdown;
}

function describe(level: LockdownLevel): string {
  return level === 'NONE' ? 'the service is not locked any more' : 'the operator has locked the service';
}
