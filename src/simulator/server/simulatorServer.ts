import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { respondToControl, type ControlRoute } from '../control/controlApi';
import { matches } from '../control/fault';
import { FaultBoard } from '../control/faultBoard';
import { faultRoutes } from '../control/faultRoutes';
import { contentOf, HeldCalls } from '../control/heldCalls';
import { Connection } from './connection';
import { maxBodyBytes, readBody, splitUrl, write } from './http';
import { answerWithFault } from './restFaults';
import type { Wire, WireRequest, WireResponse } from './wire';

const loopback = '127.0.0.1';

export interface SimulatorServerOptions {
  readonly wires: readonly Wire[];
  /** How often each socket is pinged, in ms. */
  readonly pingIntervalMs: number;
  /** What the control endpoint tells beside the server's own counts. */
  readonly describe: () => object;
  /** What the control endpoint can do to the exchange itself. */
  readonly controlRoutes: readonly ControlRoute[];
}

const keepAliveTimeoutMs = 65_000;

/** One port, on loopback only, for every exchange's REST and sockets and for the control endpoint. */
export class SimulatorServer {
  readonly faults = new FaultBoard();
  private readonly heldCalls = new HeldCalls();
  private readonly controlRoutes: readonly ControlRoute[];
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: maxBodyBytes });
  private readonly connections = new Set<Connection>();
  private readonly calls = new Map<string, number>();
  private connectionsOpened = 0;

  constructor(private readonly options: SimulatorServerOptions) {
    this.http = createServer((request, response) => {
      void this.answer(request, response);
    });
    // Longer than clients keep a connection: one must not send on what is being closed.
    this.http.keepAliveTimeout = keepAliveTimeoutMs;
    this.controlRoutes = [
      { method: 'GET', path: /^\/control\/state$/, handle: () => this.state() },
      ...faultRoutes({
        faults: this.faults,
        heldCalls: this.heldCalls,
        strike: (kind, stream) => this.strike(kind, stream),
      }),
      ...options.controlRoutes,
    ];
    this.http.on('upgrade', (request, socket, head) => {
      this.upgrade(request, socket, head);
    });
  }

  /** Listens on 127.0.0.1; port 0 takes a free one. Gives the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(port, loopback, resolve);
    });
    return (this.http.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const wire of this.options.wires) wire.stop();
    this.heldCalls.settle(null, 'forgotten');
    for (const connection of this.connections) connection.drop();
    this.sockets.close();
    const closed = new Promise<void>((resolve) => {
      this.http.close(() => {
        resolve();
      });
    });
    this.http.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = splitUrl(request.url);
    let body: string | null;
    try {
      body = await readBody(request);
    } catch {
      // The client went away while it was still sending: there is nobody to answer.
      return;
    }
    if (body === null) {
      write(response, { status: 413, contentType: 'text/plain', body: 'The body is too large.' });
      return;
    }
    const method = request.method ?? 'GET';
    const wireRequest = { method, path, query, body, headers: request.headers };
    if (path === '/control' || path.startsWith('/control/'))
      write(response, respondToControl(this.controlRoutes, wireRequest));
    else await this.serve(wireRequest, response);
  }

  private async serve(request: WireRequest, response: ServerResponse): Promise<void> {
    const wire = this.options.wires.find((candidate) => candidate.claims(request.path));
    if (wire === undefined) {
      write(response, { status: 404, contentType: 'text/plain', body: `No exchange answers at ${request.path}.` });
      return;
    }
    const call = `${request.method} ${request.path}`;
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
    const fault = this.faults.takeRestFault(request.method, request.path, contentOf(request));
    if (fault === null) {
      write(response, wire.respond(request));
      return;
    }
    const reply = {
      send: (answer: WireResponse) => {
        write(response, answer);
      },
      cut: () => {
        response.destroy();
      },
    };
    const { heldCalls } = this;
    await answerWithFault({
      fault,
      request,
      words: wire.words,
      heldCalls,
      respond: () => wire.respond(request),
      reply,
    });
  }

  private state(): object {
    const streams: Record<string, number> = {};
    for (const connection of this.connections) {
      if (connection.isHalfOpen) continue;
      for (const stream of connection.streams) streams[stream] = (streams[stream] ?? 0) + 1;
    }
    const weights = new Map(this.options.wires.flatMap((wire) => [...wire.weights()]));
    const rest = [...this.calls].map(([call, calls]) => [call, { calls, weight: weights.get(call) ?? 0 }]);
    return {
      ...this.options.describe(),
      connectionsOpened: this.connectionsOpened,
      connections: [...this.connections].map(({ id, path, isHalfOpen, streams: names }) => ({
        id,
        path,
        isHalfOpen,
        streams: [...names],
      })),
      streams,
      rest: Object.fromEntries(rest) as object,
      faults: this.faults.list(),
      held: this.heldCalls.list(),
    };
  }

  private strike(kind: 'drop' | 'half-open', pattern: string): number {
    const struck = [...this.connections].filter(
      ({ isHalfOpen, streams }) =>
        !isHalfOpen && (pattern === '*' || [...streams].some((stream) => matches(pattern, stream))),
    );
    for (const connection of struck) {
      if (kind === 'drop') connection.drop();
      else connection.freeze();
    }
    return struck.length;
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { path, query } = splitUrl(request.url);
    const wire = this.options.wires.find((candidate) => candidate.claims(path));
    if (wire === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      this.connectionsOpened += 1;
      const { faults } = this;
      const { pingIntervalMs } = this.options;
      const connection = new Connection(webSocket, { id: this.connectionsOpened, path, query, faults, pingIntervalMs });
      this.connections.add(connection);
      connection.on('close', () => this.connections.delete(connection));
      wire.connect(connection);
    });
  }
}
