import { readFileSync } from 'node:fs';

/** The same for every process under one kernel, in a container or not, until it is booted anew; null where there is no such number. */
export function machineId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
