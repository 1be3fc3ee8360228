import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { verify as verifyPassword } from '@node-rs/argon2';
import { Decimal } from 'decimal.js';
import { GraphQLError } from 'graphql';
import { Redis } from 'ioredis';
import { sign, verify } from 'jsonwebtoken';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { freePort } from './freePorts';
import { startTestDatabase, type TestDatabase } from './postgres';

/** What nobody outside may read: a host, a password, SQL, a key and a path. */
export const thrownText = `connect ECONNREFUSED 10.0.0.5:5432 hunter2 SELECT * FROM users apiKey=abc at /srv/tickgate/x.js`;

/** What real failures come from: a database, and a port that nobody listens on. */
export class ThrowingHouses {
  private constructor(
    readonly database: TestDatabase,
    readonly client: Client,
    readonly dataSource: DataSource,
    /** Answers with what is neither HTTP nor TLS. */
    private readonly babbler: Server,
    readonly closedPort: number,
  ) {}

  static async open(): Promise<ThrowingHouses> {
    const database = await startTestDatabase();
    const client = new Client({ connectionString: database.superuserUrl });
    await client.connect();
    const dataSource = await new DataSource({ type: 'postgres', url: database.superuserUrl }).initialize();
    const babbler = createServer((socket) => socket.on('error', () => undefined).end('hunter2 10.0.0.5\r\n\r\n'));
    await once(babbler.listen(0, '127.0.0.1'), 'listening');
    return new ThrowingHouses(database, client, dataSource, babbler, await freePort());
  }

  get babblingPort(): number {
    return (this.babbler.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.babbler.close();
    await this.dataSource.destroy();
    await this.client.end();
    await this.database.stop();
  }
}

/** What the work throws. */
async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

type Kind = readonly [name: string, make: (houses: ThrowingHouses) => unknown];

const ofDatabase = (name: string, sql: string): Kind => [
  `PostgreSQL, ${name}`,
  ({ client }) => thrownBy(() => client.query(sql)),
];

/** A connection of its own, which ends with it. */
const ofConnection = (name: string, change: (url: URL) => void, sql = 'SELECT 1'): Kind => [
  `PostgreSQL, ${name}`,
  ({ database }) => {
    const url = new URL(database.superuserUrl);
    change(url);
    const client = new Client({ connectionString: url.href });
    client.on('error', () => undefined);
    return thrownBy(async () => {
      await client.connect();
      await client.query(sql).finally(() => client.end());
    });
  },
];

const user = (id: string, email: string): string =>
  `INSERT INTO users (id, email, password_hash, roles) VALUES (${id}, ${email}, '-', '{VIEWER}')`;

const databaseKinds: readonly Kind[] = [
  ofDatabase(
    'a row that is there already',
    `${user(`gen_random_uuid()`, `'a@example.org'`)}; ${user(`gen_random_uuid()`, `'a@example.org'`)}`,
  ),
  ofDatabase('a CHECK', user('gen_random_uuid()', `repeat('x', 5000)`)),
  ofDatabase('a value that is missing', user('gen_random_uuid()', 'NULL')),
  ofDatabase(
    'a row that another needs',
    `INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at)
       VALUES (gen_random_uuid(), gen_random_uuid(), now(), now(), now())`,
  ),
  ofDatabase('syntax', `SELECT 'hunter2' FORM users`),
  ofDatabase('a table that is not there', 'SELECT hunter2 FROM api_secrets'),
  ofDatabase('a column that is not there', 'SELECT hunter2 FROM users'),
  ofDatabase('a value that does not fit', `SELECT 'hunter2'::uuid`),
  ofDatabase('a time that is over', `SET LOCAL statement_timeout = 20; SELECT pg_sleep(30)`),
  ofConnection('nobody there', (url) => (url.port = '9')),
  ofConnection('a wrong password', (url) => (url.password = 'hunter2')),
  ofConnection('a database that is not there', (url) => (url.pathname = '/hunter2')),
  ofConnection('an administrator ends it', () => undefined, 'SELECT pg_terminate_backend(pg_backend_pid())'),
  [
    'typeorm, a failed statement with its parameters',
    ({ dataSource }) => thrownBy(() => dataSource.query('SELECT $1::uuid FROM users', ['hunter2'])),
  ],
];

interface Ccxt {
  readonly binance: new (settings: object) => { fetchTime(): Promise<unknown> };
  readonly [name: string]: new (message: never) => unknown;
}

const ccxt = (): Ccxt => createRequire(__filename)('ccxt') as Ccxt;

/** What an exchange says, as ccxt tells it: with the name of the exchange, and what was asked. */
const exchangeKinds: readonly Kind[] = [
  ...[
    ...['AuthenticationError', 'PermissionDenied', 'InsufficientFunds', 'InvalidOrder', 'OrderNotFound', 'BadSymbol'],
    ...[
      'RateLimitExceeded',
      'DDoSProtection',
      'ExchangeNotAvailable',
      'RequestTimeout',
      'OnMaintenance',
      'NullResponse',
    ],
  ].map((name): Kind => [
    `ccxt, ${name}`,
    () => {
      const said = `binance GET https://10.0.0.5/api/v3/order?signature=abc&apiKey=abc {"code":-2015,"msg":"hunter2"}`;
      return new (ccxt()[name]!)(said as never);
    },
  ]),
  [
    'ccxt, an exchange that does not answer',
    ({ closedPort }) => {
      const api = `http://127.0.0.1:${closedPort}/hunter2`;
      const exchange = new (ccxt().binance)({ urls: { api: { public: api, private: api } }, timeout: 2_000 });
      return thrownBy(() => exchange.fetchTime());
    },
  ],
];

const endless = (depth: number): number => endless(depth + 1) + 1;

const systemKinds: readonly Kind[] = [
  ['a file that is not there', () => thrownBy(() => readFileSync('/srv/tickgate/hunter2.pem'))],
  ['a file where a folder should be', () => thrownBy(() => readdirSync(__filename))],
  ['a program that is not there', () => thrownBy(() => once(spawn('/srv/tickgate/hunter2'), 'spawn'))],
  [
    'a port that nobody listens on',
    ({ closedPort }) => thrownBy(() => once(connect(closedPort, '127.0.0.1'), 'connect')),
  ],
  [
    'a host whose addresses are all closed',
    ({ closedPort }) =>
      thrownBy(() =>
        once(
          connect({
            port: closedPort,
            host: 'db.internal.invalid',
            autoSelectFamily: true,
            lookup: (_host, _options, done) => {
              (done as unknown as (error: null, found: readonly object[]) => void)(null, [
                { address: '127.0.0.1', family: 4 },
                { address: '::1', family: 6 },
              ]);
            },
          }),
          'connect',
        ),
      ),
  ],
  ['fetch, with its cause', ({ closedPort }) => thrownBy(() => fetch(`http://127.0.0.1:${closedPort}/?key=hunter2`))],
  [
    'a server that does not speak TLS',
    ({ babblingPort }) => thrownBy(() => once(connectSecurely(babblingPort, '127.0.0.1'), 'secureConnect')),
  ],
  [
    'a time that is over',
    () =>
      thrownBy(() => {
        AbortSignal.abort(new DOMException(thrownText, 'TimeoutError')).throwIfAborted();
      }),
  ],
  ['a stack that is used up', () => thrownBy(() => endless(0))],
  ['JSON that is none', () => thrownBy(() => JSON.parse('{"apiKey":hunter2}') as unknown)],
  ['a URL that is none', () => thrownBy(() => new URL('postgres://tickgate:hunter2@[10.0.0.5'))],
  ['a number beyond its buffer', () => thrownBy(() => Buffer.alloc(1).readUInt32BE(0))],
];

const libraryKinds: readonly Kind[] = [
  ['zod', () => thrownBy(() => z.object({ apiKey: z.literal('hunter2') }).parse({ apiKey: 'abc' }))],
  ['jsonwebtoken, a token that is none', () => thrownBy(() => verify('hunter2', 'abc'))],
  [
    'jsonwebtoken, a token that has expired',
    () =>
      thrownBy(() =>
        verify(sign({ sub: 'hunter2', exp: 1 }, 'a secret of this test alone'), 'a secret of this test alone'),
      ),
  ],
  ['argon2, a hash that is none', () => thrownBy(() => verifyPassword('hunter2', 'hunter2'))],
  ['decimal.js', () => thrownBy(() => new Decimal('hunter2'))],
  [
    'ioredis, nobody there',
    ({ closedPort }) => {
      const redis = new Redis({ port: closedPort, maxRetriesPerRequest: 0, retryStrategy: () => null });
      redis.on('error', () => undefined);
      return thrownBy(() => redis.get('hunter2'));
    },
  ],
  ['a GraphQLError around another', () => new GraphQLError(thrownText, { originalError: new Error(thrownText) })],
  [
    'a GraphQLError with a code of nobody',
    () => new GraphQLError(thrownText, { extensions: { code: 'DATABASE', thrownText } }),
  ],
];

const circle = new Error(thrownText);
circle.cause = new AggregateError([circle], thrownText, { cause: circle });

const otherKinds: readonly Kind[] = [
  ['an Error', () => new Error(thrownText)],
  ['a TypeError', () => new TypeError(thrownText)],
  ['an AggregateError', () => new AggregateError([new Error(thrownText)], thrownText)],
  ['causes behind causes', () => new Error('one', { cause: new Error('two', { cause: new Error(thrownText) }) })],
  ['causes in a circle', () => circle],
  ['an error with a code of ours that is not ours', () => Object.assign(new Error(thrownText), { code: 'FORBIDDEN' })],
  [
    'an error with extensions',
    () => Object.assign(new Error(thrownText), { extensions: { code: 'DATABASE', stacktrace: [thrownText] } }),
  ],
  ['an error that nobody may change', () => Object.freeze(new Error(thrownText))],
  ['text', () => thrownText],
  ['no text', () => ''],
  [
    'an object',
    () => ({ message: thrownText, stack: thrownText, code: 'FORBIDDEN', extensions: { code: 'FORBIDDEN' } }),
  ],
  ['a list', () => [thrownText]],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a number', () => 5432],
  ['a symbol', () => Symbol(thrownText)],
  ['a function', () => () => thrownText],
];

/** What could be thrown somewhere inside, most of it caused and not made up. */
export const thrownKinds: readonly Kind[] = [
  ...databaseKinds,
  ...exchangeKinds,
  ...systemKinds,
  ...libraryKinds,
  ...otherKinds,
];
