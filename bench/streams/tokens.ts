import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { AccessTokens } from '../../src/identity/accessTokens';
import { SigningKey } from '../../src/identity/signingKey';

const ttlS = 3_600;

export function makeSigningKeyPem(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function openTokens(signingKeyPem: string): AccessTokens {
  return new AccessTokens({
    signingKey: new SigningKey(signingKeyPem),
    issuer: 'tickgate',
    audience: 'tickgate',
    ttlS,
    clock: Date.now,
    newId: randomUUID,
  });
}
