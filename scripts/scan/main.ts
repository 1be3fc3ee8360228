import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Check } from './check';
import { checks } from './checks';
import { describeLine, isGood, runCheck } from './report';
import { runSelfTest } from './selfTest/selfTest';

const usage = `Looks for what must not be in this project: secrets in its files and in its history, packages that are not what the lock says,
licences, install scripts, workflows that could be taken over. Changes nothing, and asks nobody but the registry about known vulnerabilities.

  npm run scan
  npm run scan -- --release
  npm run scan -- --only workflows --release
  npm run scan -- --self-test

  --release     what is open or could not be looked at counts as a fault too: pins that nobody looked up, owners without a name
  --only NAME   one check; may be given more than once
  --self-test   plants faults of every kind in a repository made for it, and tells whether each was found
  --json        every finding as JSON, a line a check
  --help        this text

Exit status: 0 nothing was found, 1 something was, and the lines below the check say what, 64 the command line is wrong.
`;

/** sysexits.h: the command was called wrongly. */
const usageExitStatus = 64;

const projectDir = path.resolve(__dirname, '../..');

function main(): void {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const { release: isRelease } = options;
  const all = options['self-test']
    ? runSelfTest()
    : chosen(options.only).map((check) => () => runCheck(check, projectDir));
  for (const next of all) {
    const line = next();
    process.stdout.write(options.json ? `${JSON.stringify(line)}\n` : describeLine(line, isRelease));
    if (!isGood(line, isRelease)) process.exitCode = 1;
  }
}

/** All of them, or those that are named. */
function chosen(names: readonly string[]): readonly Check[] {
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined) refuse(`There is no check "${unknown}": ${checks.map(({ name }) => name).join(', ')}.`);
  return names.length === 0 ? checks : checks.filter(({ name }) => names.includes(name));
}

function readOptions() {
  const boolean = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      options: {
        release: boolean,
        'self-test': boolean,
        json: boolean,
        help: boolean,
        only: { type: 'string', multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'wrong arguments');
  }
}

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n\n${usage}`);
  process.exit(usageExitStatus);
}

main();
