import { rmSync } from 'node:fs';
import path from 'node:path';
import type { EpochMs } from '../../domain/marketData';
import type { SigningAlgorithm } from '../../storage/identity/signingKeyRecords';
import type { SigningKeyStore } from '../../storage/identity/signingKeyStore';
import type { Logger } from '../../telemetry/logger';
import { readPrivateFile } from '../privateFile';
import type { SigningKeyVault } from '../sealing/signingKeyVault';
import { generateSigningKey } from './generateSigningKey';
import { SigningKey } from './signingKey';

/** Where the one key was kept before there was a ring. */
const fileName = 'signing-key.pem';

/** Who does it, for the audit log. */
const actor = 'start';

export interface KeyRingBeginning {
  readonly store: SigningKeyStore;
  readonly vault: SigningKeyVault;
  /** ACCESS_TOKEN_PRIVATE_KEY. */
  readonly pem: string | null;
  readonly dataDir: string;
  /** Of the key that is made where none is given. */
  readonly algorithm: SigningAlgorithm;
  readonly clock: () => EpochMs;
  readonly logger: Pick<Logger, 'warn'>;
  readonly onProgress: (message: string) => void;
}

/**
 * Makes sure that there is a ring. One that is empty begins with the key that a deployment of before has: that of the settings, else that
 * of the data folder, else a new one. In a ring that goes on neither has a say. Throws IdentityError where a given key is not fit.
 */
export async function beginKeyRing(parts: KeyRingBeginning): Promise<void> {
  const { store, vault, pem, dataDir, algorithm, clock, logger, onProgress } = parts;
  const file = path.join(dataDir, fileName);
  const kept = pem === null ? readPrivateFile(file) : null;
  const text = pem ?? kept;
  const given = text === null ? null : SigningKey.fromPem(text);
  if ((await store.read()).keys.length === 0) {
    if (given === null) onProgress('making the key that signs access tokens');
    const first = given ?? (await generateSigningKey(algorithm));
    await store.begin(await vault.seal(first), { actor, at: clock() });
  }
  if (given === null) return;
  const source = kept === null ? 'ACCESS_TOKEN_PRIVATE_KEY' : file;
  if (!(await store.knows(given.kid)))
    logger.warn(
      { source, kid: given.kid },
      'a signing key is ignored: the database holds others; run keys:rotate for a new one',
    );
  // Sealed in the database it is safer than in a file, and goes when its time is over.
  else if (kept !== null) rmSync(file);
}
