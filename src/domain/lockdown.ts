/**
 * How far the operator has locked the service; each level holds what those before it hold. NO_TRADING: nothing new is sent to exchanges.
 * READONLY: nothing is changed. FULL: nobody but admins is let in.
 */
export const lockdownLevels = ['NONE', 'NO_TRADING', 'READONLY', 'FULL'] as const;
export type LockdownLevel = (typeof lockdownLevels)[number];

/** Whether one level holds what the other does. */
export function holds(level: LockdownLevel, other: LockdownLevel): boolean {
  return lockdownLevels.indexOf(level) >= lockdownLevels.indexOf(other);
}
