'use strict';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Packages that are ES modules only: Node can require them, jest cannot.
  transform: { '^.+\\.ts$': '@swc/jest', '/node_modules/(@noble|@scure|jose)/.+\\.js$': '@swc/jest' },
  transformIgnorePatterns: ['/node_modules/(?!(@noble|@scure|jose)/)'],
  setupFiles: ['reflect-metadata'],
  // The needs come before the summary, so that jest's own numbers are the last lines.
  reporters: ['<rootDir>/test/kit/needsReporter.js', 'default'],
  // Two at a time: most suites run a server, a database or a simulated exchange of their own.
  maxWorkers: 2,
  testTimeout: 60_000,
};
