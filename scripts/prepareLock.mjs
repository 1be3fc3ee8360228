import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 200;
const signOfLifeMs = 1_000;
/** Whoever holds the lock gives a sign of life every second: one that gave none for so long was killed, or its machine was. */
const silentMs = 15_000;

/** Lets one command at a time install and build: a second one, started in another terminal, waits for it. */
export async function withPrepareLock({ projectDir, say }, work) {
  const folder = path.join(projectDir, '.cache');
  const lockFile = path.join(folder, 'prepare.lock');
  mkdirSync(folder, { recursive: true });
  for (let isSaid = false; !take(lockFile); await sleep(pollMs)) {
    const holder = readHolder(lockFile);
    // A process id alone proves no life: after a while, or a restart of the machine, it is another's.
    if ((holder !== null && !isRunning(holder)) || isSilent(lockFile)) {
      rmSync(lockFile, { force: true });
    } else if (!isSaid) {
      say(`Waiting for another command (process ${holder ?? 'unknown'}) that is installing or building …`);
      isSaid = true;
    }
  }
  const signOfLife = setInterval(() => touch(lockFile), signOfLifeMs);
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(signOfLife);
    process.removeListener('exit', release);
    release();
  }
}

function take(lockFile) {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(lockFile) {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isSilent(lockFile) {
  try {
    return Date.now() - statSync(lockFile).mtimeMs > silentMs;
  } catch {
    // It was released.
    return false;
  }
}

function touch(lockFile) {
  const now = new Date();
  try {
    utimesSync(lockFile, now, now);
  } catch {
    // Removed by somebody: what is under way ends as it would have.
  }
}
