import { describePermissions, usualSettings } from '../security/permissionMatrix';
import { subjects, type Subject } from '../security/subjects';
import { UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';
import { printPermissions } from './permissionTable';

const usage = `Prints who may do what, field by field, from the permission table that the server is built with. Asks no server and no database.

  npm run permissions                        every subject
  npm run permissions -- --subject VIEWER    one: ${subjects.join(', ')}
  npm run permissions -- --json              every cell, for programs

  ✓      allowed                   own            on what is theirs
  –      refused                   own, granted   also on what its owner let them read

As with PUBLIC_MARKET_DATA=false and INTROSPECTION=true; what a running server decides, the query permissionMatrix tells.
`;

const known = { json: { type: 'boolean', default: false }, subject: { type: 'string' } } as const;

function run({ json, subject }: OptionsOf<typeof known>): void {
  const cells = describePermissions(subject === undefined ? subjects : [readSubject(subject)], usualSettings);
  process.stdout.write(json ? `${JSON.stringify(cells, null, 2)}\n` : printPermissions(cells));
}

function readSubject(name: string): Subject {
  const subject = subjects.find((known) => known === name.toUpperCase());
  if (subject === undefined) throw new UsageError(`There is no subject ${name}.`, usage);
  return subject;
}

runCommand({ usage, options: known }, run);
