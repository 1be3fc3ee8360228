import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/**
 * Key pairs are made as text, never as the objects that Node 20 would give: those share a lock with the work that made them. Where that is
 * collected while the size of such an RSA key is read, which is done under the same lock, the process stands still for ever.
 */
const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const;

/** PKCS #8. */
export function rsaPem(modulusLength: number): string {
  return generateKeyPairSync('rsa', { modulusLength, publicKeyEncoding, privateKeyEncoding }).privateKey;
}

/** PKCS #8. namedCurve: e.g. "P-256". */
export function ecPem(namedCurve: string): string {
  return generateKeyPairSync('ec', { namedCurve, publicKeyEncoding, privateKeyEncoding }).privateKey;
}

export function ed25519Pem(): string {
  return generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding }).privateKey;
}

export function rsaKey(modulusLength: number): KeyObject {
  return createPrivateKey(rsaPem(modulusLength));
}

/** A key of the same curve that signs nothing. */
export function x25519Pem(): string {
  return generateKeyPairSync('x25519', { publicKeyEncoding, privateKeyEncoding }).privateKey;
}

/** SPKI, of a private key as PEM. */
export function publicPemOf(privatePem: string): string {
  return createPublicKey(privatePem).export(publicKeyEncoding).toString();
}
