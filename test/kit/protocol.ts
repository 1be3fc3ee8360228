import type WebSocket from 'ws';
import { makeMeta, makeTicker } from './fakeMarket';
import type { Message, RawSocket } from './rawSocket';
import type { TestServer, TestServerOptions } from './testServer';

/** The ways an operation may be run. No client can tell them apart, so every test of the protocol holds for each. */
export const executionVariants: readonly (readonly [name: string, options: TestServerOptions])[] = [
  ['shared execution', {}],
  ['plain execution', { sharedExecution: false }],
];

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

/** Subscribes to the tickers and waits for the first of them. */
export async function watchPrices(socket: RawSocket, id: string): Promise<void> {
  socket.subscribe(id, tickersDocument);
  const first = await socket.next();
  if (first.type !== 'next' || first.id !== id) throw new Error(`expected a price, got ${JSON.stringify(first)}`);
}

/** Asks for a sign of life: whatever came before the answer. */
export async function messagesUntilPong(socket: RawSocket): Promise<readonly Message[]> {
  socket.send({ type: 'ping' });
  const before: Message[] = [];
  for (;;) {
    const message = await socket.next();
    if (message.type === 'pong') return before;
    before.push(message);
  }
}

/** Hands several messages to the kernel at once, so that the server reads them together. */
export function sendTogether(socket: RawSocket, messages: readonly unknown[]): void {
  const { _socket: stream } = socket.socket as WebSocket & { readonly _socket: { cork(): void; uncork(): void } };
  stream.cork();
  for (const message of messages) socket.send(message);
  stream.uncork();
}

/** A door that stays shut until the test opens it. */
export class Gate {
  open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
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
