import { eventually } from '../kit/eventually';
import { connectMarketPath, type MarketPath } from '../kit/marketPath';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { StreamReader } from '../kit/streamReader';

const btc = 'simulator:BTC/USDT';
const everyEvent = { intervalMs: 0, after: null };

/** From losing the source to the word of it. */
const staleWithinMs = 2_500;

type MetaEvent = { readonly meta: { readonly kind: string; readonly reason: string | null } };

function openAll(path: MarketPath, marketId: string) {
  return Promise.all([
    path.streams.tickers({ marketIds: [marketId], ...everyEvent }),
    path.streams.orderBook({ marketId, depth: 20, ...everyEvent }),
    path.streams.trades({ marketIds: [marketId], after: null }),
    path.streams.candles({ marketId, timeframe: 'M1', after: null }),
  ] as const).then((streams) => streams.map((stream) => new StreamReader<MetaEvent>(stream)));
}

const isStale = ({ meta }: MetaEvent): boolean => meta.kind === 'STALE';
const isSnapshot = ({ meta }: MetaEvent): boolean => meta.kind === 'SNAPSHOT';

async function staleDelayMs(reader: StreamReader<MetaEvent>, since: number): Promise<number> {
  const event = await reader.first(isStale);
  return (reader.arrivals[reader.events.indexOf(event)] ?? Infinity) - since;
}

/** One for both protocols; it comes back on the same port where it was killed. */
let simulator: RunningSimulator;
const startAt = (port: number): Promise<RunningSimulator> => startSimulator({ port, args: ['--quiet', 'XRPUSDT'] });

beforeAll(async () => {
  simulator = await startAt(0);
});

afterAll(() => simulator.stop());

describe.each(['binance', 'mexc'] as const)('a source of %s that falls silent', (ccxtId) => {
  let path: MarketPath;

  beforeEach(() => {
    path = connectMarketPath(simulator, { ccxtId });
  });

  afterEach(async () => {
    await path.stop();
    await simulator.control('DELETE', 'faults');
  });

  it('gives STALE on every stream within 2.5 s of a killed exchange, and a SNAPSHOT after its return', async () => {
    const readers = await openAll(path, btc);
    await Promise.all(readers.map((reader) => reader.first(isSnapshot)));
    await simulator.kill();
    const killedAt = Date.now();
    for (const reader of readers) expect(await staleDelayMs(reader, killedAt)).toBeLessThan(staleWithinMs);
    expect(path.feeds.health(btc)).toMatchObject({ stale: true, aliveAt: null });

    simulator = await startAt(simulator.port);
    for (const reader of readers) {
      const staleAt = reader.events.findIndex(isStale);
      await reader.firstFrom(staleAt, isSnapshot);
      // Nothing is an UPDATE of a state that was given up.
      const kinds = reader.events.slice(staleAt).map(({ meta }) => meta.kind);
      expect(kinds.slice(0, 2)).toEqual(['STALE', 'SNAPSHOT']);
    }
    expect(path.feeds.health(btc).stale).toBe(false);
    expect(path.feeds.health(btc).reconnects).toBeGreaterThan(0);
    await Promise.all(readers.map((reader) => reader.stop()));
  });

  it('gives STALE within 2.5 s where the connection is open but nothing answers, and comes back over a new one', async () => {
    const [reader] = await openAll(path, btc);
    // The SNAPSHOT may come from REST, an UPDATE only over the socket.
    await reader!.first(({ meta }) => meta.kind === 'UPDATE');
    const frozenAt = Date.now();
    await simulator.control('POST', 'faults', { kind: 'half-open' });
    expect(await staleDelayMs(reader!, frozenAt)).toBeLessThan(staleWithinMs);
    await reader!.firstFrom(reader!.events.findIndex(isStale), isSnapshot);
    await reader!.stop();
  });

  it('gives STALE and a SNAPSHOT where the exchange closes the socket', async () => {
    const [reader] = await openAll(path, btc);
    // The SNAPSHOT may come from REST, an UPDATE only over the socket.
    await reader!.first(({ meta }) => meta.kind === 'UPDATE');
    await simulator.control('POST', 'faults', { kind: 'drop' });
    const stale = await reader!.first(isStale);
    expect(stale.meta.reason).toBe('SOURCE_DISCONNECTED');
    await reader!.firstFrom(reader!.events.indexOf(stale), isSnapshot);
    await reader!.stop();
  });

  it('does not call a quiet market stale while its connection answers', async () => {
    const readers = await openAll(path, 'simulator:XRP/USDT');
    await Promise.all(readers.map((reader) => reader.first(isSnapshot)));
    const health = () => path.feeds.health('simulator:XRP/USDT');
    // Proven alive three times over the limit of silence, by answers to pings alone.
    const openedAt = Date.now();
    await readers[2]!.first(() => (health().aliveAt ?? 0) > openedAt + 6_000 || health().stale);
    expect(health().stale).toBe(false);
    for (const reader of readers) expect(reader.events.some(isStale)).toBe(false);
    await Promise.all(readers.map((reader) => reader.stop()));
  });

  it('opens with STALE within 2.5 s where the exchange is down, then gives the SNAPSHOT', async () => {
    await simulator.kill();
    const openedAt = Date.now();
    const all = await openAll(path, btc);
    const readers = all.slice(0, 3);
    for (const reader of readers) expect(await staleDelayMs(reader, openedAt)).toBeLessThan(staleWithinMs);
    // A candle event holds a candle, and there is none yet.
    expect(await eventually(() => all[3]!.error)).toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
    expect(Date.now() - openedAt).toBeLessThan(staleWithinMs);
    simulator = await startAt(simulator.port);
    for (const reader of readers) await reader.first(isSnapshot);
    await Promise.all(readers.map((reader) => reader.stop()));
  });
});
