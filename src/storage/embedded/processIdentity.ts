import { readFileSync } from 'node:fs';
import { codeOf } from '../storageError';

/**
 * True while a process with this id runs. One that has ended and waits for its parent to notice does not count:
 * in containers without an init such a one stays for good.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as someone else.
    return codeOf(error) === 'EPERM';
  }
  return statFields(pid)?.[0] !== 'Z';
}

/** Tells a process from a later one with the same id: the time it began, where the system says so (Linux). */
export function startMarkOf(pid: number): string | null {
  return statFields(pid)?.[19] ?? null;
}

/** The words of its command line, where the system says so (Linux). */
export function commandLineOf(pid: number): readonly string[] | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return null;
  }
}

/** Fields of /proc/PID/stat from the state on; the name before it may hold blanks and brackets. */
function statFields(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
