'use strict';

const { execFileSync } = require('node:child_process');
const { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, statfsSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { compilePrograms } = require('./compilePrograms');

const memoryDir = '/dev/shm';
const enoughBytes = 4e9;

/**
 * Makes the folder of one run of jest: what its test files make once and share is kept there, and all that they and their processes write
 * to temporary files. It is removed as a whole, by the next run where this one is killed.
 */
module.exports = async () => {
  const base = isFitForRuns(memoryDir) ? memoryDir : realpathSync(tmpdir());
  for (const name of readdirSync(base)) {
    const pid = /^tickgate-run-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(path.join(base, name), { recursive: true, force: true });
  }
  const dir = mkdtempSync(path.join(base, `tickgate-run-${process.pid}-`));
  // The embedded PostgreSQL runs as another user where the tests run as root.
  chmodSync(dir, 0o711);
  process.env.TEST_RUN_DIR = dir;
  process.env.TMPDIR = dir;
  await compilePrograms(dir);
};

/** Most test files run a PostgreSQL of their own, which writes 60 MB before it is asked anything: that need not wear a disk. */
function isFitForRuns(dir) {
  const probe = path.join(dir, `tickgate-probe-${process.pid}`);
  try {
    const { bavail, bsize } = statfsSync(dir);
    if (bavail * bsize < enoughBytes) return false;
    // Some mount it so that nothing in it may be run.
    writeFileSync(probe, '#!/bin/sh\n', { mode: 0o755 });
    execFileSync(probe);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { force: true });
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
