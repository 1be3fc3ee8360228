import { parseArgs } from 'node:util';
import { describePermissions, usualSettings } from '../security/permissionMatrix';
import { subjects, type Subject } from '../security/subjects';
import { reportFailure, UsageError } from './commandError';
import { printPermissions } from './permissionTable';

const usage = `Prints who may do what, field by field, from the permission table that the server is built with. Asks no server and no database.

  npm run permissions                        every subject
  npm run permissions -- --subject VIEWER    one: ${subjects.join(', ')}
  npm run permissions -- --json              every cell, for programs

  ✓      allowed                   own            on what is theirs
  –      refused                   own, granted   also on what its owner let them read

As with PUBLIC_MARKET_DATA=false and INTROSPECTION=true; what a running server decides, the query permissionMatrix tells.
`;

function run(): void {
  const { help, json, subject } = readArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const cells = describePermissions(subject === null ? subjects : [subject], usualSettings);
  process.stdout.write(json ? `${JSON.stringify(cells, null, 2)}\n` : printPermissions(cells));
}

function readArguments(args: readonly string[]): {
  readonly help: boolean;
  readonly json: boolean;
  readonly subject: Subject | null;
} {
  const { help, json, subject: name } = parse(args);
  if (name === undefined) return { help, json, subject: null };
  const subject = subjects.find((known) => known === name.toUpperCase());
  if (subject === undefined) throw new UsageError(`There is no subject ${name}.`, usage);
  return { help, json, subject };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      help: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      subject: { type: 'string' },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'wrong arguments', usage);
  }
}

try {
  run();
} catch (error) {
  reportFailure(error);
}
