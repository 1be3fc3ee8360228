import { openSigningKeyVault } from '../../src/identity/sealing/openCredentialVault';
import { generateSigningKey } from '../../src/identity/signing/generateSigningKey';
import type { SigningKey } from '../../src/identity/signing/signingKey';
import type { Storage } from '../../src/storage/storage';

/** Gives the database a ring with one new key, which the key in the data folder opens, as a start of the server would. */
export async function beginSigningKeys(storage: Storage, dataDir: string): Promise<SigningKey> {
  const vault = openSigningKeyVault({ keys: null, dataDir, mayGenerate: true, onProgress: () => undefined });
  const key = await generateSigningKey('ES256');
  await storage.signingKeys.revokeAll(vault.seal(key), { actor: 'test', at: Date.now() });
  return key;
}
