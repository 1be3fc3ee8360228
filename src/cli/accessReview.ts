import { loadProcessConfig } from '../config/processConfig';
import { findFaults, readAccess, describeAccess } from './accessReport';
import { runCommand } from './commandLine';
import { withRunningStorage } from './runningStorage';

const usage = `Prints who has access to what: users, API keys, signing keys, database roles and the Redis user, to be looked through every quarter. Changes nothing.

  npm run access:review

  --help   this text

Run it with the settings of a server; the database, and Redis where there is one, have to be up. docs/ACCESS.md tells what to look for.

Exit status: 0 nothing is wrong by itself, 1 something is, and the last lines say what.
`;

async function run(): Promise<void> {
  const config = await loadProcessConfig();
  const { redis, tokens } = config;
  await withRunningStorage(config, async ({ accessRecords }) => {
    const access = await readAccess(accessRecords, redis.url?.reveal() ?? null);
    const faults = findFaults(access, tokens);
    process.stdout.write(describeAccess(access, faults));
    if (faults.length > 0) process.exitCode = 1;
  });
}

runCommand({ usage, options: {} }, run);
