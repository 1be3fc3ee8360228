import type { TokenKeys } from './keyRing';
import type { SigningKey } from './signingKey';

/** One key that signs and checks, for as long as whoever holds it lives. */
export function soleKey(key: SigningKey): TokenKeys {
  return {
    signingKey: () => key,
    verificationKey: (kid) => (kid === key.kid ? key : null),
  };
}
