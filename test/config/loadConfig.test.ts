import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from '../../src/config/configError';
import { loadConfig } from '../../src/config/loadConfig';
import { findProjectDir } from '../../src/config/processConfig';
import type { Environment } from '../../src/config/sources';
import { makeTemporaryDir } from '../kit/temporaryDir';

function rsaPem(modulusLength: number): string {
  return generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
}

const strongPem = rsaPem(3072);
const production: Environment = {
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  EXCHANGES: 'binance,mexc',
  DATABASE_URL: 'postgres://app:very-secret@db.internal/tickgate',
  ACCESS_TOKEN_PRIVATE_KEY: strongPem,
};

let projectDir: string;
let remove: () => void;

beforeEach(() => {
  const made = makeTemporaryDir();
  projectDir = made.dir;
  remove = made.remove;
});

afterEach(() => {
  remove();
});

function write(file: string, text: string): string {
  const place = path.join(projectDir, file);
  writeFileSync(place, text);
  return place;
}

function load(environment: Environment) {
  return loadConfig({ environment, projectDir });
}

function problemsOf(environment: Environment): readonly string[] {
  try {
    load(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('defaults', () => {
  it('needs nothing in development', () => {
    const config = load({});
    expect(config).toMatchObject({
      mode: 'development',
      dataDir: path.join(projectDir, 'data'),
      http: { host: '127.0.0.1', port: 4000, corsOrigins: [] },
      metrics: { host: '127.0.0.1', port: 9464 },
      database: { url: null },
      redis: { url: null },
      exchanges: [{ id: 'simulator', ccxtId: 'binance', sandbox: false, restUrl: null, wsUrl: null }],
      access: { publicMarketData: false, operations: 'open', introspection: true },
      tokens: { privateKeyPem: null, ttlS: 600 },
    });
  });

  it('gives a frozen configuration', () => {
    const config = load({});
    expect([config, config.http, config.exchanges, config.exchanges[0]].every(Object.isFrozen)).toBe(true);
  });

  it('counts a blank value as not set', () => {
    expect(load({ PORT: '', DATABASE_URL: ' ' })).toMatchObject({ http: { port: 4000 }, database: { url: null } });
  });
});

describe('sources', () => {
  it('takes the file over the default, .env over the file and the environment over all', () => {
    write('config.development.yaml', 'PORT: 1001\nMETRICS_PORT: 1002\nLOG_LEVEL: debug\n');
    write('.env', 'METRICS_PORT=2002\nLOG_LEVEL=trace\n');
    expect(load({ LOG_LEVEL: 'error' })).toMatchObject({
      http: { port: 1001 },
      metrics: { port: 2002 },
      logLevel: 'error',
    });
  });

  it('reads lists, flags and numbers of YAML as they stand', () => {
    write('config.development.yaml', 'EXCHANGES: [binance, mexc]\nPUBLIC_MARKET_DATA: true\nSIMULATOR_SEED: 7\n');
    const config = load({});
    expect(config.exchanges.map((exchange) => exchange.id)).toEqual(['binance', 'mexc']);
    expect(config).toMatchObject({ access: { publicMarketData: true }, simulator: { seed: 7 } });
  });

  it('reads the file of the mode', () => {
    write('config.production.yaml', 'PORT: 1001\n');
    write('config.development.yaml', 'PORT: 1002\n');
    expect(load(production).http.port).toBe(1001);
    expect(load({}).http.port).toBe(1002);
  });

  it.each(['development', 'production'])('accepts the committed file of %s', (mode) => {
    const environment = mode === 'production' ? production : {};
    expect(loadConfig({ environment, projectDir: findProjectDir() }).mode).toBe(mode);
  });

  it('reads NAME_FILE without the line break at its end', () => {
    const file = write('port', '1234\n');
    expect(load({ PORT_FILE: file }).http.port).toBe(1234);
  });

  it('reads a key with its line breaks from NAME_FILE', () => {
    const file = write('key.pem', strongPem);
    const config = load({ ...production, ACCESS_TOKEN_PRIVATE_KEY: undefined, ACCESS_TOKEN_PRIVATE_KEY_FILE: file });
    expect(config.tokens.privateKeyPem?.reveal()).toBe(strongPem.trimEnd());
  });

  it('reads a key whose line breaks are written out', () => {
    const config = load({ ACCESS_TOKEN_PRIVATE_KEY: strongPem.replaceAll('\n', String.raw`\n`) });
    expect(config.tokens.privateKeyPem?.reveal()).toBe(strongPem);
  });

  it.each([
    ['both NAME and NAME_FILE', { PORT: '1', PORT_FILE: '/etc/hostname' }, ['PORT and PORT_FILE']],
    ['a file that is not there', { PORT_FILE: '/does/not/exist' }, ['PORT_FILE']],
  ])('refuses %s', (_, environment, names) => {
    expect(problemsOf(environment)).toEqual(
      names.map((name): unknown => expect.stringMatching(new RegExp(`^${name}`))),
    );
  });

  it('refuses an empty secret file', () => {
    expect(problemsOf({ DATABASE_URL_FILE: write('empty', '\n') })).toEqual([
      expect.stringMatching(/^DATABASE_URL_FILE/),
    ]);
  });

  it('refuses a secret in the configuration file', () => {
    write('config.development.yaml', 'DATABASE_URL: postgres://a:b@c/d\n');
    expect(problemsOf({})).toEqual([expect.stringMatching(/^DATABASE_URL is a secret/)]);
  });

  it('refuses to let the file choose the mode', () => {
    write('config.development.yaml', 'NODE_ENV: production\n');
    expect(problemsOf({})).toEqual([expect.stringMatching(/^NODE_ENV in config\.development\.yaml/)]);
  });

  it.each(['[1, 2]', 'PORT: {a: 1}', 'PORT: [1, [2]]', 'a: b: c'])('refuses the file content %j', (text) => {
    write('config.development.yaml', text);
    expect(problemsOf({})).not.toEqual([]);
  });
});

describe('unknown names', () => {
  it.each([
    ['EXCHANGE_BINNANCE_REST_URL', 'EXCHANGE_BINANCE_REST_URL'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['EXCHANGE', 'EXCHANGES'],
    ['PUBLIC_MARKETDATA', 'PUBLIC_MARKET_DATA'],
    ['METRICS_PROT', 'METRICS_PORT'],
    ['ACCESS_TOKEN_PRIVATE_KEY_FLIE', 'ACCESS_TOKEN_PRIVATE_KEY_FILE'],
    ['log_levl', 'LOG_LEVEL'],
  ])('stops at %s and proposes %s', (wrong, right) => {
    expect(problemsOf({ [wrong]: 'x' })).toEqual([expect.stringContaining(`Did you mean ${right}?`)]);
  });

  it.each(['EXCHANGE_KRAKEN_REST_URL', 'SIMULATOR_SPEED_OF_LIGHT', 'ACCESS_TOKEN_COLOUR'])(
    'stops at %s, whose beginning is ours',
    (name) => {
      expect(problemsOf({ [name]: 'x' })).toEqual([expect.stringMatching(new RegExp(`^${name} is not a setting`))]);
    },
  );

  it('stops at any unknown name in the file', () => {
    write('config.development.yaml', 'COLOUR: blue\n');
    expect(problemsOf({})).toEqual([expect.stringMatching(/^COLOUR in config\.development\.yaml/)]);
  });

  it('lets the names of other programs be', () => {
    const others = { PATH: '/bin', HOME: '/root', PORTS: '1', HOSTNAME: 'x', npm_config_loglevel: 'silent', LANG: 'C' };
    expect(problemsOf(others)).toEqual([]);
  });
});

describe('bad values', () => {
  it.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '0x10'],
    ['PORT', '1e3'],
    ['PORT', ' 4000'],
    ['METRICS_PORT', '-1'],
    ['NODE_ENV', 'prod'],
    ['LOG_LEVEL', 'loud'],
    ['PUBLIC_MARKET_DATA', 'yes'],
    ['OPERATIONS', 'closed'],
    ['EXCHANGES', 'binance,binance'],
    ['EXCHANGES', 'Binance'],
    ['EXCHANGES', 'binance,,mexc'],
    ['EXCHANGES', '../etc'],
    ['EXCHANGES', 'mexc-testnet'],
    ['EXCHANGE_BINANCE_REST_URL', 'http://127.0.0.1:7000/api'],
    ['EXCHANGE_BINANCE_REST_URL', 'ws://127.0.0.1:7000'],
    ['EXCHANGE_BINANCE_REST_URL', 'http://user:word@127.0.0.1:7000'],
    ['EXCHANGE_BINANCE_WS_URL', 'http://127.0.0.1:7000'],
    ['DATABASE_URL', 'mysql://a:b@c/d'],
    ['DATABASE_URL', 'nonsense'],
    ['REDIS_URL', 'http://localhost'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', 'https://APP.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com:443'],
    ['ACCESS_TOKEN_TTL_S', '0'],
    ['ACCESS_TOKEN_TTL_S', '86400'],
    ['ACCESS_TOKEN_PRIVATE_KEY', 'changeme'],
    ['SIMULATOR_RATE', 'NaN'],
  ])('refuses %s=%s', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} .*must be`))]);
  });

  it('refuses a signing key of 2048 bits', () => {
    expect(problemsOf({ ACCESS_TOKEN_PRIVATE_KEY: rsaPem(2048) })).toEqual([expect.stringContaining('3072')]);
  });

  it('tells every problem at once and exits with 78', () => {
    const error = (() => {
      try {
        return load({ PORT: 'x', LOG_LEVEL: 'x', DATABSE_URL: 'x' });
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toMatchObject({ exitStatus: 78 });
    expect((error as ConfigError).problems).toHaveLength(3);
    expect((error as ConfigError).message.split('\n')).toHaveLength(3);
  });

  it('refuses one port for two servers', () => {
    expect(problemsOf({ PORT: '9464' })).toEqual([expect.stringMatching(/^PORT and METRICS_PORT/)]);
    expect(problemsOf({ PORT: '0', METRICS_PORT: '0' })).toEqual([]);
  });
});

describe('exchanges', () => {
  it('knows the simulator, the testnet and any name of ccxt, each with its addresses', () => {
    const config = load({
      EXCHANGES: 'simulator, binance-testnet,mexc,kraken',
      EXCHANGE_BINANCE_TESTNET_WS_URL: 'wss://stream.testnet.example',
      EXCHANGE_KRAKEN_REST_URL: 'https://kraken.example/',
    });
    expect(config.exchanges).toEqual([
      { id: 'simulator', ccxtId: 'binance', sandbox: false, restUrl: null, wsUrl: null },
      { id: 'binance-testnet', ccxtId: 'binance', sandbox: true, restUrl: null, wsUrl: 'wss://stream.testnet.example' },
      { id: 'mexc', ccxtId: 'mexc', sandbox: false, restUrl: null, wsUrl: null },
      { id: 'kraken', ccxtId: 'kraken', sandbox: false, restUrl: 'https://kraken.example', wsUrl: null },
    ]);
  });
});

describe('production', () => {
  it('starts with everything decided', () => {
    expect(load(production)).toMatchObject({
      mode: 'production',
      http: { host: '0.0.0.0' },
      logLevel: 'info',
      access: { introspection: false, publicMarketData: false },
    });
  });

  it.each(['HOST', 'DATABASE_URL', 'ACCESS_TOKEN_PRIVATE_KEY', 'EXCHANGES'])('refuses to start without %s', (name) => {
    expect(problemsOf({ ...production, [name]: undefined })).toEqual([
      expect.stringMatching(new RegExp(`^${name} is required in production`)),
    ]);
  });

  it('refuses the simulator', () => {
    expect(problemsOf({ ...production, EXCHANGES: 'binance,simulator' })).toEqual([
      expect.stringMatching(/simulator, which production refuses/),
    ]);
  });

  it('refuses an exchange address in plain text, except on loopback', () => {
    const far = { ...production, EXCHANGE_BINANCE_REST_URL: 'http://10.0.0.1:7000' };
    expect(problemsOf(far)).toEqual([expect.stringContaining('is not encrypted')]);
    const near = { ...production, EXCHANGE_BINANCE_REST_URL: 'http://127.0.0.1:7000' };
    expect(problemsOf(near)).toEqual([]);
  });
});

describe('secrets', () => {
  it('shows none of them in text, JSON or the inspector', () => {
    const config = load(production);
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
    const problems = problemsOf({ DATABASE_URL: 'mysql://a:very-secret@c/d', ACCESS_TOKEN_PRIVATE_KEY: 'very-secret' });
    expect(problems).toHaveLength(2);
    expect(problems.join(' ')).not.toContain('very-secret');
  });
});
