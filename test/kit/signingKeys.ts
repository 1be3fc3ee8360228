import type { Config } from '../../src/config/config';
import type { CredentialKey } from '../../src/identity/sealing/keyEncryptionKeys';
import { openSealingKeys } from '../../src/identity/sealing/openSealingKeys';
import { SigningKeyVault } from '../../src/identity/sealing/signingKeyVault';
import { generateSigningKey } from '../../src/identity/signing/generateSigningKey';
import type { SigningKey } from '../../src/identity/signing/signingKey';
import type { Storage } from '../../src/storage/storage';

/** The keys of the settings that this server holds itself. */
export function localKeysOf({ credentials }: Pick<Config, 'credentials'>): readonly CredentialKey[] {
  return (credentials.keys ?? []).flatMap((key) => ('key' in key ? [key] : []));
}

/** Gives the database a ring with one new key, which the key in the data folder opens, as a start of the server would. */
export async function beginSigningKeys(storage: Storage, dataDir: string): Promise<SigningKey> {
  const keys = openSealingKeys({ keys: null, dataDir, mayGenerate: true, onProgress: () => undefined });
  const key = await generateSigningKey('ES256');
  await storage.signingKeys.revokeAll(await new SigningKeyVault(keys).seal(key), { actor: 'test', at: Date.now() });
  return key;
}
