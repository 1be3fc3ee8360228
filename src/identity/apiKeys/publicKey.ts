import { createPublicKey } from 'node:crypto';
import { AppError } from '../../errors/appError';

const begins = '-----BEGIN PUBLIC KEY-----';

/** The one PEM text of an Ed25519 public key. Throws AppError BAD_USER_INPUT with what to do, above all where it is a private key. */
export function parsePublicKey(text: string): string {
  // Node would make the public key of a private one, and nobody would learn that it had been given away.
  if (text.includes('PRIVATE KEY')) {
    throw badKey('`publicKey` is a private key, which is known to others now. Make another, and send its public part.');
  }
  const key = text.trim().startsWith(begins) ? readKey(text) : null;
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw badKey('`publicKey` is an Ed25519 public key in PEM, as `openssl pkey -pubout` prints it.');
  }
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function readKey(text: string): ReturnType<typeof createPublicKey> | null {
  try {
    return createPublicKey(text);
  } catch {
    return null;
  }
}

function badKey(publicMessage: string): AppError {
  return new AppError('BAD_USER_INPUT', { publicMessage });
}
