import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { binanceDifferences } from '../../src/exchanges/binance/binanceDifferences';
import type { CcxtExchange } from '../../src/exchanges/ccxtTypes';
import { ConnectionTap } from '../../src/exchanges/connectionTap';
import { createCcxtExchange } from '../../src/exchanges/createCcxtExchange';
import type { ExchangeDifferences } from '../../src/exchanges/exchangeDifferences';
import type { ExchangeSettings } from '../../src/exchanges/exchangeSettings';
import { genericDifferences } from '../../src/exchanges/genericDifferences';
import { loadCcxt } from '../../src/exchanges/loadCcxt';
import { mexcDifferences } from '../../src/exchanges/mexc/mexcDifferences';

interface CcxtState extends CcxtExchange {
  readonly number: unknown;
  readonly enableRateLimit: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly streaming: Readonly<Record<string, unknown>>;
  readonly urls: {
    readonly api: { readonly public: string; readonly ws: { readonly spot: string }; readonly spot: unknown };
  };
}

const listener = {
  clock: Date.now,
  onConnected: jest.fn(),
  onRateLimited: jest.fn(),
  onSendFailed: jest.fn(),
  onLog: jest.fn(),
};
const binance: ExchangeSettings = { id: 'binance', ccxtId: 'binance', sandbox: false, restUrl: null, wsUrl: null };

function create(settings: ExchangeSettings, differences: ExchangeDifferences): CcxtState {
  const tap = new ConnectionTap(listener);
  return createCcxtExchange({ ccxt: loadCcxt(), settings, differences, tap }) as CcxtState;
}

describe('the ccxt object of an exchange', () => {
  it('gives decimals as text, keeps the rate limit, corrects the clock, and repeats nothing by itself', () => {
    const exchange = create(binance, binanceDifferences);
    expect(exchange.number).toBe(String);
    expect(exchange.enableRateLimit).toBe(true);
    expect(exchange.maxRetriesOnFailure).toBe(0);
    expect(exchange.options).toMatchObject({ adjustForTimeDifference: true, recvWindow: 5_000, defaultType: 'spot' });
    expect(exchange.streaming).toMatchObject({ keepAlive: 1_000, maxPingPongMisses: 2 });
  });

  it('is not made where an option would let ccxt repeat a failed order', () => {
    const repeating = { ...binanceDifferences, options: () => ({ maxRetriesOnFailure: 3 }) };
    expect(() => create(binance, repeating)).toThrow('repeat');
  });

  it("goes to the exchange's testnet in sandbox mode", () => {
    const { urls } = create({ ...binance, sandbox: true }, binanceDifferences);
    expect(urls.api.public).toContain('testnet');
    expect(urls.api.ws.spot).toContain('testnet');
  });

  it('goes to the addresses of the configuration, the socket by a path that ccxt reads as spot', () => {
    const { urls } = create(
      { ...binance, restUrl: 'http://127.0.0.1:1', wsUrl: 'ws://127.0.0.1:2' },
      binanceDifferences,
    );
    expect(urls.api.public).toBe('http://127.0.0.1:1/api/v3');
    expect(urls.api.ws.spot).toBe('ws://127.0.0.1:2/stream');
    const mexc = create(
      { ...binance, ccxtId: 'mexc', restUrl: 'http://127.0.0.1:1', wsUrl: 'ws://127.0.0.1:2' },
      mexcDifferences,
    );
    expect(mexc.urls.api.spot).toEqual({ public: 'http://127.0.0.1:1', private: 'http://127.0.0.1:1' });
    expect(mexc.urls.api.ws.spot).toBe('ws://127.0.0.1:2/ws');
  });

  it('asks MEXC for the snapshot of a book with the first change, not the 25th', () => {
    const { options } = create({ ...binance, ccxtId: 'mexc' }, mexcDifferences);
    expect(options.watchOrderBook).toMatchObject({ snapshotDelay: 0 });
  });

  it('can be any exchange of ccxt.pro, and no other', () => {
    expect(create({ ...binance, ccxtId: 'kraken' }, genericDifferences).maxRetriesOnFailure).toBe(0);
    expect(() => create({ ...binance, ccxtId: 'nasdaq' }, genericDifferences)).toThrow(RangeError);
  });
});

describe('the firewall', () => {
  const listed = [
    ...readFileSync(resolve(__dirname, '../../docker/egress.txt'), 'utf8').matchAll(/^https (\S+)$/gm),
  ].map(([, name = '']) => name);

  // What a setting of its own would lead elsewhere is what is in use.
  it.each([
    ['binance', false, binanceDifferences, []],
    // Its swaps are closed to ccxt, and it has no transfers.
    ['binance', true, binanceDifferences, ['sapi', 'fapi', 'ws.future']],
    ['mexc', false, mexcDifferences, []],
  ] as const)(
    'lets the server out to every address of %s (testnet: %s), by port 443',
    (ccxtId, sandbox, of, closed) => {
      const settings = { ...binance, ccxtId, sandbox };
      const { urls } = of.options({ ...settings, restUrl: 'http://r', wsUrl: 'ws://w' }) as Pick<CcxtState, 'urls'>;
      const all = new Map(leavesOf(create(settings, of).urls.api));
      const used = leavesOf(urls.api)
        .map(([key]) => key)
        .filter((key) => !closed.some((prefix) => key.startsWith(prefix)));
      expect(used.length).toBeGreaterThanOrEqual(3);
      const places = used.map((key) => new URL(all.get(key) ?? `missing:${key}`));
      expect(places.filter(({ hostname, port }) => !listed.includes(hostname) || port !== '').map(String)).toEqual([]);
      expect(places.filter(({ protocol }) => !['https:', 'wss:'].includes(protocol)).map(String)).toEqual([]);
    },
  );
});

/** The texts of a tree, each by the way to it: "ws.spot". */
function leavesOf(tree: object, prefix = ''): readonly (readonly [key: string, value: string])[] {
  return Object.entries(tree).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null
      ? leavesOf(value, `${prefix}${name}.`)
      : [[`${prefix}${name}`, String(value)] as const],
  );
}

describe('ccxt', () => {
  it('is not loaded by building the exchanges, only by using one', async () => {
    const program = `
      const { createExchangeRegistry } = require('./src/exchanges/exchangeRegistry');
      const loaded = () => Object.keys(require.cache).some((file) => file.includes('/node_modules/ccxt/'));
      const settings = [{ id: 'binance', ccxtId: 'binance', sandbox: false, restUrl: 'http://127.0.0.1:1', wsUrl: 'ws://127.0.0.1:1' }];
      const { createLogger } = require('./src/telemetry/logger');
      const { createMetrics } = require('./src/telemetry/metrics');
      const registry = createExchangeRegistry({ settings, clock: Date.now, random: Math.random, logger: createLogger('silent'), metrics: createMetrics() });
      const before = loaded();
      registry.find('binance').loadMarkets().catch(() => console.log(JSON.stringify([before, loaded()])));
    `;
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ['--require', '@swc-node/register', '--eval', program], {
      cwd: resolve(__dirname, '../..'),
    });
    expect(JSON.parse(stdout)).toEqual([false, true]);
  });
});
