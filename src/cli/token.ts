import { loadProcessConfig } from '../config/processConfig';
import { roles } from '../identity/principal';
import { UsageError } from './commandError';
import { runCommand } from './commandLine';
import { issueDevelopmentToken } from './issueDevelopmentToken';

const usage = `Prints an access token of a demo user, and nothing else. Development only: a second factor counts as proven, for
5 minutes as a fresh one.

  npm run token -- --role ROLE

  --role ROLE   ${roles.map((role) => role.toLowerCase()).join(', ')} (default: trader)
  --help        this text
`;

async function run(options: { readonly role: string }): Promise<void> {
  const role = roles.find((candidate) => candidate === options.role.toUpperCase());
  if (role === undefined) throw new UsageError(`"${options.role}" is not a role.`, usage);
  const issued = await issueDevelopmentToken({ config: await loadProcessConfig(), role });
  process.stdout.write(`${issued.accessToken}\n`);
}

runCommand({ usage, options: { role: { type: 'string', default: 'trader' } } }, run);
