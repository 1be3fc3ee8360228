import { generateKeyPair } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { IdentityError } from './identityError';
import { keepPrivateFile, readPrivateFile } from './privateFile';
import { SigningKey } from './signingKey';

const fileName = 'signing-key.pem';
const modulusBits = 3072;

/**
 * The signing key of the configuration, else the one kept in the data folder, else, where `mayGenerate`, a new one kept there (0600).
 * Throws IdentityError where there is none or it is not fit.
 */
export async function openSigningKey(options: {
  readonly pem: string | null;
  readonly dataDir: string;
  readonly mayGenerate: boolean;
  readonly onProgress: (message: string) => void;
}): Promise<SigningKey> {
  const file = path.join(options.dataDir, fileName);
  const pem = options.pem ?? readPrivateFile(file);
  if (pem !== null) return new SigningKey(pem);
  if (!options.mayGenerate)
    throw new IdentityError(`There is no signing key in ${options.dataDir}: start the server once.`);
  options.onProgress('making the key that signs access tokens');
  const made = await promisify(generateKeyPair)('rsa', {
    modulusLength: modulusBits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return new SigningKey(keepPrivateFile(file, made.privateKey));
}
