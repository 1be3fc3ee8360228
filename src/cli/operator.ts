import { userInfo } from 'node:os';

/** For the audit log: whoever is signed in on the host. */
export function operatorName(): string {
  try {
    return `operator:${userInfo().username}`;
  } catch {
    // In a container nobody may have that number.
    return `operator:${process.getuid?.() ?? 'unknown'}`;
  }
}
