import { parseArgs, type ParseArgsConfig } from 'node:util';
import { reportFailure, UsageError } from './commandError';

type KnownOptions = NonNullable<ParseArgsConfig['options']>;

/** What a command is called with, by the names of its options. */
export type OptionsOf<Known extends KnownOptions> = ReturnType<
  typeof parseArgs<{ readonly options: Known; readonly allowPositionals: true }>
>['values'];

export interface CommandLine<Known extends KnownOptions> {
  /** What --help prints, and what stands behind the sentence that says what is wrong. */
  readonly usage: string;
  /** Beside --help, which every command has. */
  readonly options: Known;
  /** Whether it takes words that are no options. */
  readonly takesWords?: boolean;
}

/** Runs a command with what it was called with: the one way in for all of them. Tells why it could not be done, and sets the exit status. */
export function runCommand<const Known extends KnownOptions>(
  commandLine: CommandLine<Known>,
  work: (options: OptionsOf<Known>, words: readonly string[]) => void | Promise<void>,
): void {
  const run = async (): Promise<void> => {
    const { values, positionals } = read(commandLine, process.argv.slice(2));
    if (values['help'] === true) process.stdout.write(commandLine.usage);
    else await work(values as OptionsOf<Known>, positionals);
  };
  run().catch(reportFailure);
}

function read({ usage, options, takesWords = false }: CommandLine<KnownOptions>, args: string[]) {
  try {
    return parseArgs({ args, options: { ...options, help: { type: 'boolean' } }, allowPositionals: takesWords });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'wrong arguments', usage);
  }
}
