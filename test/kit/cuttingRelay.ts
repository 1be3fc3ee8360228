import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands before a server and breaks every connection after so many bytes of the server's, in the middle of a frame or not. */
export class CuttingRelay {
  cuts = 0;
  readonly #open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    targetPort: number,
    budget: () => number,
  ) {
    server.on('connection', (near) => {
      this.#join(near, connect(targetPort, '127.0.0.1'), budget());
    });
  }

  /** budget: how many bytes the next connection lets through; infinite where it is to last. */
  static async start(targetPort: number, budget: () => number): Promise<CuttingRelay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttingRelay(server, targetPort, budget);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/graphql`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(near: Socket, far: Socket, budget: number): void {
    let left = budget;
    near.pipe(far);
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
    for (const socket of [near, far]) {
      this.#open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  }
}
