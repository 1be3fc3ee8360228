import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { loadConfig } from '../../src/config/loadConfig';
import { findProjectDir } from '../../src/config/processConfig';
import { limits } from '../../src/security/limits';
import { ProjectFolder, production, strongPem } from './projectFolder';

const project = new ProjectFolder();
const password = randomBytes(24).toString('hex');

describe('defaults', () => {
  it('needs nothing in development', () => {
    const config = project.load({});
    expect(config).toMatchObject({
      mode: 'development',
      dataDir: path.join(project.dir, 'data'),
      http: { host: '127.0.0.1', port: 4000, trustedProxies: [], corsOrigins: [] },
      metrics: { host: '127.0.0.1', port: 9464 },
      database: { url: null },
      redis: { url: null },
      exchanges: [{ id: 'simulator', ccxtId: 'binance', sandbox: false, restUrl: null, wsUrl: null }],
      access: { publicMarketData: false, operations: 'open', introspection: 'true' },
      tokens: { privateKeyPem: null, ttlS: 600, algorithm: 'RS256', keyDays: 30 },
    });
  });

  it('gives a frozen configuration', () => {
    const config = project.load({});
    expect([config, config.http, config.exchanges, config.exchanges[0]].every(Object.isFrozen)).toBe(true);
  });

  it('counts a blank value as not set', () => {
    expect(project.load({ PORT: '', DATABASE_URL: ' ' })).toMatchObject({
      http: { port: 4000 },
      database: { url: null },
    });
  });
});

describe('sources', () => {
  it('takes the file over the default, .env over the file and the environment over all', () => {
    project.write('config.development.yaml', 'PORT: 1001\nMETRICS_PORT: 1002\nLOG_LEVEL: debug\n');
    project.write('.env', 'METRICS_PORT=2002\nLOG_LEVEL=trace\n');
    expect(project.load({ LOG_LEVEL: 'error' })).toMatchObject({
      http: { port: 1001 },
      metrics: { port: 2002 },
      logLevel: 'error',
    });
  });

  it('reads lists, flags and numbers of YAML as they stand', () => {
    project.write(
      'config.development.yaml',
      'EXCHANGES: [binance, mexc]\nPUBLIC_MARKET_DATA: true\nSIMULATOR_SEED: 7\n',
    );
    const config = project.load({});
    expect(config.exchanges.map((exchange) => exchange.id)).toEqual(['binance', 'mexc']);
    expect(config).toMatchObject({ access: { publicMarketData: true }, simulator: { seed: 7 } });
  });

  it('reads the file of the mode', () => {
    project.write('config.production.yaml', 'PORT: 1001\n');
    project.write('config.development.yaml', 'PORT: 1002\n');
    expect(project.load(production).http.port).toBe(1001);
    expect(project.load({}).http.port).toBe(1002);
  });

  it.each(['development', 'production'])('accepts the committed file of %s', (mode) => {
    const environment = mode === 'production' ? production : {};
    expect(loadConfig({ environment, projectDir: findProjectDir() }).mode).toBe(mode);
  });

  it('reads NAME_FILE without the line break at its end', () => {
    const file = project.write('port', '1234\n');
    expect(project.load({ PORT_FILE: file }).http.port).toBe(1234);
  });

  it('reads a key with its line breaks from NAME_FILE', () => {
    const file = project.write('key.pem', strongPem);
    const config = project.load({
      ...production,
      ACCESS_TOKEN_PRIVATE_KEY: undefined,
      ACCESS_TOKEN_PRIVATE_KEY_FILE: file,
    });
    expect(config.tokens.privateKeyPem?.reveal()).toBe(strongPem.trimEnd());
  });

  it('reads a key whose line breaks are written out', () => {
    const config = project.load({ ACCESS_TOKEN_PRIVATE_KEY: strongPem.replaceAll('\n', String.raw`\n`) });
    expect(config.tokens.privateKeyPem?.reveal()).toBe(strongPem);
  });

  it.each([
    ['both NAME and NAME_FILE', { PORT: '1', PORT_FILE: '/etc/hostname' }, ['PORT and PORT_FILE']],
    ['a file that is not there', { PORT_FILE: '/does/not/exist' }, ['PORT_FILE']],
  ])('refuses %s', (_, environment, names) => {
    expect(project.problemsOf(environment)).toEqual(
      names.map((name): unknown => expect.stringMatching(new RegExp(`^${name}`))),
    );
  });

  it('refuses an empty secret file', () => {
    expect(project.problemsOf({ DATABASE_URL_FILE: project.write('empty', '\n') })).toEqual([
      expect.stringMatching(/^DATABASE_URL_FILE/),
    ]);
  });

  it('refuses a secret in the configuration file', () => {
    project.write('config.development.yaml', 'DATABASE_URL: postgres://a:b@c/d\n');
    expect(project.problemsOf({})).toEqual([expect.stringMatching(/^DATABASE_URL is a secret/)]);
  });

  it('refuses to let the file choose the mode', () => {
    project.write('config.development.yaml', 'NODE_ENV: production\n');
    expect(project.problemsOf({})).toEqual([expect.stringMatching(/^NODE_ENV in config\.development\.yaml/)]);
  });

  it.each(['[1, 2]', 'PORT: {a: 1}', 'PORT: [1, [2]]', 'a: b: c'])('refuses the file content %j', (text) => {
    project.write('config.development.yaml', text);
    expect(project.problemsOf({})).not.toEqual([]);
  });
});

describe('exchanges', () => {
  it('knows the simulator, the testnet and any name of ccxt, each with its addresses', () => {
    const config = project.load({
      EXCHANGES: 'simulator, binance-testnet,mexc,kraken',
      EXCHANGE_BINANCE_TESTNET_WS_URL: 'wss://stream.testnet.example',
      EXCHANGE_MEXC_REST_URL: 'http://127.0.0.1:7000/mexc/',
    });
    expect(config.exchanges).toEqual([
      { id: 'simulator', ccxtId: 'binance', sandbox: false, restUrl: null, wsUrl: null },
      { id: 'binance-testnet', ccxtId: 'binance', sandbox: true, restUrl: null, wsUrl: 'wss://stream.testnet.example' },
      { id: 'mexc', ccxtId: 'mexc', sandbox: false, restUrl: 'http://127.0.0.1:7000/mexc', wsUrl: null },
      { id: 'kraken', ccxtId: 'kraken', sandbox: false, restUrl: null, wsUrl: null },
    ]);
  });

  it('refuses an address for an exchange whose addresses it cannot replace, rather than go elsewhere', () => {
    const settings = { EXCHANGES: 'kraken', EXCHANGE_KRAKEN_REST_URL: 'https://kraken.example' };
    expect(project.problemsOf(settings)).toEqual([expect.stringMatching(/^EXCHANGE_KRAKEN_REST_URL/)]);
  });
});

describe('proxies', () => {
  it.each([
    ['none', []],
    ['loopback, 10.1.0.0/24,2001:db8::1', ['loopback', '10.1.0.0/24', '2001:db8::1']],
  ])('are read from %j', (text, expected) => {
    expect(project.load({ ...production, TRUSTED_PROXIES: text }).http.trustedProxies).toEqual(expected);
  });

  it.each([
    '0.0.0.0/0',
    '::/0',
    '128.0.0.0/1',
    '10.0.0.0/33',
    '10.0.0.0/255.0.0.0',
    'nginx',
    'all',
    'none,10.0.0.1',
    ',',
  ])('are not %j: whoever is trusted may be any client', (text) => {
    expect(project.problemsOf({ TRUSTED_PROXIES: text })).toEqual([expect.stringMatching(/^TRUSTED_PROXIES/)]);
  });
});

describe('mail', () => {
  const mailOf = (smtpUrl: string, from = 'tickgate@example.com'): unknown =>
    project.load({ SMTP_URL: smtpUrl, MAIL_FROM: from }).mail;

  it.each([
    ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, tls: 'implicit' }],
    ['smtps://mail.example.com:4465', { port: 4465, tls: 'implicit' }],
    ['smtp://mail.example.com', { port: 587, tls: 'starttls' }],
    ['smtp://10.0.0.1:25/', { host: '10.0.0.1', port: 25, tls: 'starttls' }],
    ['smtp://127.0.0.1.example.com', { tls: 'starttls' }],
    ['smtp://LOCALHOST:25', { tls: 'starttls' }],
    ['smtp://localhost:25', { host: 'localhost', port: 25, tls: 'none' }],
    ['smtp://127.0.0.1', { port: 587, tls: 'none' }],
    ['smtp://[::1]:25', { host: '::1', tls: 'none' }],
    ['smtps://[::1]', { host: '::1', port: 465, tls: 'implicit' }],
  ])('reads %s', (url, smtp) => {
    expect(mailOf(url)).toMatchObject({ smtp: { ...smtp, auth: null } });
  });

  it('reads what is special in user and password, and shows the password nowhere', () => {
    const { mail } = project.load({
      SMTP_URL: 'smtps://tickgate%40example.com:very-secret%3A%2F%40%25@mail.example.com',
      MAIL_FROM: 'Tickgate <tickgate@example.com>',
      PASSWORD_RESET_URL: 'https://app.example.com/reset/',
    });
    expect(mail.smtp?.auth?.user).toBe('tickgate@example.com');
    expect(mail.smtp?.auth?.password.reveal()).toBe('very-secret:/@%');
    expect([JSON.stringify(mail), inspect(mail, { depth: 9, showHidden: true })].join()).not.toContain('very-secret');
    expect(mail.from).toEqual({ name: 'Tickgate', address: 'tickgate@example.com' });
    expect(mail.resetPageUrl).toBe('https://app.example.com/reset');
  });

  it('is not there where nothing is set', () => {
    expect(project.load({}).mail).toEqual({ smtp: null, from: null, resetPageUrl: null });
  });
});

describe('production', () => {
  it('starts with everything decided', () => {
    expect(project.load(production)).toMatchObject({
      mode: 'production',
      http: { host: '0.0.0.0' },
      logLevel: 'info',
      access: { introspection: 'false', publicMarketData: false },
    });
  });

  it.each(['HOST', 'TRUSTED_PROXIES', 'DATABASE_URL', 'CREDENTIAL_KEYS', 'EXCHANGES'])(
    'refuses to start without %s',
    (name) => {
      expect(project.problemsOf({ ...production, [name]: undefined })).toEqual([
        expect.stringMatching(new RegExp(`^${name} is required in production`)),
      ]);
    },
  );

  it('refuses the simulator', () => {
    expect(project.problemsOf({ ...production, EXCHANGES: 'binance,simulator' })).toEqual([
      expect.stringMatching(/simulator, which production refuses/),
    ]);
  });

  it.each(['DATABASE_URL', 'MIGRATION_DATABASE_URL'])(
    'refuses a %s that does not make sure whom it talks to',
    (name) => {
      const refused = [expect.stringMatching(new RegExp(`^${name} does not make sure .*sslmode=verify-full`))];
      const problems = (url: string): readonly string[] => project.problemsOf({ ...production, [name]: url });
      for (const url of [
        `postgres://a:${password}@db.internal/t`,
        `postgres://a:${password}@db.internal/t?sslmode=disable`,
        `postgres://a:${password}@db.internal/t?sslmode=require`,
        `postgres://a:${password}@db.internal/t?sslmode=no-verify`,
        `postgres://a:${password}@db.internal/t?ssl=true`,
        `postgres://a:${password}@db.internal/t?sslmode=verify-full&sslmode=disable`,
        `postgres://a:${password}@127.0.0.1/t?host=db.internal`,
      ]) {
        expect(problems(url)).toEqual(refused);
        expect(problems(url).join()).not.toContain(password);
      }
      for (const url of [
        `postgres://a:${password}@db.internal/t?sslmode=verify-full`,
        `postgres://a:${password}@127.0.0.1/t`,
        `postgres://a:${password}@[::1]/t`,
        `postgres://a:${password}@db.internal/t?host=/run/postgresql`,
      ])
        expect(problems(url)).toEqual([]);
    },
  );

  it('refuses a Redis in plain text, except on loopback', () => {
    const redis = (url: string): readonly string[] => project.problemsOf({ ...production, REDIS_URL: url });
    expect(redis(`redis://a:${password}@cache.internal`)).toEqual([
      expect.stringContaining('REDIS_URL is not encrypted'),
    ]);
    expect([redis(`rediss://a:${password}@cache.internal`), redis('redis://127.0.0.1:6379')]).toEqual([[], []]);
  });

  it('refuses pages in plain text, except on loopback, and a wildcard', () => {
    const pages = (origins: string): readonly string[] => project.problemsOf({ ...production, CORS_ORIGINS: origins });
    expect(pages('https://app.example.com,http://app.example.com')).toEqual([
      expect.stringMatching(/^CORS_ORIGINS names http:\/\/app\.example\.com, /),
    ]);
    expect(pages('*')).toEqual([expect.stringMatching(/^CORS_ORIGINS is "\*".*no "\*"/)]);
    expect(pages('https://app.example.com,http://localhost:3000')).toEqual([]);
  });

  it('refuses to take any certificate for good, whatever the addresses say', () => {
    const unchecked = { ...production, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(project.problemsOf(unchecked)).toEqual([expect.stringMatching(/^NODE_TLS_REJECT_UNAUTHORIZED=0 lets /)]);
    expect(project.problemsOf({ ...unchecked, NODE_TLS_REJECT_UNAUTHORIZED: '1' })).toEqual([]);
    expect(project.problemsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toEqual([]);
  });

  it('refuses introspection that was left on, and takes one that is meant', () => {
    expect(project.problemsOf({ ...production, INTROSPECTION: 'true' })).toEqual([
      expect.stringMatching(/^INTROSPECTION=true is for development: .*INTROSPECTION=always/),
    ]);
    expect(project.load({ ...production, INTROSPECTION: 'always' }).access.introspection).toBe('always');
  });

  it('has nothing to say against the file that comes with it, which spells out what holds without it', () => {
    const { streams, ...without } = project.load(production);
    project.write(
      'config.production.yaml',
      readFileSync(path.join(findProjectDir(), 'config.production.yaml'), 'utf8'),
    );
    const { maxSocketsPerUser, maxSocketsPerAddress, maxOperationsPerSocket, maxMessagesPerMinute } = limits.socket;
    const caps = { maxSocketsPerUser, maxSocketsPerAddress, maxOperationsPerSocket, maxMessagesPerMinute };
    expect(project.load(production)).toEqual({ ...without, streams: { ...streams, caps } });
  });

  it('refuses links to a page in plain text, except on loopback', () => {
    const page = (url: string): readonly string[] => project.problemsOf({ ...production, PASSWORD_RESET_URL: url });
    expect(page('http://app.example.com/reset')).toEqual([
      expect.stringContaining('PASSWORD_RESET_URL is not encrypted'),
    ]);
    expect([page('http://localhost:3000/reset'), page('https://app.example.com/reset')]).toEqual([[], []]);
  });

  it('refuses an exchange address in plain text, except on loopback', () => {
    const far = { ...production, EXCHANGE_BINANCE_REST_URL: 'http://10.0.0.1:7000' };
    expect(project.problemsOf(far)).toEqual([expect.stringContaining('is not encrypted')]);
    const near = { ...production, EXCHANGE_BINANCE_REST_URL: 'http://127.0.0.1:7000' };
    expect(project.problemsOf(near)).toEqual([]);
  });
});

describe('secrets', () => {
  it('shows none of them in text, JSON or the inspector', () => {
    const config = project.load(production);
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      String(config.database.url),
    ];
    for (const text of shown) {
      expect(text).not.toContain('very-secret');
      expect(text).not.toContain('PRIVATE KEY');
    }
    expect(config.database.url?.reveal()).toContain('very-secret');
  });

  it('shows none of them in a problem', () => {
    const problems = project.problemsOf({
      DATABASE_URL: 'mysql://a:very-secret@c/d',
      ACCESS_TOKEN_PRIVATE_KEY: 'very-secret',
    });
    expect(problems).toHaveLength(2);
    expect(problems.join(' ')).not.toContain('very-secret');
  });
});
