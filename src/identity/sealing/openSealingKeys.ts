import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Secret } from '../../domain/secret';
import { IdentityError } from '../identityError';
import { keepPrivateFile, readPrivateFile } from '../privateFile';
import { keyBytes } from './aesGcm';
import { KeyEncryptionKeys, type CredentialKey, type SealingKey } from './keyEncryptionKeys';

const fileName = 'credential-keys';
const idBytes = 4;

interface SealingKeysOptions {
  /** Newest first. */
  readonly keys: readonly SealingKey[] | null;
  readonly dataDir: string;
  readonly mayGenerate: boolean;
  readonly onProgress: (message: string) => void;
  /** Another one than `usualSpreadMs`. */
  readonly spreadMs?: number | undefined;
  /** True of the ids that records are sealed with; left out where this process alone goes by its list. */
  readonly isUsed?: ((id: string) => boolean) | undefined;
}

/**
 * The keys that every vault of a server has in common: those of the configuration, else the one kept in the data folder, else, where
 * `mayGenerate`, a new one kept there (0600). Whoever loses the key loses what was sealed with it. Throws IdentityError where there is none
 * or it is not fit.
 */
export function openSealingKeys(options: SealingKeysOptions): KeyEncryptionKeys {
  const { spreadMs, isUsed } = options;
  return new KeyEncryptionKeys(options.keys ?? [openKeptKey(options)], { spreadMs }, isUsed);
}

function openKeptKey(options: {
  readonly dataDir: string;
  readonly mayGenerate: boolean;
  readonly onProgress: (message: string) => void;
}): CredentialKey {
  const file = path.join(options.dataDir, fileName);
  const text = readPrivateFile(file);
  if (text !== null) return parseKey(file, text);
  if (!options.mayGenerate) {
    throw new IdentityError(`There is no key in ${options.dataDir} that seals exchange credentials.`);
  }
  options.onProgress('making the key that seals exchange credentials');
  return parseKey(file, keepPrivateFile(file, generateKey()));
}

/** In the form of the setting, so that CREDENTIAL_KEYS_FILE can name the file. The id is new each time: a lost key is then told as unknown. */
function generateKey(): string {
  return `made-${randomBytes(idBytes).toString('hex')}:${randomBytes(keyBytes).toString('base64')}\n`;
}

function parseKey(file: string, text: string): CredentialKey {
  const [, id, key] = /^([\w.-]+):(\S+)\n$/.exec(text) ?? [];
  if (id === undefined || key === undefined) throw new IdentityError(`${file} does not hold one key as id:base64.`);
  return { id, key: new Secret(key) };
}
