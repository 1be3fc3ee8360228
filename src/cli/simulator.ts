import { startSimulator } from '../simulator/simulator';
import { readArguments, usage, UsageError } from '../simulator/simulatorArguments';

async function run(args: readonly string[]): Promise<void> {
  const { isHelp, endsWithParent, ...options } = readArguments(args);
  if (isHelp) {
    process.stdout.write(usage);
    return;
  }
  const onError = (error: unknown): void => {
    process.stderr.write(`${toText(error)}\n`);
  };
  const simulator = await startSimulator({ ...options, now: () => Date.now(), onError });
  process.stdout.write(`${JSON.stringify({ event: 'listening', port: simulator.port })}\n`);

  const stop = (): void => {
    void simulator.stop().then(() => {
      process.exit(0);
    });
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (endsWithParent) {
    process.stdin.once('end', stop);
    process.stdin.once('close', stop);
    process.stdin.resume();
  }
}

function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  process.stderr.write(isUsage ? `${error.message} See --help.\n` : `The simulator stopped: ${toText(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
});
