import type { Client } from 'graphql-ws';
import { print } from 'graphql';
import {
  CandlesDocument,
  MarketDocument,
  MarketsDocument,
  TickersDocument,
  type CandlesQuery,
  type MarketQuery,
  type MarketsQuery,
  type TickersSubscription,
} from '../../src/graphql/operations.generated';
import { roles } from '../../src/identity/principal';
import { compareDecimals } from '../../src/domain/compareDecimals';
import type { DecimalString } from '../../src/domain/decimal';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';
import { eventually } from '../kit/eventually';

const btc = 'simulator:BTC/USDT';
type TickerEvent = TickersSubscription['tickers'];

let simulator: RunningSimulator;
let server: RunningTickgate;

beforeAll(async () => {
  simulator = await startSimulator({ args: ['--quiet', 'XRPUSDT'] });
  server = await RunningTickgate.start('simulator', simulator);
});

afterAll(async () => {
  await server.stop();
  await simulator.stop();
});

async function* tickers(client: Client, markets: readonly string[], intervalMs = 0): AsyncGenerator<TickerEvent> {
  for await (const { data, errors } of client.iterate<TickersSubscription>({
    query: print(TickersDocument),
    variables: { markets, intervalMs },
  })) {
    if (data == null) throw new Error(JSON.stringify(errors));
    yield data.tickers;
  }
}

async function nextOfKind(
  events: AsyncGenerator<TickerEvent>,
  kind: TickerEvent['meta']['kind'],
): Promise<TickerEvent> {
  for (;;) {
    const step = await events.next();
    if (step.done === true) throw new Error(`the stream ended before ${kind}`);
    const event = step.value;
    if (event.meta.kind === kind) return event;
  }
}

describe('the whole server, from the login to live prices', () => {
  it('signs in a demo user of every role, and nobody with a wrong password', async () => {
    for (const role of roles) {
      const { data } = await server.post<{ me: { roles: string[] } }>('{ me { roles } }', {
        authorization: await server.signIn(role),
      });
      expect(data).toEqual({ me: { roles: [role] } });
    }
  });

  it('lists the markets of the exchange', async () => {
    const authorization = await server.signIn('VIEWER');
    const { data } = await server.post<MarketsQuery>(MarketsDocument, { authorization });
    expect(data?.markets?.length).toBeGreaterThanOrEqual(6);
    expect(data?.markets?.find(({ id }) => id === btc)).toMatchObject({
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      type: 'SPOT',
      active: true,
    });
  });

  it('answers prices, books, trades and candles that agree with each other', async () => {
    const authorization = await server.signIn('ANALYST');
    const query = `{
      ticker(market: "${btc}") { last bid ask high low }
      orderBook(market: "${btc}", depth: 5) { bids { price amount } asks { price amount } nonce }
      trades(market: "${btc}", first: 10) { id price side }
    }`;
    interface Level {
      readonly price: DecimalString;
    }
    const { data } = await server.post<{
      ticker: { last: DecimalString; bid: DecimalString; ask: DecimalString; high: DecimalString; low: DecimalString };
      orderBook: { bids: Level[]; asks: Level[]; nonce: string };
      trades: { id: string }[];
    }>(query, { authorization });
    const { ticker, orderBook, trades } = data!;
    expect(compareDecimals(ticker.bid, ticker.ask)).toBeLessThan(0);
    expect(compareDecimals(ticker.low, ticker.high)).toBeLessThan(0);
    expect([orderBook.bids.length, orderBook.asks.length]).toEqual([5, 5]);
    expect(compareDecimals(orderBook.bids[0]!.price, orderBook.asks[0]!.price)).toBeLessThan(0);
    expect(trades).toHaveLength(10);
    const candles = await server.post<CandlesQuery>(CandlesDocument, {
      authorization,
      variables: { market: btc, timeframe: 'M1', first: 100 },
    });
    const times = candles.data!.candles!.map(({ openTime }) => Date.parse(openTime));
    expect(times).toHaveLength(100);
    expect(times.slice(1).every((time, index) => time - times[index]! === 60_000)).toBe(true);
  });

  it.each([
    ['MARKET_NOT_FOUND', '{ ticker(market: "simulator:NO/SUCH") { last } }'],
    ['MARKET_NOT_FOUND', '{ ticker(market: "elsewhere:BTC/USDT") { last } }'],
    ['BAD_USER_INPUT', `{ orderBook(market: "${btc}", depth: 501) { nonce } }`],
    ['BAD_USER_INPUT', `{ trades(market: "${btc}", first: 0) { id } }`],
    ['BAD_USER_INPUT', '{ tickers(markets: []) { last } }'],
    ['BAD_USER_INPUT', `{ tickers(markets: ["${btc}", "${btc}"]) { last } }`],
  ])('refuses with %s: %s', async (code, query) => {
    const { errors } = await server.post(query, { authorization: await server.signIn('TRADER') });
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual([code]);
  });

  it('gives a market that is not there as null', async () => {
    const authorization = await server.signIn('VIEWER');
    const { data } = await server.post<MarketQuery>(MarketDocument, {
      authorization,
      variables: { id: 'simulator:NO/SUCH' },
    });
    expect(data).toEqual({ market: null });
  });

  it('opens a stream with a SNAPSHOT of every market, with bid and ask, and goes on live', async () => {
    const client = await server.client('TRADER');
    const events = tickers(client, [btc, 'simulator:ETH/USDT']);
    const snapshot = await nextOfKind(events, 'SNAPSHOT');
    expect(snapshot.tickers.map(({ marketId }) => marketId)).toEqual([btc, 'simulator:ETH/USDT']);
    expect(snapshot.tickers.every(({ last, bid, ask }) => last !== null && bid !== null && ask !== null)).toBe(true);
    const update = await nextOfKind(events, 'UPDATE');
    expect(BigInt(update.meta.seq)).toBeGreaterThan(BigInt(snapshot.meta.seq));
    await client.dispose();
  });

  it('refuses a stream of a market that is not there', async () => {
    const client = await server.client('TRADER');
    const failure = await tickers(client, ['simulator:NO/SUCH'])
      .next()
      .catch((error: unknown) => error);
    expect(JSON.stringify(failure)).toContain('"code":"MARKET_NOT_FOUND"');
    await client.dispose();
  });

  it('costs one upstream stream for 1,000 readers of a market, and none within 5 s of the last one leaving', async () => {
    await eventually(async () => Object.keys((await simulator.state()).streams).length === 0);
    const clients = (
      await Promise.all(roles.map(async (role) => Promise.all(Array.from({ length: 4 }, () => server.client(role)))))
    ).flat();
    const readers = clients.flatMap((client) => Array.from({ length: 50 }, () => tickers(client, [btc], 1_000)));
    expect(readers).toHaveLength(1_000);
    const first = await Promise.all(readers.map((reader) => reader.next()));
    expect(new Set(first.map(({ value }) => (value as TickerEvent).meta.kind))).toEqual(new Set(['SNAPSHOT']));
    expect((await simulator.state()).streams).toEqual({ 'btcusdt@ticker': 1, 'btcusdt@bookTicker': 1 });
    expect(await server.metric('tickgate_feeds_open')).toBe(1);
    await Promise.all(clients.map(async (client) => client.dispose()));
    await eventually(async () => Object.keys((await simulator.state()).streams).length === 0, { timeoutMs: 5_000 });
    expect(await server.metric('tickgate_feeds_open')).toBe(0);
  });

  it('leaves a quiet market alone: nothing is stale while its stream is alive', async () => {
    const client = await server.client('VIEWER');
    const quiet = tickers(client, ['simulator:XRP/USDT']);
    await nextOfKind(quiet, 'SNAPSHOT');
    const next = quiet.next().then(({ value }) => (value as TickerEvent | undefined)?.meta.kind ?? 'ended');
    // Another market's events pass the time: four of its seconds without a word from the quiet one.
    const busy = tickers(await server.client('VIEWER'), [btc]);
    const end = Date.now() + 4_000;
    while (Date.now() < end) await busy.next();
    expect(await Promise.race([next, Promise.resolve('silent')])).not.toBe('STALE');
    const authorization = await server.signIn('VIEWER');
    const { data } = await server.post<MarketQuery>(MarketDocument, {
      authorization,
      variables: { id: 'simulator:XRP/USDT' },
    });
    expect(data?.market?.feed.stale).toBe(false);
    await client.dispose();
  });

  it('says STALE within 2.5 s when the exchange dies, stays up, and gives a SNAPSHOT when it is back', async () => {
    const client = await server.client('TRADER');
    const events = tickers(client, [btc]);
    await nextOfKind(events, 'SNAPSHOT');
    const killedAt = Date.now();
    await simulator.kill();
    const stale = await nextOfKind(events, 'STALE');
    expect(Date.now() - killedAt).toBeLessThan(2_500);
    expect(stale.meta.reason).not.toBeNull();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const { port } = simulator;
    simulator = await startSimulator({ port, args: ['--quiet', 'XRPUSDT'] });
    const back = await nextOfKind(events, 'SNAPSHOT');
    expect(back.tickers[0]?.bid).not.toBeNull();
    expect(await server.metric('tickgate_feed_reconnects_total')).toBeGreaterThan(0);
    await client.dispose();
  });
});
