import type { TradingState } from '../../domain/accounts';
import type { LockdownLevel } from '../../domain/lockdown';
import type { EpochMs } from '../../domain/marketData';

/** What holds for all accounts. */
export interface HouseRecord {
  /** Grows with every new leader; what was begun under an older one must not be written any more. */
  readonly epoch: number;
  readonly state: TradingState;
  readonly reason: string | null;
  readonly flattenNumber: number;
  readonly changedAt: EpochMs | null;
  /** Beside the state, which an admin may change: this the operator alone can. */
  readonly lockdown: LockdownLevel;
  readonly lockdownReason: string | null;
}

export const houseColumns =
  'h.epoch AS house_epoch, h.state AS house_state, h.reason AS house_reason, ' +
  'h.flatten_number AS house_flatten_number, h.changed_at AS house_changed_at, ' +
  'h.lockdown AS house_lockdown, h.lockdown_reason AS house_lockdown_reason';

export function readHouse(row: Readonly<Record<string, unknown>>): HouseRecord {
  return {
    epoch: Number.parseInt(row.house_epoch as string, 10),
    state: row.house_state as TradingState,
    reason: row.house_reason as string | null,
    flattenNumber: Number.parseInt(row.house_flatten_number as string, 10),
    changedAt: (row.house_changed_at as Date | null)?.getTime() ?? null,
    lockdown: row.house_lockdown as LockdownLevel,
    lockdownReason: row.house_lockdown_reason as string | null,
  };
}
