import { loadProcessConfig } from '../config/processConfig';
import { openRunningStorage } from '../storage/storage';
import { findFaults, readAccess, describeAccess } from './accessReport';
import { runCommand } from './commandLine';

const usage = `Prints who has access to what: users, API keys, signing keys, database roles and the Redis user, to be looked through every quarter. Changes nothing.

  npm run access:review

  --help   this text

Run it with the settings of a server; the database, and Redis where there is one, have to be up. docs/ACCESS.md tells what to look for.

Exit status: 0 nothing is wrong by itself, 1 something is, and the last lines say what.
`;

async function run(): Promise<void> {
  const { database, redis, dataDir, tokens } = await loadProcessConfig();
  const storage = await openRunningStorage({ databaseUrl: database.url?.reveal() ?? null, dataDir });
  try {
    const access = await readAccess(storage.accessRecords, redis.url?.reveal() ?? null);
    const faults = findFaults(access, tokens);
    process.stdout.write(describeAccess(access, faults));
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    await storage.stop();
  }
}

runCommand({ usage, options: {} }, run);
