import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './freePorts';

/** A redis-server of a test's own, on loopback, that keeps nothing. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  /** args: further settings, as on the command line of redis-server. */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const port = await freePort();
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args];
    const child = spawn('redis-server', settings);
    await untilListening(child);
    return new RedisServer(port, child);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Does nothing where it has ended already. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

/** Throws where it ends instead, with what it said. */
async function untilListening({ stdout }: ChildProcess): Promise<void> {
  let said = '';
  for await (const chunk of stdout!) {
    said += String(chunk);
    if (said.includes('Ready to accept connections')) {
      stdout!.resume();
      return;
    }
  }
  throw new Error(`redis-server does not run: ${said}`);
}
