import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';

export interface RecordedRequest {
  /** `POST /graphql`, as it came. */
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly socket: Socket;
}

/** In the place of a node: keeps what nginx sends it, and answers with whatever a test wants. */
export class RecordingNode {
  readonly requests: RecordedRequest[] = [];
  /** Answers; `{}` with status 200 where nothing else is set. */
  answer: (answer: ServerResponse) => void = (answer) => answer.end('{}');
  /** Sockets that were asked to become WebSockets, all of which are let. */
  readonly upgraded: Duplex[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, answer) => {
      void buffer(request).then(
        () => {
          this.#record(request);
          this.answer(answer);
        },
        () => undefined,
      );
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      this.#record(request);
      this.upgraded.push(socket);
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
  }

  static async start(): Promise<RecordingNode> {
    const node = new RecordingNode();
    node.#server.listen(0, '127.0.0.1');
    await once(node.#server, 'listening');
    return node;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forgets what it was asked, and answers as at first. */
  reset(): void {
    this.requests.length = 0;
    this.upgraded.length = 0;
    this.answer = (answer) => answer.end('{}');
  }

  async stop(): Promise<void> {
    for (const socket of this.upgraded) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #record({ method = '', url = '', headers, socket }: IncomingMessage): void {
    this.requests.push({ line: `${method} ${url}`, headers, socket });
  }
}
