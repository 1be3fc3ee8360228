'use strict';

const { chmodSync, mkdtempSync, realpathSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { compilePrograms } = require('./compilePrograms');

/** Makes the folder of one run of jest: what its test files make once and share is kept there. */
module.exports = async () => {
  const dir = mkdtempSync(path.join(realpathSync(tmpdir()), 'tickgate-run-'));
  // The embedded PostgreSQL runs as another user where the tests run as root.
  chmodSync(dir, 0o711);
  process.env.TEST_RUN_DIR = dir;
  await compilePrograms(dir);
};
