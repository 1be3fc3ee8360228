import { parseArgs } from 'node:util';
import { loadProcessConfig } from '../config/processConfig';
import { roles, type Role } from '../identity/principal';
import { UsageError, reportFailure } from './commandError';
import { issueDevelopmentToken } from './issueDevelopmentToken';

const usage = `Prints an access token of a demo user, and nothing else. Development only: a second factor counts as proven, for
5 minutes as a fresh one.

  npm run token -- --role ROLE

  --role ROLE   ${roles.map((role) => role.toLowerCase()).join(', ')} (default: trader)
  --help        this text
`;

async function run(): Promise<void> {
  const { role, help } = readArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const issued = await issueDevelopmentToken({ config: await loadProcessConfig(), role });
  process.stdout.write(`${issued.accessToken}\n`);
}

function readArguments(args: readonly string[]): { readonly role: Role; readonly help: boolean } {
  let values: { readonly role: string; readonly help: boolean };
  try {
    values = parseArgs({
      args: [...args],
      options: { role: { type: 'string', default: 'trader' }, help: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'wrong arguments', usage);
  }
  const role = roles.find((candidate) => candidate === values.role.toUpperCase());
  if (role === undefined) throw new UsageError(`"${values.role}" is not a role.`, usage);
  return { role, help: values.help };
}

run().catch(reportFailure);
