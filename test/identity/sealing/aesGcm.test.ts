import { createCipheriv, randomBytes } from 'node:crypto';
import { decrypt, encrypt } from '../../../src/identity/sealing/aesGcm';

const [key, context] = [randomBytes(32), Buffer.from('what it is for')];

it('decrypts what it encrypted, down to nothing at all', () => {
  for (const plaintext of [Buffer.alloc(0), Buffer.from('a'), randomBytes(10_000)]) {
    expect(decrypt({ ...encrypt({ key, plaintext, context }), key, context })).toEqual(plaintext);
  }
});

it('takes no tag of less than 16 bytes, though Node and GCM would', () => {
  const { nonce, ciphertext } = encrypt({ key, plaintext: Buffer.alloc(0), context });
  for (let length = 0; length < 16; length += 1) {
    expect(() => decrypt({ key, context, nonce, ciphertext: ciphertext.slice(0, length) })).toThrow();
  }
});

it('takes no nonce of another length, though Node and GCM would', () => {
  const nonce = randomBytes(16);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
  const ciphertext = Buffer.concat([cipher.update('text'), cipher.final(), cipher.getAuthTag()]);
  expect(() => decrypt({ key, context, nonce, ciphertext })).toThrow(RangeError);
});
