import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { migrations } from '../../migrations/migrations';
import type { Config } from '../config/config';
import { loadProcessConfig } from '../config/processConfig';
import { IdentityError } from '../identity/identityError';
import { openSigningKeyVault } from '../identity/sealing/openCredentialVault';
import { KeyRotation } from '../identity/signing/keyRotation';
import { keyTimesFor } from '../identity/signing/keyTimes';
import { limits } from '../security/limits';
import { openRunningStorage, openStorage, type Storage } from '../storage/storage';
import { StorageError, reasonOf } from '../storage/storageError';
import { UsageError, reportFailure } from './commandError';

const usage = `Makes the key that signs access tokens next. Servers publish it, sign with it ${limits.jwks.maxAgeS / 60} to ${limits.jwks.maxAgeS / 60 + 1} minutes later, and take the tokens of
the old one until they have expired: nobody notices.

  npm run keys:rotate

  --emergency   somebody may have a key: a new one signs at once, every other one is gone at once, and so is every access token and
                session; sockets are closed, and everybody has to sign in again
  --help        this text

Run it where a server runs, with its settings; the database has to be up.
`;

async function run(): Promise<void> {
  const { emergency, help } = readArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const config = loadProcessConfig();
  const { dataDir } = config;
  const keys = config.credentials.keys;
  const vault = openSigningKeyVault({ keys, dataDir, mayGenerate: false, onProgress: () => undefined });
  const storage = await openDatabase(config, emergency);
  try {
    const rotation = new KeyRotation({
      store: storage.signingKeys,
      vault,
      algorithm: config.tokens.algorithm,
      clock: Date.now,
    });
    const said = emergency ? await revokeAll(rotation) : await rotate(rotation, config);
    process.stdout.write(`${said}\n`);
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    throw new StorageError(`The signing keys cannot be changed (${reasonOf(error)}).`, { cause: error });
  } finally {
    await storage.stop();
  }
}

/** For the audit log: whoever is signed in on the host. */
function operator(): string {
  try {
    return `operator:${userInfo().username}`;
  } catch {
    // In a container nobody may have that number.
    return `operator:${process.getuid?.() ?? 'unknown'}`;
  }
}

async function rotate(rotation: KeyRotation, config: Config): Promise<string> {
  const added = await rotation.rotate({ actor: operator(), minAgeMs: 0 });
  const { publishMs } = keyTimesFor({ tokenTtlS: config.tokens.ttlS, jwksMaxAgeS: limits.jwks.maxAgeS });
  switch (added.kind) {
    case 'added':
      return `${added.made} is published now, and signs in ${publishMs / 60_000} minutes.`;
    case 'pending':
      return `${added.kid} is published already, and signs next: no other key was made.`;
    case 'young':
    case 'empty':
      throw new IdentityError('There are no signing keys yet: start the server once.');
  }
}

async function revokeAll(rotation: KeyRotation): Promise<string> {
  const { kid, keys, sessions } = await rotation.revokeAll(operator());
  return `${kid} signs now. ${keys} older keys and ${sessions} sessions have ended, and with them every access token.`;
}

/** The embedded database runs with its server; where that does not start for want of a key, the emergency is what makes it start. */
async function openDatabase(config: Config, mayStart: boolean): Promise<Storage> {
  const { dataDir } = config;
  const databaseUrl = config.database.url?.reveal() ?? null;
  try {
    return await openRunningStorage({ databaseUrl, dataDir });
  } catch (error) {
    if (!mayStart || databaseUrl !== null || !(error instanceof StorageError)) throw error;
    const { signal } = new AbortController();
    return openStorage({ databaseUrl, dataDir, migrations, onProgress: () => undefined, signal });
  }
}

function readArguments(args: readonly string[]): { readonly emergency: boolean; readonly help: boolean } {
  try {
    return parseArgs({
      args: [...args],
      options: { emergency: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'wrong arguments', usage);
  }
}

run().catch(reportFailure);
