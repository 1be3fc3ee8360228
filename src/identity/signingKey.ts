import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { IdentityError } from './identityError';

const minModulusBits = 3072;

/** A public key as clients read it at a JWKS address. */
export interface PublicJwk {
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: string;
  readonly alg: 'RS256';
  readonly use: 'sig';
  readonly kid: string;
}

/** The RSA key that signs access tokens: at least 3072 bits, which jsonwebtoken by itself would not ask for. */
export class SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The thumbprint of the public key. */
  readonly kid: string;
  readonly #jwk: PublicJwk;

  /** pem: PKCS #8 or PKCS #1. Throws IdentityError where it is no RSA private key of at least 3072 bits. */
  constructor(pem: string) {
    this.privateKey = readPrivateKey(pem);
    this.publicKey = createPublicKey(this.privateKey);
    const { n = '', e = '' } = this.publicKey.export({ format: 'jwk' });
    this.kid = thumbprintOf({ n, e });
    this.#jwk = { kty: 'RSA', n, e, alg: 'RS256', use: 'sig', kid: this.kid };
  }

  publicJwks(): { readonly keys: readonly PublicJwk[] } {
    return { keys: [this.#jwk] };
  }
}

/** RFC 7638 thumbprint of an RSA public key: SHA-256, base64url. */
export function thumbprintOf(key: { readonly n: string; readonly e: string }): string {
  // The members in this order and without blanks, as section 3 has it.
  const canonical = JSON.stringify({ e: key.e, kty: 'RSA', n: key.n });
  return createHash('sha256').update(canonical).digest('base64url');
}

function readPrivateKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new IdentityError('The signing key is not a private key in PEM form.', { cause: error });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < minModulusBits) {
    throw new IdentityError(`The signing key must be an RSA key of at least ${minModulusBits} bits.`);
  }
  return key;
}
