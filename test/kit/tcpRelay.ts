import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Stands between clients and a server on this machine, and breaks their connections in the ways networks do. */
export class TcpRelay {
  readonly #pairs = new Set<Pair>();
  #refusesNew = false;

  private constructor(
    private readonly server: Server,
    targetPort: number,
  ) {
    server.on('connection', (near) => {
      if (this.#refusesNew) {
        near.destroy();
        return;
      }
      this.#join(near, connect(targetPort, '127.0.0.1'));
    });
  }

  static async start(targetPort: number): Promise<TcpRelay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpRelay(server, targetPort);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that are open stay so. */
  refuseNew(refuses: boolean): void {
    this.#refusesNew = refuses;
  }

  /** Lets nothing through any more, in either direction, and closes neither side. port: the relay's own, as the server sees it. */
  freeze(port: number): void {
    const pair = [...this.#pairs].find(({ far }) => far.localPort === port);
    if (pair === undefined) throw new Error(`no connection comes from port ${port}`);
    for (const socket of [pair.near, pair.far]) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** Breaks every connection that is open. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const pair = { near, far };
    this.#pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
