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
  globalSetup: '<rootDir>/test/kit/makeRunFolder.js',
  globalTeardown: '<rootDir>/test/kit/removeRunFolder.js',
  reporters: ['default', '<rootDir>/test/kit/hangReporter.js', '<rootDir>/test/kit/closingReporter.js'],
  // Two at a time: most suites run a server, a database or a simulated exchange of their own.
  maxWorkers: 2,
  // A worker keeps some of what every suite loaded: by the last of them collecting it would take longer than the tests.
  workerIdleMemoryLimit: '1GB',
  testSequencer: '<rootDir>/test/kit/longestFirst.js',
  testTimeout: 60_000,
};
