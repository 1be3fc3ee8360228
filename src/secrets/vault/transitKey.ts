import { SecretError } from '../secretError';
import { failureOf, type VaultAnswer } from './vaultHttp';
import { encodePath, type VaultSession } from './vaultSession';

/** Where Vault keeps a key of its transit engine. */
export interface TransitPlace {
  readonly mount: string;
  readonly name: string;
}

type Deed = 'encrypt' | 'decrypt';

/**
 * A key of Vault's transit engine, which encrypts and decrypts with it and never gives it away. What is sent is bound to a context
 * (`associated_data`: Vault 1.13 and later, keys of type aes256-gcm96 and the like). Its `rewrap` cannot do that: what moves to a newer version is
 * decrypted and encrypted. https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export class TransitKey {
  constructor(
    private readonly parts: {
      readonly session: VaultSession;
      readonly place: TransitPlace;
    },
  ) {}

  /** With the newest version of the key. Throws SecretError. */
  async encrypt(
    plaintext: Uint8Array,
    context: Uint8Array,
  ): Promise<{ readonly version: number; readonly ciphertext: Buffer }> {
    const answer = await this.#ask('encrypt', { plaintext: base64(plaintext), associated_data: base64(context) });
    if (answer.status !== 200) throw this.#failureOf('encrypt', answer);
    const [, version, encoded] =
      /^vault:v([1-9]\d{0,8}):([A-Za-z0-9+/]+={0,2})$/.exec(textOf(answer, 'ciphertext')) ?? [];
    const ciphertext = Buffer.from(encoded ?? '', 'base64');
    // Only these bytes are kept: from them what Vault gave has to come back.
    if (version === undefined || encoded !== ciphertext.toString('base64')) throw unreadable();
    return { version: Number(version), ciphertext };
  }

  /** Null where Vault says that it does not open, be it the bytes, the context or a version that is not in use any more. Throws SecretError. */
  async decrypt(
    { version, ciphertext }: { readonly version: number; readonly ciphertext: Uint8Array },
    context: Uint8Array,
  ): Promise<Buffer | null> {
    const answer = await this.#ask('decrypt', {
      ciphertext: `vault:v${version}:${base64(ciphertext)}`,
      associated_data: base64(context),
    });
    if (answer.status === 400) return null;
    if (answer.status !== 200) throw this.#failureOf('decrypt', answer);
    return Buffer.from(textOf(answer, 'plaintext'), 'base64');
  }

  #ask(deed: Deed, body: object): Promise<VaultAnswer> {
    const { session, place } = this.parts;
    return session.post(`${encodePath(place.mount)}/${deed}/${encodeURIComponent(place.name)}`, body);
  }

  /** Whoever is refused here is signed in. */
  #failureOf(deed: Deed, answer: VaultAnswer): SecretError {
    const { mount, name } = this.parts.place;
    return failureOf(answer, {
      malformed: `see that it has a key ${name} that encrypts, "vault read ${mount}/keys/${name}"`,
      forbidden: `give the policy that it signs in with "update" on ${mount}/${deed}/${name}`,
      missing: `see that its transit engine is at ${mount}, "vault secrets list", and VAULT_NAMESPACE`,
    });
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function textOf({ body }: VaultAnswer, field: string): string {
  const data = (body as { readonly data?: Readonly<Record<string, unknown>> | null } | null)?.data;
  const text = data?.[field];
  if (typeof text !== 'string' || text === '') throw unreadable();
  return text;
}

function unreadable(): SecretError {
  return new SecretError('unavailable', 'Vault gave an answer that is none of its transit engine');
}
