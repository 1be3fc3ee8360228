import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands in for a pooler between clients and a PostgreSQL on this machine that changes which options a connection is opened with. */
export class OptionsPooler {
  /** Connections whose options were changed. */
  changed = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(targetPort: number, change: (options: string) => string): Promise<OptionsPooler> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const pooler = new OptionsPooler(server);
    server.on('connection', (near) => {
      pooler.#join(near, connect(targetPort, '127.0.0.1'), change);
    });
    return pooler;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(near: Socket, far: Socket, change: (options: string) => string): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        this.#sockets.delete(socket);
      });
    }
    // The first message is small and comes whole: its length, the protocol's version, names and values, each ended by a zero.
    near.once('data', (startup) => {
      const words = startup.toString('utf8', 8).split('\0');
      const place = words.indexOf('options') + 1;
      if (place > 0) {
        words[place] = change(words[place] ?? '').trim() || '-c search_path=public';
        this.changed += 1;
      }
      const body = Buffer.from(words.join('\0'));
      const head = Buffer.from(startup.subarray(0, 8));
      head.writeUInt32BE(8 + body.length);
      far.write(Buffer.concat([head, body]));
      near.pipe(far);
    });
    far.pipe(near);
  }
}
