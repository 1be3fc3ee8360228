import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** An answer of REST: what goes out as JSON, or the whole response. */
type RestAnswer =
  object | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text: string };
type AnswerQuery = (query: URLSearchParams) => RestAnswer;

/**
 * Just enough of an exchange for ccxt, with one market and with every answer and frame written by the test, digit by
 * digit. For what the simulated exchange is too honest, or too lively, to send.
 */
export abstract class ScriptedExchange {
  /** By path; a test replaces what it cares about. */
  readonly rest: Map<string, AnswerQuery>;
  readonly restCalls: string[] = [];
  /** Whoever is connected, with the channels that they have. */
  protected readonly sockets = new Map<WebSocket, Set<string>>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });
  readonly #socketServer = new WebSocketServer({ server: this.#server });

  constructor(exchangeInfo: object) {
    this.rest = new Map<string, AnswerQuery>([
      ['/api/v3/time', () => ({ serverTime: Date.now() })],
      ['/api/v3/exchangeInfo', () => exchangeInfo],
      ['/api/v3/depth', () => ({ lastUpdateId: 100, bids: [['100.00', '1.00']], asks: [['101.00', '1.00']] })],
      ['/api/v3/trades', () => []],
      ['/api/v3/klines', () => []],
      ['/api/v3/ticker/24hr', () => ({ symbol: 'BTCUSDT', lastPrice: '100.5', closeTime: Date.now() })],
    ]);
    this.#socketServer.on('connection', (socket) => {
      this.sockets.set(socket, new Set());
      socket.on('message', (data: Buffer) => {
        this.receive(socket, JSON.parse(data.toString('utf8')));
      });
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<{ readonly restUrl: string; readonly wsUrl: string }> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return { restUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` };
  }

  isSubscribed(channel: string): boolean {
    return [...this.sockets.values()].some((channels) => channels.has(channel));
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Cuts every connection. */
  drop(): void {
    for (const socket of this.sockets.keys()) socket.terminate();
  }

  async close(): Promise<void> {
    this.drop();
    this.#socketServer.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** What a client says on its socket, as it came. */
  protected abstract receive(socket: WebSocket, message: unknown): void;

  /** Sends a frame to whoever has the channel. */
  protected send(channel: string, frame: string | Uint8Array): void {
    for (const [socket, channels] of this.sockets) if (channels.has(channel)) socket.send(frame);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    this.restCalls.push(path);
    const answer = this.rest.get(path)?.(new URLSearchParams(query)) ?? unknownPath;
    if ('text' in answer) response.writeHead(answer.status, answer.headers).end(answer.text);
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  }
}

const unknownPath = { status: 404, text: '{"code":404,"msg":"unknown path"}' };
