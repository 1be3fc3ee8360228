import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from '../../storage/identity/signingKeyRecords';
import { IdentityError } from '../identityError';

const minModulusBits = 3072;

/** A public key as clients read it at a JWKS address. */
export type PublicJwk = {
  readonly alg: SigningAlgorithm;
  readonly use: 'sig';
  readonly kid: string;
} & (RsaMembers | EcMembers);

type RsaMembers = { readonly kty: 'RSA' } & Readonly<Record<'n' | 'e', string>>;
type EcMembers = { readonly kty: 'EC' } & Readonly<Record<'crv' | 'x' | 'y', string>>;

/** What access tokens are checked with. The algorithm is a fact of the key: RSA of at least 3072 bits, which jsonwebtoken by itself would not ask for, or P-256. */
export class VerificationKey {
  readonly algorithm: SigningAlgorithm;
  /** The thumbprint. */
  readonly kid: string;
  readonly jwk: PublicJwk;

  /** Throws IdentityError where the key is of another kind, or too short. */
  constructor(readonly publicKey: KeyObject) {
    this.algorithm = algorithmOf(publicKey);
    const members = membersOf(publicKey);
    this.kid = thumbprintOf(members);
    this.jwk = { ...members, alg: this.algorithm, use: 'sig', kid: this.kid };
  }
}

/** What access tokens are signed with. */
export class SigningKey extends VerificationKey {
  /** Throws IdentityError where the key is of another kind, or too short. */
  constructor(readonly privateKey: KeyObject) {
    super(createPublicKey(privateKey));
  }

  /** pem: PKCS #8 or PKCS #1. Throws IdentityError where it is no private key that is fit. */
  static fromPem(pem: string): SigningKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch (error) {
      throw new IdentityError('The signing key is not a private key in PEM form.', { cause: error });
    }
    return new SigningKey(key);
  }
}

/** RFC 7638 thumbprint: SHA-256, base64url. */
export function thumbprintOf(members: RsaMembers | EcMembers): string {
  // The members in this order and without blanks, as section 3 has it.
  const required =
    members.kty === 'RSA'
      ? { e: members.e, kty: members.kty, n: members.n }
      : { crv: members.crv, kty: members.kty, x: members.x, y: members.y };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}

function algorithmOf(key: KeyObject): SigningAlgorithm {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= minModulusBits) return 'RS256';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  throw new IdentityError(`A signing key must be an RSA key of at least ${minModulusBits} bits, or one on P-256.`);
}

function membersOf(key: KeyObject): RsaMembers | EcMembers {
  const { kty, n = '', e = '', crv = '', x = '', y = '' }: JsonWebKey = key.export({ format: 'jwk' });
  return kty === 'RSA' ? { kty, n, e } : { kty: 'EC', crv, x, y };
}
