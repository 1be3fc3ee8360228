import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Stands between clients and a server on this machine, and breaks their connections in the ways networks do. */
export class TcpRelay {
  /** Connections that were broken when their bytes were used up. */
  cuts = 0;
  readonly #pairs = new Set<Pair>();
  #refusesNew = false;

  private constructor(
    private readonly server: Server,
    targetPort: number,
    budget: () => number,
  ) {
    server.on('connection', (near) => {
      if (this.#refusesNew) {
        near.destroy();
        return;
      }
      this.#join({ near, far: connect(targetPort, '127.0.0.1') }, budget());
    });
  }

  /** budget: how many bytes of the server's the next connection lets through; infinite where it is to last. */
  static async start(targetPort: number, budget: () => number = () => Infinity): Promise<TcpRelay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpRelay(server, targetPort, budget);
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

  #join(pair: Pair, budget: number): void {
    const { near, far } = pair;
    this.#pairs.add(pair);
    near.pipe(far);
    if (budget === Infinity) far.pipe(near);
    else this.#passOn(pair, budget);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  /** Breaks the connection behind the last byte of its budget, in the middle of a frame or not. */
  #passOn({ near, far }: Pair, budget: number): void {
    let left = budget;
    far.on('data', (chunk: Buffer) => {
      near.write(left < chunk.length ? chunk.subarray(0, left) : chunk);
      left -= chunk.length;
      if (left > 0) return;
      this.cuts += 1;
      far.destroy();
      // In order, or with a reset that takes along what the client has not read yet.
      if (this.cuts % 2 === 0) near.end();
      else near.resetAndDestroy();
    });
  }
}
