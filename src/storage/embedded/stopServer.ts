import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StorageError, codeOf } from '../storageError';
import type { Binaries } from './binaries';
import type { Place } from './place';
import { commandLineOf, isRunning } from './processIdentity';

const pollMs = 20;
/** How long a fast shutdown may take to write everything out before the immediate one, which recovers at the next start. */
const fastStopMs = 20_000;
const immediateStopMs = 10_000;

/** Stops a server by its process id: sessions are ended, everything is written out. Throws StorageError where it will not end. */
export async function stopServer(
  pid: number,
  parts: { readonly place: Place; readonly binaries: Binaries },
): Promise<void> {
  askToStop(pid, 'SIGINT', parts);
  if (await hasEnded(pid, fastStopMs)) return;
  askToStop(pid, 'SIGQUIT', parts);
  if (await hasEnded(pid, immediateStopMs)) return;
  throw new StorageError(
    `The PostgreSQL in ${parts.place.clusterDir} (process ${pid}) does not stop. End it, then start again.`,
  );
}

/**
 * Ends the server that a killed run left behind in this cluster, and clears the mark of one that is gone.
 * The caller holds the folder's lock, so no other Tickgate is using that server.
 */
export async function stopOrphan(parts: {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly onProgress: (message: string) => void;
}): Promise<void> {
  const { clusterDir } = parts.place;
  const markFile = path.join(clusterDir, 'postmaster.pid');
  const pid = readPid(markFile);
  if (pid === null) return;
  if (isRunning(pid) && isServerOf(pid, clusterDir)) {
    parts.onProgress(`stopping the database that an earlier run left behind (process ${pid})`);
    await stopServer(pid, parts);
  }
  // Its process id may belong to someone else by now, and then PostgreSQL would refuse to start.
  rmSync(markFile, { force: true });
}

function readPid(markFile: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(markFile, 'utf8').split('\n')[0] ?? '', 10);
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

/** Where the system does not tell command lines, a running process is taken for the server: better to wait for it than to start a second one. */
function isServerOf(pid: number, clusterDir: string): boolean {
  const words = commandLineOf(pid);
  return words === null || words.includes(clusterDir);
}

function askToStop(
  pid: number,
  signal: 'SIGINT' | 'SIGQUIT',
  parts: { readonly place: Place; readonly binaries: Binaries },
): void {
  if (process.platform === 'win32') {
    // There are no such signals there: pg_ctl has its own way to the server.
    const mode = signal === 'SIGINT' ? 'fast' : 'immediate';
    spawnSync(parts.binaries.pgCtl, ['stop', '--no-wait', `--pgdata=${parts.place.clusterDir}`, `--mode=${mode}`], {
      windowsHide: true,
    });
    return;
  }
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}
