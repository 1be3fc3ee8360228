import { loadProcessSettings } from '../config/processConfig';
import type { Config } from '../config/config';
import { startTickgate, type Tickgate } from '../main';
import { CommandError } from './commandError';
import { runCommand } from './commandLine';
import { startSimulatedExchange, type SimulatedExchange } from './simulatedExchange';

const failedExitStatus = 69;
/** The shell's word for "ended by Ctrl-C". */
const interruptedExitStatus = 130;
const usualRatePerSecond = 10;

const usage = `Starts everything, until Ctrl-C.

  npm start

  --help   this text

It takes no options: settings are variables, e.g. PORT=5000 npm start, or stand in .env. .env.template lists all of them.
`;

const startedAtMs = performance.now();

function say(message: string): void {
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5);
  process.stdout.write(`${seconds} s  ${message}\n`);
}

async function start(): Promise<void> {
  const { config, secrets } = await loadProcessSettings();
  say(`configuration: ${config.mode}, exchanges ${config.exchanges.map(({ id }) => id).join(', ')}`);
  const abort = new AbortController();
  const stopped = untilAskedToStop(() => {
    abort.abort(new CommandError('Stopped before the start was complete.', interruptedExitStatus));
  });

  const simulator = await startSimulatorIfNamed(config);
  let tickgate: Tickgate | null = null;
  /** What comes later is mostly of what came first. */
  const failures: unknown[] = [];
  try {
    const exchanges = config.exchanges.map((exchange) =>
      simulator !== null && isSimulator(exchange)
        ? { ...exchange, restUrl: simulator.restUrl, wsUrl: simulator.wsUrl }
        : exchange,
    );
    tickgate = await startTickgate({ config, secrets, exchanges, onProgress: say, signal: abort.signal });
    tellWhatIsRunning(config, tickgate);
    const crashed = tickgate.crashed.then(() => 'crashed' as const);
    if ((await Promise.race([stopped, crashed])) === 'crashed') {
      throw new CommandError(
        'The embedded database ended by itself; its log is in the data folder. Start again.',
        failedExitStatus,
      );
    }
    say('stopping …');
  } catch (error) {
    failures.push(error);
  }
  for (const part of [tickgate, simulator]) {
    try {
      await part?.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  say('stopped');
}

function isSimulator(exchange: Config['exchanges'][number]): boolean {
  return exchange.id === 'simulator' && exchange.restUrl === null;
}

async function startSimulatorIfNamed(config: Config): Promise<SimulatedExchange | null> {
  if (!config.exchanges.some(isSimulator)) return null;
  const simulator = await startSimulatedExchange({
    seed: config.simulator.seed,
    ratePerSecond: Math.max(1, Math.round(config.simulator.rate * usualRatePerSecond)),
    onRestart: () => {
      say('the simulated exchange ended; starting it again');
    },
  });
  say(`simulated exchange: ${simulator.restUrl} (a process of its own)`);
  return simulator;
}

/** Resolves with the first Ctrl-C or SIGTERM; a second one ends the process on the spot. */
function untilAskedToStop(onAsked: () => void): Promise<'asked'> {
  return new Promise((resolve) => {
    let count = 0;
    const ask = (): void => {
      count += 1;
      if (count > 1) process.exit(interruptedExitStatus);
      onAsked();
      resolve('asked');
    };
    process.on('SIGINT', ask).on('SIGTERM', ask);
  });
}

function tellWhatIsRunning(config: Config, tickgate: Tickgate): void {
  const { demo, port } = tickgate;
  say(`database: ${tickgate.databasePlace}`);
  say(`metrics: http://127.0.0.1:${tickgate.metricsPort}/metrics (this machine only)`);
  if (demo !== null) {
    say(`demo users${demo.isNew ? ', made now' : ''}; kept in ${demo.file}, readable by you alone:`);
    for (const { role, email, password } of demo.users) {
      process.stdout.write(
        `           ${role.padEnd(8)} ${email.padEnd(30)} ${demo.isNew ? password : '(password in the file)'}\n`,
      );
    }
  }
  const [exchange] = config.exchanges;
  process.stdout.write(
    [
      '',
      `Tickgate is running: http://localhost:${port}/graphql (HTTP and WebSocket)`,
      ...(demo === null ? [] : ['A token:             npm run token -- --role trader']),
      ...(demo === null || exchange === undefined
        ? []
        : [`Live prices:         npm run watch -- ${exchange.id}:BTC/USDT ${exchange.id}:ETH/USDT`]),
      'Stop:                Ctrl-C',
      '',
    ].join('\n'),
  );
}

runCommand({ usage, options: {} }, start);
