import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly body: object;
}

/** What stands in for a manager of secrets: an HTTP server on loopback that answers as its documents say. It can go away and come back. */
export abstract class StandIn {
  /** Everything answered with this, as a balancer in front of it does when nothing is behind. */
  brokenWith: number | null = null;
  /** The same of these questions alone. */
  isBrokenFor: (asked: Asked) => boolean = () => false;
  readonly asked: Asked[] = [];
  /** When the versions of all of its secrets were made, as it tells; null: it does not. */
  createdAt: Date | null = new Date();
  /** Speaks TLS where it has a certificate. */
  tls: { readonly key: string; readonly cert: string } | null = null;
  #server: Server | null = null;
  #port = 0;

  protected abstract answer(asked: Asked): Answered;

  get url(): string {
    return `${this.tls === null ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** At the same place as before, where it was there before. */
  async start(): Promise<this> {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      void textOf(request).then((body) => {
        const asked = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
        this.asked.push(asked);
        const broken = this.isBrokenFor(asked) ? 503 : this.brokenWith;
        const { status, body: said } =
          broken === null ? this.answer(asked) : { status: broken, body: { errors: ['broken'] } };
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
      });
    };
    const server = this.tls === null ? createServer(answer) : createTlsServer(this.tls, answer);
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}
