import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fromSource } from './fromSource';

const root = resolve(__dirname, '../..');
const startTimeoutMs = 30_000;

/** What GET /control/state tells, as far as tests read it. */
export interface SimulatorState {
  readonly mode: string;
  readonly markets: readonly string[];
  readonly connectionsOpened: number;
  readonly connections: readonly {
    readonly id: number;
    readonly path: string;
    readonly isHalfOpen: boolean;
    readonly streams: readonly string[];
  }[];
  /** Subscriptions by the stream's name, over all sockets that still talk. */
  readonly streams: Readonly<Record<string, number>>;
  /** By "METHOD /path". */
  readonly rest: Readonly<Record<string, { readonly calls: number; readonly weight: number }>>;
  readonly faults: readonly { readonly id: number; readonly remaining: number | null; readonly applied: number }[];
}

/** A simulated exchange in a process of its own. */
export interface RunningSimulator {
  readonly port: number;
  readonly pid: number;
  /** Origins, as configuration wants them. */
  readonly restUrl: string;
  readonly wsUrl: string;
  /** Calls the control endpoint: control('POST', 'faults', { kind: 'drop' }). Throws where it refuses. */
  control(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown>;
  state(): Promise<SimulatorState>;
  /** Ends it at once, as a crash does (SIGKILL). */
  kill(): Promise<void>;
  /** Ends it in order. A second call does nothing. */
  stop(): Promise<void>;
}

export interface SimulatorStart {
  /** A fixed port brings a simulator back where one was killed; 0, the default, takes a free one. */
  readonly port?: number;
  readonly seed?: string;
  /** Further arguments of the command, e.g. ['--rate', '50', '--quiet', 'XRPUSDT']. */
  readonly args?: readonly string[];
}

/** Starts `src/cli/simulator.ts` as a real process and waits until it listens. It ends with this process in any case. */
export async function startSimulator(options: SimulatorStart = {}): Promise<RunningSimulator> {
  const args = ['--port', String(options.port ?? 0), '--with-parent', ...(options.args ?? [])];
  if (options.seed !== undefined) args.push('--seed', options.seed);
  const command = [...fromSource(), 'src/cli/simulator.ts', ...args];
  const child = spawn(process.execPath, command, { cwd: root });
  const port = await listeningPort(child);
  const restUrl = `http://127.0.0.1:${port}`;

  const control: RunningSimulator['control'] = async (method, path, body) => {
    const request = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`${restUrl}/control/${path}`, request);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} /control/${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    port,
    pid: child.pid ?? -1,
    restUrl,
    wsUrl: `ws://127.0.0.1:${port}`,
    control,
    state: async () => (await control('GET', 'state')) as SimulatorState,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

async function listeningPort(child: ChildProcessWithoutNullStreams): Promise<number> {
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolvePort, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the simulator did not listen within ${startTimeoutMs} ms: ${complaints}`));
    }, startTimeoutMs);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the simulator ended with code ${String(code)}: ${complaints}`));
    });
    lines.once('line', (line) => {
      clearTimeout(timer);
      resolvePort((JSON.parse(line) as { readonly port: number }).port);
    });
  });
}
