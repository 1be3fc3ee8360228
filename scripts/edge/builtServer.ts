import { existsSync } from 'node:fs';
import path from 'node:path';
import { NodeProcess } from '../../test/kit/nodeProcess';
import { eventually } from '../../test/kit/eventually';
import { makeTemporaryDir } from '../../test/kit/temporaryDir';

const program = path.resolve(__dirname, '../../dist/src/cli/start.js');
const startTimeoutMs = 180_000;

/** The server as `npm start` runs it, with the simulated exchange and a database of its own, that believes nginx of this machine. */
export class BuiltServer {
  private constructor(
    readonly place: {
      readonly port: number;
      readonly trader: { readonly email: string; readonly password: string };
      /** What a command run beside it needs in its environment to find the same database and keys. */
      readonly settings: Readonly<Record<string, string>>;
    },
    private readonly child: NodeProcess,
    private readonly data: ReturnType<typeof makeTemporaryDir>,
  ) {}

  /** wishes: further settings, such as a database other than its own. */
  static async start(wishes: Readonly<Record<string, string>> = {}): Promise<BuiltServer> {
    if (!existsSync(program)) throw new Error('There is no build: npm run build.');
    const data = makeTemporaryDir();
    const { PATH, HOME } = process.env;
    const settings = { DATA_DIR: data.dir, ...wishes };
    const child = new NodeProcess([program], {
      ...{ PATH, HOME, ...settings, PORT: '0', METRICS_PORT: '0', LOG_LEVEL: 'error' },
      ...{ TRUSTED_PROXIES: '127.0.0.1', PUBLIC_MARKET_DATA: 'true', MAX_SOCKETS_PER_ADDRESS: '1000' },
    });
    try {
      await eventually(() => child.stdout.includes('Stop:') || child.hasEnded, { timeoutMs: startTimeoutMs });
      const [, port] = /running: http:\/\/localhost:(\d+)/.exec(child.stdout) ?? [];
      const [, email, password] = /TRADER\s+(\S+@\S+)\s+(\S+)/.exec(child.stdout) ?? [];
      if (port === undefined || email === undefined || password === undefined) {
        throw new Error(`The server does not run: ${child.stdout}${child.stderr}`);
      }
      return new BuiltServer({ port: Number(port), trader: { email, password }, settings }, child, data);
    } catch (error) {
      await child.stop();
      data.remove();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.child.stop();
    this.data.remove();
  }
}
