import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { orderBookTopic, tickerTopic } from '../../src/bus/marketTopics';
import { toMarketId } from '../../src/domain/market';
import type { PriceLevel } from '../../src/domain/marketData';
import type { Channel } from '../../src/exchanges/exchangePort';
import { ExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import { Example } from '../kit/example';
import { eventually } from '../kit/eventually';
import { FakeExchange, makeBook, makeTicker, type FakeUpstream } from '../kit/fakeExchange';
import { startMarketPath, type MarketPath } from '../kit/marketPath';
import { TcpRelay } from '../kit/tcpRelay';
import { TestServer } from '../kit/testServer';

const symbols = ['BTC/USDT', 'ETH/USDT'] as const;
const markets = symbols.map((symbol) => toMarketId('simulator', symbol));
const depth = 20;
const maxEvents = 60;

describe('docs/examples/livePrices.mjs', () => {
  let exchange: FakeExchange;
  let path: MarketPath;
  let server: TestServer;
  let tokens: Server;
  let relay: TcpRelay;
  let round: number;
  /** Between the bids and the asks of the book. */
  let middle: number;
  let examples: Example[];

  async function start(tokenTtlS: number): Promise<void> {
    round = 0;
    middle = 1_000;
    examples = [];
    exchange = new FakeExchange('simulator', symbols);
    path = startMarketPath(new ExchangeRegistry([exchange]));
    server = await TestServer.start({ marketStreams: path.streams, tokenTtlS });
    relay = await TcpRelay.start(server.running.port);
    const userId = randomUUID();
    tokens = createServer((_request, response) => {
      response.end(server.tokens.issue({ userId, roles: ['VIEWER'] }).accessToken);
    }).listen(0, '127.0.0.1');
    await once(tokens, 'listening');
  }

  afterEach(async () => {
    for (const example of examples) await example.stop();
    tokens.close();
    await relay.stop();
    await server.stop();
    await path.stop();
  });

  function run(...args: readonly string[]): Example {
    const example = new Example('livePrices.mjs', [...args, ...markets]);
    examples.push(example);
    return example;
  }

  /** With tokens of one user, as many as it wants. */
  function runSignedIn(port: number, ...args: readonly string[]): Example {
    const tokenUrl = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}`;
    const script = `fetch('${tokenUrl}').then((answer) => answer.text()).then(console.log)`;
    const command = `"${process.execPath}" -e "${script}"`;
    return run('--url', `ws://127.0.0.1:${port}/graphql`, '--token-command', command, ...args);
  }

  /** It is opened when the first reader has come. */
  function upstream(kind: Channel['kind'], symbol: string): Promise<FakeUpstream> {
    return eventually(() => {
      const { upstreams } = exchange;
      const found = upstreams.find(
        ({ isClosed, request }) => !isClosed && request.channel.kind === kind && request.symbol === symbol,
      );
      // Alive for as long as the test.
      if (found !== undefined) found.alive = Number.MAX_SAFE_INTEGER;
      return found;
    });
  }

  async function tellTicker(symbol: string): Promise<string> {
    const ticker = makeTicker('simulator', { symbol, last: String(round) });
    (await upstream('ticker', symbol)).tell({ type: 'ticker', ticker });
    return `${ticker.marketId} ${round}`;
  }

  /** Some levels come, some go, and all others change. */
  async function tellBook(): Promise<string> {
    const offsets = Array.from({ length: depth + 5 }, (_, index) => index).filter((index) => index % 5 !== round % 5);
    const bids = offsets.map((offset) => [String(middle - offset), String(round + offset)] as const);
    const asks = offsets.map((offset) => [String(middle + 1 + offset), String(round + offset)] as const);
    const book = makeBook('simulator', { bids, asks, nonce: String(round) });
    (await upstream('orderBook', 'BTC/USDT')).tell({ type: 'orderBook', book });
    return `nonce ${round}`;
  }

  /** A new price of each market, then a new book, and each time in the words of the example. */
  async function* tellRound(): AsyncGenerator<string> {
    round += 1;
    yield tellTicker('BTC/USDT');
    yield tellTicker('ETH/USDT');
    yield tellBook();
  }

  /** Tells everything once, without waiting for the example. */
  async function tellAll(): Promise<readonly string[]> {
    const told: string[] = [];
    for await (const words of tellRound()) told.push(words);
    return told;
  }

  /**
   * Goes on round by round until then; nothing is told before the example has what was told last. Gives what was true then: once nobody
   * listens, the server forgets it within a second.
   */
  async function tellUntil(example: Example, isEnough: () => boolean): Promise<unknown> {
    // An opening SNAPSHOT comes when all markets have said something.
    for (const words of await tellAll()) await example.says(words);
    for (;;) {
      for await (const words of tellRound()) {
        await example.says(words);
        if (isEnough() || example.hasEnded) return serverState();
      }
    }
  }

  /** What the streams are made of, in the example's words. */
  function serverState(): unknown {
    const tickers = markets.map((market) => {
      const message = path.bus.last(tickerTopic(market));
      return [market, message?.kind === 'data' ? message.data.last : null];
    });
    const message = path.bus.last(orderBookTopic(markets[0]!));
    if (message?.kind !== 'data') throw new Error('there is no book');
    const side = (levels: readonly PriceLevel[]): unknown =>
      Object.fromEntries(levels.slice(0, depth).map(({ price, amount }) => [price, amount]));
    return {
      tickers: Object.fromEntries(tickers) as unknown,
      book: { bids: side(message.data.bids), asks: side(message.data.asks) },
    };
  }

  function stateOf(example: Example): unknown {
    const { tickers, book } = example.json('state') as {
      readonly tickers: Record<string, { readonly last: string }>;
      readonly book: unknown;
    };
    const prices = Object.entries(tickers).map(([market, { last }]) => [market, last]);
    return { tickers: Object.fromEntries(prices) as unknown, book };
  }

  it.each([
    ['goes on where it was when others have kept its streams open', true],
    ['begins with a new SNAPSHOT when nobody has', false],
  ])('keeps prices and book through a cut of its connection, and %s', async (_how, isKeptOpen) => {
    await start(600);
    const keeper = isKeptOpen ? runSignedIn(server.running.port) : null;
    const example = runSignedIn(relay.port, '--events', String(maxEvents));
    const eventsOf = (): number => example.count(' #');
    await eventually(() => example.count('connected') > 0 && (keeper?.count('connected') ?? 1) > 0);
    await tellUntil(example, () => eventsOf() >= maxEvents / 2);
    // As while a server restarts: nobody answers for a while.
    relay.refuseNew(true);
    relay.cut();
    await eventually(() => example.hasEnded || example.count('no connection') > 0);
    relay.refuseNew(false);
    // No level of before is left.
    middle = 2_000;
    for (let count = 0; count < 3; count += 1) await tellAll();
    await eventually(() => example.count(' connected') === 2);
    const told = await tellUntil(example, () => eventsOf() === maxEvents);

    expect([await example.ended, example.stderr]).toEqual([0, '']);
    expect(stateOf(example)).toEqual(told);
    expect(example.count('RESUME_NOT_AVAILABLE')).toBe(isKeptOpen ? 0 : 2);
    expect(example.count('SNAPSHOT')).toBe(isKeptOpen ? 2 : 4);
  });

  it('replaces its token on the living socket before it ends', async () => {
    await start(6);
    const example = runSignedIn(server.running.port);
    await example.says('connected');
    const firstEndsAt = Date.now() + 6_000;
    const isRenewed = (): boolean => example.count('token good until') > 0 && Date.now() > firstEndsAt + 500;
    const told = await tellUntil(example, isRenewed);
    expect([await example.stop(), example.stderr]).toEqual([0, '']);
    expect([example.count(' connected'), example.count('disconnected')]).toEqual([1, 1]);
    expect(stateOf(example)).toEqual(told);
  });

  it('ends when the server takes its credentials for none', async () => {
    await start(600);
    const example = run('--url', server.wsUrl, '--token-command', 'echo x.eyJleHAiOjk5OTk5OTk5OTl9.y');
    expect(await example.ended).toBe(1);
    expect(example.stdout).toContain('closed for good (4401)');
  });
});
