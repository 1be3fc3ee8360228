import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 200;

/** Lets one command at a time install and build: a second one, started in another terminal, waits for it. */
export async function withPrepareLock({ projectDir, say }, work) {
  const folder = path.join(projectDir, '.cache');
  const lockFile = path.join(folder, 'prepare.lock');
  mkdirSync(folder, { recursive: true });
  for (let isSaid = false; !take(lockFile); await sleep(pollMs)) {
    const holder = readHolder(lockFile);
    if (holder !== null && !isRunning(holder)) {
      rmSync(lockFile, { force: true });
    } else if (!isSaid) {
      say(`Waiting for another command (process ${holder ?? 'unknown'}) that is installing or building …`);
      isSaid = true;
    }
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
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
