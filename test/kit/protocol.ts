import { makeMeta, makeTicker } from './fakeMarket';
import { Gate } from './gate';
import { RawSocket, type Message } from './rawSocket';
import { codesOf, TestServer, type TestServerOptions } from './testServer';

/** The ways an operation may be run. No client can tell them apart, so every test of the protocol holds for each. */
export const executionVariants: readonly (readonly [name: string, options: TestServerOptions])[] = [
  ['shared execution', {}],
  ['plain execution', { sharedExecution: false }],
];

/** One who may watch prices, connected to a server of his own. */
class Viewer {
  server!: TestServer;
  socket!: RawSocket;

  constructor(private readonly options: TestServerOptions) {}

  async connect(): Promise<void> {
    this.server = await TestServer.start(this.options);
    this.socket = await RawSocket.connect(this.server.wsUrl, this.server.bearer('VIEWER'));
  }

  async stop(): Promise<void> {
    this.socket.close();
    await this.server.stop();
  }
}

/** Connects a viewer before each test of the suite that calls this, and ends him and his server behind it. */
export function viewerOfEachTest(options: TestServerOptions): Viewer {
  const viewer = new Viewer(options);
  beforeEach(() => viewer.connect());
  afterEach(() => viewer.stop());
  return viewer;
}

/** Answered by `FakeMarket.marketData.ticker`; see `holdTicker`. */
export const tickerQuery = '{ ticker(market: "simulator:BTC/USDT") { last } }';
export const tickersDocument = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { tickers { last } } }';

/** A price to everybody who watches. */
export function pushPrice({ market }: TestServer, last: string, reason: string | null = null): void {
  const meta = { ...makeMeta('UPDATE', '2'), reason };
  for (const stream of market.opened) if (stream.isOpen) stream.push({ meta, tickers: [makeTicker(last)] });
}

/** The frame that tells this price on this id. */
export function priceFrame(id: string, last: string): Message {
  return { id, type: 'next', payload: { data: { tickers: { tickers: [{ last }] } } } };
}

/** What a message says of the failure of an operation. */
export function errorOf({ id, type, payload }: Message): Record<'id' | 'type' | 'codes', unknown> {
  return { id, type, codes: codesOf(payload as never) };
}

/** Subscribes to the tickers and waits for the first of them. */
export async function watchPrices(socket: RawSocket, id: string): Promise<void> {
  socket.subscribe(id, tickersDocument);
  const first = await socket.next();
  if (first.type !== 'next' || first.id !== id) throw new Error(`expected a price, got ${JSON.stringify(first)}`);
}

/** Keeps the answer to `ticker` back until the test opens the gate. */
export function holdTicker({ market }: TestServer): Gate {
  const gate = new Gate();
  const { ticker } = market.marketData;
  market.marketData.ticker = async (id) => {
    await gate.passed;
    return ticker(id);
  };
  return gate;
}

/** Keeps streams of tickers from opening until the test opens the gate. */
export function holdTickers({ market }: TestServer): Gate {
  const gate = new Gate();
  const { tickers } = market.marketStreams;
  market.marketStreams.tickers = async (request) => {
    await gate.passed;
    return tickers(request);
  };
  return gate;
}
