import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CommandError } from './commandError';

const unavailableExitStatus = 69;
const restartDelayMs = 1_000;
const stopTimeoutMs = 3_000;

export interface SimulatedExchange {
  readonly restUrl: string;
  readonly wsUrl: string;
  /** Ends the process and waits for its end. */
  stop(): Promise<void>;
}

export interface SimulatedExchangeOptions {
  readonly seed: number;
  /** Steps of the invented traders a second in each market. */
  readonly ratePerSecond: number;
  /** Told when the process has died and is started again. */
  readonly onRestart: () => void;
}

/**
 * Runs the simulated exchange as a process of its own. One that dies is started again on the same port, so that
 * the server sees what it would see of a real exchange: gone for a while, then back.
 */
export async function startSimulatedExchange(options: SimulatedExchangeOptions): Promise<SimulatedExchange> {
  let isStopping = false;
  let restartTimer: NodeJS.Timeout | undefined;
  let child = spawnSimulator(options, 0);
  const port = await readPort(child);

  const superviseFrom = (running: ChildProcess): void => {
    running.once('exit', () => {
      if (isStopping) return;
      // Ctrl-C reaches the whole process group: that it is our own stop may be learnt only after the child has gone.
      restartTimer = setTimeout(() => {
        options.onRestart();
        child = spawnSimulator(options, port);
        superviseFrom(child);
      }, restartDelayMs);
    });
  };
  superviseFrom(child);

  return {
    restUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    async stop() {
      isStopping = true;
      clearTimeout(restartTimer);
      await stopChild(child);
    },
  };
}

function spawnSimulator(options: SimulatedExchangeOptions, port: number): ChildProcess {
  const script = path.join(__dirname, `simulator${path.extname(__filename)}`);
  const settings = ['--seed', String(options.seed), '--rate', String(options.ratePerSecond), '--port', String(port)];
  return spawn(process.execPath, [...process.execArgv, script, '--with-parent', ...settings], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function readPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the standard output of the simulated exchange is not a pipe');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(() => null);
  const first = await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended]);
  if (first === null)
    throw new CommandError('The simulated exchange did not start; what it said stands above.', unavailableExitStatus);
  const { port } = JSON.parse(first) as { readonly port: number };
  return port;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(impatience);
}
