import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { loadDefinitions, type PushBody } from '../../src/simulator/mexc/protobuf';

/** An answer of REST: what goes out as JSON, or the whole response. */
type RestAnswer = object | { readonly status: number; readonly text: string };

/**
 * Just enough of MEXC spot for ccxt, with one market and with every answer and frame written by the test, digit by
 * digit. For what the simulated exchange is too honest, or too lively, to send.
 */
export class ScriptedMexc {
  /** By path; a test replaces what it cares about. */
  readonly rest = new Map<string, (query: URLSearchParams) => RestAnswer>();
  readonly restCalls: string[] = [];
  /** Every request to subscribe or to end it, in order, e.g. "SUBSCRIPTION spot@…". */
  readonly requests: string[] = [];
  /** Channels that are refused, in words alone. */
  readonly refused = new Set<string>();
  readonly #sockets = new Map<WebSocket, Set<string>>();
  readonly #definitions = loadDefinitions();
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
        this.#receive(socket, JSON.parse(data.toString('utf8')) as { method: string; params?: string[] });
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

  isSubscribed(channel: string): boolean {
    return [...this.#sockets.values()].some((channels) => channels.has(channel));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Sends a frame to whoever has the channel. */
  push(channel: string, body: PushBody): void {
    const message = { channel, symbol: 'BTCUSDT', sendTime: 1_700_000_000_000, ...body };
    const frame = this.#definitions.PushDataV3ApiWrapper.encode(message).finish();
    for (const [socket, channels] of this.#sockets) if (channels.has(channel)) socket.send(frame);
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

  #receive(socket: WebSocket, { method, params = [] }: { readonly method: string; readonly params?: string[] }): void {
    const reply = (msg: string): void => {
      socket.send(JSON.stringify({ id: 0, code: 0, msg }));
    };
    if (method === 'ping') {
      reply('PONG');
      return;
    }
    this.requests.push(`${method} ${params.join(',')}`);
    for (const channel of params) {
      if (method === 'UNSUBSCRIPTION') this.#sockets.get(socket)?.delete(channel);
      else if (!this.refused.has(channel)) this.#sockets.get(socket)?.add(channel);
    }
    const refused = params.filter((channel) => this.refused.has(channel));
    reply(
      refused.length > 0
        ? `Not Subscribed successfully! [${refused.join(',')}].  Reason： Blocked! `
        : params.join(','),
    );
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    this.restCalls.push(path);
    const answer = this.rest.get(path)?.(new URLSearchParams(query)) ?? { status: 404, text: '{"code":404}' };
    if ('text' in answer) response.writeHead(answer.status).end(answer.text);
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  }
}

const exchangeInfo = {
  timezone: 'CST',
  serverTime: 1_700_000_000_000,
  rateLimits: [],
  symbols: [
    {
      symbol: 'BTCUSDT',
      status: '1',
      baseAsset: 'BTC',
      baseAssetPrecision: 8,
      quoteAsset: 'USDT',
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ['LIMIT', 'MARKET'],
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      quoteAmountPrecision: '1',
      baseSizePrecision: '0.00000001',
      permissions: ['SPOT'],
      filters: [],
      makerCommission: '0',
      takerCommission: '0.0005',
    },
  ],
};
