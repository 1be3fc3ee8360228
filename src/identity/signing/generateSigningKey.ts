import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningAlgorithm } from '../../storage/identity/signingKeyRecords';
import { SigningKey } from './signingKey';

const modulusBits = 3072;
const generate = promisify(generateKeyPair);

/** Takes up to seconds of a thread of its own for RS256. */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } =
    algorithm === 'RS256'
      ? await generate('rsa', { modulusLength: modulusBits })
      : await generate('ec', { namedCurve: 'P-256' });
  return new SigningKey(privateKey);
}
