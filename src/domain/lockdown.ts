/**
 * How far the operator has locked the service; each level holds what those before it hold. NO_TRADING: exchanges are sent nothing but
 * cancels, and what the kill switch closes positions with. READONLY: cancels alone, and nothing else is changed. FULL: nobody but admins
 * is let in.
 */
export const lockdownLevels = ['NONE', 'NO_TRADING', 'READONLY', 'FULL'] as const;
export type LockdownLevel = (typeof lockdownLevels)[number];

/** Whether one level holds what the other does. */
export function holds(level: LockdownLevel, other: LockdownLevel): boolean {
  return lockdownLevels.indexOf(level) >= lockdownLevels.indexOf(other);
}

/** Whether not even the kill switch closes positions: else nobody could stop one that somebody else has pulled. */
export function holdsFlattening(level: LockdownLevel): boolean {
  return holds(level, 'READONLY');
}
