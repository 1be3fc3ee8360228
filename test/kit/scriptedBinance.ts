import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** An answer of REST: what goes out as JSON, or the whole response. */
export type RestAnswer =
  object | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly text: string };

interface Request {
  readonly method: string;
  readonly params: readonly string[];
  readonly id: number;
}

/**
 * Just enough of Binance spot for ccxt, with one market and with every answer and frame written by the test,
 * digit by digit. For what the simulated exchange is too honest to send.
 */
export class ScriptedBinance {
  /** By path; a test replaces what it cares about. */
  readonly rest = new Map<string, () => RestAnswer>();
  readonly restCalls: string[] = [];
  /** Every request to subscribe or to end it, in order. */
  readonly requests: Request[] = [];
  readonly #sockets = new Map<WebSocket, Set<string>>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });
  readonly #socketServer = new WebSocketServer({ server: this.#server });

  constructor() {
    this.rest.set('/api/v3/time', () => ({ serverTime: Date.now() }));
    this.rest.set('/api/v3/exchangeInfo', () => exchangeInfo);
    this.rest.set('/api/v3/depth', () => ({
      lastUpdateId: 100,
      bids: [['100.00', '1.00']],
      asks: [['101.00', '1.00']],
    }));
    this.rest.set('/api/v3/trades', () => []);
    this.rest.set('/api/v3/klines', () => []);
    this.rest.set('/api/v3/ticker/24hr', () => ({ symbol: 'BTCUSDT', lastPrice: '100.5', closeTime: Date.now() }));
    this.#socketServer.on('connection', (socket) => {
      this.#sockets.set(socket, new Set());
      socket.on('message', (data: Buffer) => {
        this.#receive(socket, JSON.parse(data.toString('utf8')) as Request);
      });
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<{ readonly restUrl: string; readonly wsUrl: string }> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return { restUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` };
  }

  isSubscribed(stream: string): boolean {
    return [...this.#sockets.values()].some((streams) => streams.has(stream));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Sends a frame to whoever has the stream. text: as it is, readable or not. */
  push(stream: string, frame: object | string): void {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    for (const [socket, streams] of this.#sockets) if (streams.has(stream)) socket.send(text);
  }

  /** Cuts every connection. */
  drop(): void {
    for (const socket of this.#sockets.keys()) socket.terminate();
  }

  async close(): Promise<void> {
    this.drop();
    this.#socketServer.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #receive(socket: WebSocket, request: Request): void {
    this.requests.push(request);
    const streams = this.#sockets.get(socket);
    for (const stream of request.params) {
      if (request.method === 'SUBSCRIBE') streams?.add(stream);
      else streams?.delete(stream);
    }
    socket.send(JSON.stringify({ result: null, id: request.id }));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?')[0] ?? '';
    this.restCalls.push(path);
    const answer = this.rest.get(path)?.() ?? { status: 404, headers: {}, text: '{"code":-1,"msg":"unknown path"}' };
    if ('text' in answer) {
      response.writeHead(answer.status, answer.headers).end(answer.text);
      return;
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  }
}

const exchangeInfo = {
  timezone: 'UTC',
  serverTime: 1_700_000_000_000,
  rateLimits: [],
  symbols: [
    {
      symbol: 'BTCUSDT',
      status: 'TRADING',
      baseAsset: 'BTC',
      baseAssetPrecision: 8,
      quoteAsset: 'USDT',
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ['LIMIT', 'MARKET'],
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      permissions: ['SPOT'],
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
        { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
        { filterType: 'NOTIONAL', minNotional: '5.00000000' },
      ],
    },
  ],
};
