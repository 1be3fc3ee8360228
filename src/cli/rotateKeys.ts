import type { Config } from '../config/config';
import { loadProcessConfig } from '../config/processConfig';
import { AppError } from '../errors/appError';
import { IdentityError } from '../identity/identityError';
import { SigningKeyVault } from '../identity/sealing/signingKeyVault';
import { KeyRotation } from '../identity/signing/keyRotation';
import { keyTimesFor } from '../identity/signing/keyTimes';
import { limits } from '../security/limits';
import { openProvenKeys, openEmergencyKeys } from '../startSealing';
import { StorageError, reasonOf } from '../storage/storageError';
import { runCommand } from './commandLine';
import { withEmergencyStorage } from './emergencyStorage';
import { operatorName } from './operator';
import { withRunningStorage } from './runningStorage';

const usage = `Makes the key that signs access tokens next. Servers publish it, sign with it ${limits.jwks.maxAgeS / 60} to ${limits.jwks.maxAgeS / 60 + 1} minutes later, and take the tokens of
the old one until they have expired: nobody notices.

  npm run keys:rotate

  --emergency   somebody may have a key: a new one signs at once, every other one is gone at once, and so is every access token and
                session; sockets are closed, and everybody has to sign in again
  --help        this text

Run it where a server runs, with its settings; the database has to be up, and Vault where it keeps a key of CREDENTIAL_KEYS (in an emergency:
the one that seals).
`;

async function run({ emergency }: { readonly emergency: boolean }): Promise<void> {
  const config = await loadProcessConfig();
  const keys = emergency
    ? await openEmergencyKeys(config)
    : await openProvenKeys({ config, mayGenerate: false, onProgress: () => undefined, storage: null });
  const vault = new SigningKeyVault(keys);
  const withStorage = emergency ? withEmergencyStorage<void> : withRunningStorage<void>;
  await withStorage(config, async ({ signingKeys }) => {
    const { algorithm } = config.tokens;
    const rotation = new KeyRotation({ store: signingKeys, vault, algorithm, clock: Date.now });
    try {
      const said = emergency ? await revokeAll(rotation) : await rotate(rotation, config);
      process.stdout.write(`${said}\n`);
    } catch (error) {
      if (error instanceof IdentityError || error instanceof AppError) throw error;
      throw new StorageError(`The signing keys cannot be changed (${reasonOf(error)}).`, { cause: error });
    }
  });
}

async function rotate(rotation: KeyRotation, config: Config): Promise<string> {
  const added = await rotation.rotate({ actor: operatorName(), minAgeMs: 0 });
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
  const { kid, keys, sessions } = await rotation.revokeAll(operatorName());
  return `${kid} signs now. ${keys} older keys and ${sessions} sessions have ended, and with them every access token.`;
}

runCommand({ usage, options: { emergency: { type: 'boolean', default: false } } }, run);
