import WebSocket from 'ws';
import { eventually } from '../kit/eventually';
import { LiveMarkets } from '../kit/liveMarkets';
import type { Message } from '../kit/rawSocket';
import { eventOf } from '../kit/recordingSocket';
import { viewsOf, type ResumingView } from '../kit/resumingViews';
import { TcpRelay } from '../kit/tcpRelay';
import { TestServer } from '../kit/testServer';

/** How many connections are cut: more in a longer run. */
const minCuts = Number(process.env['STREAM_CUTS'] ?? 300);
const clientCount = 24;
const publishEveryMs = 40;
const symbols = ['BTC/USDT', 'ETH/USDT', 'XRP/USDT'];
/** Read by one client alone: when he is cut off, nobody keeps the stream open for him. */
const ownSymbols = ['SOL/USDT', 'ADA/USDT'];

/** Comes back whenever its connection breaks, and asks for what it has missed. */
class ResumingClient {
  connections = 0;
  readonly views: readonly ResumingView[];
  #socket: WebSocket | null = null;
  #isStopped = false;

  constructor(
    private readonly url: string,
    watched: readonly string[],
  ) {
    this.views = viewsOf(watched);
    this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    this.#socket?.terminate();
  }

  #connect(): void {
    this.connections += 1;
    const socket = new WebSocket(this.url, 'graphql-transport-ws');
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.send('{"type":"connection_init"}');
    });
    socket.on('message', (data) => {
      this.#read(socket, JSON.parse((data as Buffer).toString()) as Message);
    });
    socket.on('close', () => {
      if (!this.#isStopped)
        setTimeout(() => {
          this.#connect();
        }, 30 * Math.random());
    });
  }

  #read(socket: WebSocket, message: Message): void {
    if (message.type === 'connection_ack') {
      for (const [id, view] of this.views.entries()) {
        socket.send(JSON.stringify({ id: `${id}`, type: 'subscribe', payload: { query: view.document() } }));
      }
    } else if (message.type === 'ping') {
      socket.send('{"type":"pong"}');
    } else if (message.type === 'next') {
      this.views[Number(message.id)]?.read(eventOf(message));
    } else {
      throw new Error(`unexpected ${JSON.stringify(message)}`);
    }
  }
}

it(
  `brings readers whose connections are cut ${minCuts} times to the state that the server has`,
  async () => {
    const markets = new LiveMarkets();
    const server = await TestServer.start({
      marketStreams: markets.streams,
      access: { publicMarketData: true },
      reservations: { take: () => Promise.resolve([]) },
    });
    let isCutting = true;
    const budget = (): number => (isCutting ? 100 + Math.floor(9_000 * Math.random() ** 2) : Infinity);
    const relay = await TcpRelay.start(server.running.port, budget);
    const relayUrl = `ws://127.0.0.1:${relay.port}/graphql`;
    const publish = (): void => {
      for (const symbol of [...symbols, ...ownSymbols]) markets.publish(symbol);
    };
    publish();
    const feed = setInterval(publish, publishEveryMs);
    // Never cut: keeps the streams open that others come back to.
    const stayer = new ResumingClient(server.wsUrl, symbols);
    const clients = Array.from(
      { length: clientCount },
      (_, index) => new ResumingClient(relayUrl, index === 0 ? ownSymbols : symbols),
    );
    const views = [stayer, ...clients].flatMap((client) => client.views);
    const areEqual = (): boolean => views.every((view) => view.hash === view.hashOfServer(markets));
    try {
      await eventually(() => relay.cuts >= minCuts, { timeoutMs: 20_000 + 100 * minCuts });
      isCutting = false;
      const cutsBefore = relay.cuts;
      // Those that may still be cut have as much left as their budget says.
      await eventually(() => relay.cuts >= cutsBefore + 1);
      clearInterval(feed);
      await eventually(areEqual).catch(() => undefined);
      expect(views.flatMap(({ faults }) => faults).slice(0, 5)).toEqual([]);
      expect(views.filter((view) => view.hash !== view.hashOfServer(markets))).toEqual([]);
      const sum = (count: (view: ResumingView) => number): number => views.reduce((all, view) => all + count(view), 0);
      const resumed = [
        sum(({ resumedFromRing }) => resumedFromRing),
        sum(({ resumedBySnapshot }) => resumedBySnapshot),
      ];
      expect(resumed.every((count) => count > minCuts / 20)).toBe(true);
    } finally {
      clearInterval(feed);
      for (const client of [stayer, ...clients]) client.stop();
      await relay.stop();
      await server.stop();
    }
  },
  80_000 + 100 * minCuts,
);
