import { on, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type WebSocket from 'ws';
import { openSocket } from '../../../test/kit/edge/edgeSocket';
import type { EdgeCheck } from './edgeCheck';

const wanted = 10;
const patienceMs = 60_000;
const tickersDocument = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { kind } tickers { last } } }';

/** Says hello, without credentials, and asks for live prices. */
export async function subscribe(socket: WebSocket): Promise<void> {
  const acknowledged = once(socket, 'message');
  socket.send('{"type":"connection_init"}');
  await acknowledged;
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: tickersDocument } }));
}

export const livePrices: EdgeCheck = {
  name: 'live prices through wss://: a SNAPSHOT, then updates',
  async run({ nginx }) {
    const { socket } = await openSocket(nginx.httpsUrl);
    const kinds: string[] = [];
    const messages = on(socket, 'message', { signal: AbortSignal.timeout(patienceMs) });
    await subscribe(socket);
    for await (const [data] of messages) {
      const { type, payload } = JSON.parse(String(data)) as {
        type: string;
        payload?: { data?: { tickers?: { meta: { kind: string } } } };
      };
      if (type === 'connection_ack') continue;
      kinds.push(payload?.data?.tickers?.meta.kind ?? type);
      if (kinds.length === wanted) break;
    }
    socket.terminate();
    const isGood = kinds[0] === 'SNAPSHOT' && kinds.slice(1).every((kind) => kind === 'UPDATE');
    return { isGood, seen: kinds.join(' ') };
  },
};

const silenceMs = 90_000;

export const silentSockets: EdgeCheck = {
  name: 'a WebSocket on which nothing is said for 90 s stays open, by the pings of the server',
  async run({ nginx }) {
    const { socket } = await openSocket(nginx.httpsUrl);
    let pings = 0;
    let closed = 0;
    socket.on('ping', () => (pings += 1)).on('close', () => (closed += 1));
    const acknowledged = once(socket, 'message');
    socket.send('{"type":"connection_init"}');
    await acknowledged;
    await delay(silenceMs);
    socket.terminate();
    return { isGood: closed === 0 && pings >= 5, seen: `${pings} pings, ${closed === 0 ? 'open' : 'closed'}` };
  },
};
