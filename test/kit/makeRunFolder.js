'use strict';

const { execFileSync } = require('node:child_process');
const {
  chmodSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  statfsSync,
  writeFileSync,
} = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { compilePrograms } = require('./compilePrograms');

const memoryDir = '/dev/shm';
const enoughBytes = 4e9;
const prefix = 'tickgate-run-';
/** In the folder of a run that goes on, something is made or removed every few seconds. */
const forgottenMs = 6 * 3_600_000;

/**
 * Makes the folder of one run of jest: what its test files make once and share is kept there, and all that they and their processes write
 * to temporary files. It is removed as a whole; where a run is killed, by one that comes hours later.
 */
module.exports = async () => {
  const base = isFitForRuns(memoryDir) ? memoryDir : realpathSync(tmpdir());
  for (const name of readdirSync(base).filter((one) => one.startsWith(prefix))) {
    if (isForgotten(path.join(base, name))) rmSync(path.join(base, name), { recursive: true, force: true });
  }
  const dir = mkdtempSync(path.join(base, prefix));
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

function isForgotten(dir) {
  try {
    return Date.now() - statSync(dir).mtimeMs > forgottenMs;
  } catch {
    // Removed by its own run.
    return false;
  }
}
