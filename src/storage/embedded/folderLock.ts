import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { StorageBusyError, codeOf } from '../storageError';
import { isRunning, startMarkOf } from './processIdentity';

interface Holder {
  readonly pid: number;
  readonly startMark: string | null;
}

/** More rounds than processes that could plausibly race for a stale lock. */
const maxAttempts = 20;

/**
 * Takes the lock file for this process, over one that a killed process left behind. Returns what gives it back.
 * Throws StorageBusyError where a process that runs holds it.
 */
export function takeFolderLock(lockFile: string, subject: string): () => void {
  const mine = JSON.stringify({ pid: process.pid, startMark: startMarkOf(process.pid) } satisfies Holder);
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    if (createWhole(lockFile, mine)) {
      return () => {
        releaseLock(lockFile, mine);
      };
    }
    const found = readOrNull(lockFile);
    if (found === null) continue;
    const holder = parseHolder(found);
    if (holder !== null && isHeld(holder)) {
      throw new StorageBusyError(
        `Another Tickgate (process ${holder.pid}) is using ${subject}. Stop it, or give this one a DATA_DIR of its own.`,
      );
    }
    removeStale(lockFile, found);
  }
  throw new StorageBusyError(
    `The lock ${lockFile} changes all the time: several processes are starting there. Try again.`,
  );
}

function isHeld(holder: Holder): boolean {
  return isRunning(holder.pid) && startMarkOf(holder.pid) === holder.startMark;
}

/** The file appears with all of its content or not at all. */
function createWhole(lockFile: string, content: string): boolean {
  const draft = `${lockFile}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Two processes may judge the same lock stale: only what was judged is removed, a new holder's lock is put back. */
function removeStale(lockFile: string, judged: string): void {
  const aside = `${lockFile}.${randomUUID()}`;
  try {
    renameSync(lockFile, aside);
  } catch {
    return; // Someone else has removed it.
  }
  const removed = readOrNull(aside);
  if (removed !== null && removed !== judged) createWhole(lockFile, removed);
  rmSync(aside, { force: true });
}

function releaseLock(lockFile: string, mine: string): void {
  if (readOrNull(lockFile) === mine) rmSync(lockFile, { force: true });
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') return null;
    const startMark = 'startMark' in value && typeof value.startMark === 'string' ? value.startMark : null;
    return { pid: value.pid, startMark };
  } catch {
    return null;
  }
}
