'use strict';

const { rmSync } = require('node:fs');

module.exports = () => {
  rmSync(process.env.TEST_RUN_DIR, { recursive: true, force: true });
};
