import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData } from 'ws';
import { tickerTopic, type TickerMessage } from '../../../src/bus/marketTopics';
import type { Ticker } from '../../../src/domain/marketData';
import { marketIdOf } from '../markets';
import type { Assembly } from './assembly';
import type { Broadcast, RawReader } from './broadcast';

/** The markets that it listens to; events come for those that are open. */
const maxMarkets = 50;

export interface RawSettings {
  /** The first message of a socket is an access token, verified like ours. */
  readonly isTokenChecked: boolean;
  readonly broadcast: Broadcast;
}

/** A broadcast where nobody asks for anything: the JSON of a `next` message, made once an event, to each socket. */
export function startRawServer(
  { bus, feed, tokens }: Assembly,
  { isTokenChecked, broadcast }: RawSettings,
): Promise<number> {
  const http = createServer();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
  const readers = new Set<RawReader>();
  const newest = new Map<string, string>();
  let sequence = 0;
  const onTicker = (message: TickerMessage): void => {
    if (message.kind !== 'data') return;
    sequence += 1;
    const json = toNextMessage(message.data, sequence);
    newest.set(message.data.marketId, json);
    broadcast(readers, json);
  };
  for (let market = 0; market < maxMarkets; market += 1) bus.subscribe(tickerTopic(marketIdOf(market)), onTicker);

  const admit = (reader: RawReader): void => {
    readers.add(reader);
    for (let market = 0; market < feed.marketCount; market += 1)
      reader.socket.send(newest.get(marketIdOf(market)) ?? '');
  };
  wss.on('connection', (socket, { socket: stream }) => {
    const reader = { socket, stream };
    socket.on('close', () => readers.delete(reader));
    socket.on('error', () => {
      socket.terminate();
    });
    if (!isTokenChecked) {
      admit(reader);
      return;
    }
    socket.once('message', (data: RawData) => {
      tokens.verify((data as Buffer).toString());
      admit(reader);
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
