import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { tickerTopic, type TickerMessage } from '../../../src/bus/marketTopics';
import type { Ticker } from '../../../src/domain/marketData';
import { marketIdOf } from '../markets';
import type { Assembly } from './assembly';

/** The markets that it listens to; events come for those that are open. */
const maxMarkets = 50;

/**
 * The price of a broadcast where nobody asks for anything: the JSON of a `next` message, made once an event, and `ws.send`
 * of that string to each socket. `isTokenChecked`: the first message of a socket is an access token, verified like ours.
 */
export function startRawServer({ bus, feed, tokens }: Assembly, isTokenChecked: boolean): Promise<number> {
  const http = createServer();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
  const readers = new Set<WebSocket>();
  const newest = new Map<string, string>();
  let sequence = 0;
  const onTicker = (message: TickerMessage): void => {
    if (message.kind !== 'data') return;
    sequence += 1;
    const json = toNextMessage(message.data, sequence);
    newest.set(message.data.marketId, json);
    for (const reader of readers) reader.send(json);
  };
  for (let market = 0; market < maxMarkets; market += 1) bus.subscribe(tickerTopic(marketIdOf(market)), onTicker);

  const admit = (socket: WebSocket): void => {
    readers.add(socket);
    for (let market = 0; market < feed.marketCount; market += 1) socket.send(newest.get(marketIdOf(market)) ?? '');
  };
  wss.on('connection', (socket) => {
    socket.on('close', () => readers.delete(socket));
    socket.on('error', () => {
      socket.terminate();
    });
    if (!isTokenChecked) {
      admit(socket);
      return;
    }
    socket.once('message', (data: RawData) => {
      tokens.verify((data as Buffer).toString());
      admit(socket);
    });
  });
  return new Promise((resolve) => {
    http.listen(0, '127.0.0.1', () => {
      resolve((http.address() as AddressInfo).port);
    });
  });
}

/** As a GraphQL server writes it for the subscription of the others. */
function toNextMessage({ marketId, bid, ask, receivedTime, last }: Ticker, sequence: number): string {
  const ticker = { marketId, bid, ask, receivedTime: new Date(receivedTime).toISOString(), last };
  const meta = { kind: 'UPDATE', seq: String(sequence), at: new Date().toISOString() };
  return JSON.stringify({ id: 'r0000', type: 'next', payload: { data: { tickers: { meta, tickers: [ticker] } } } });
}
