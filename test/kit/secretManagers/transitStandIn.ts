import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Answered } from './standIn';

interface Key {
  /** The first version is the first of them. */
  readonly versions: Buffer[];
  minDecryptionVersion: number;
}

const refuse = (message: string): Answered => ({ status: 400, body: { errors: [message] } });

/**
 * Stands in for the transit engine of Vault: `encrypt` and `decrypt` of keys of type aes256-gcm96, with associated data, versions, and
 * `min_decryption_version`, in the words of its documents. It is not Vault. https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export class TransitStandIn {
  readonly #keys = new Map<string, Key>();
  /** As Vault before 1.13 does, which ignores what it does not know. */
  ignoresAssociatedData = false;
  /** Whether the engine is mounted. */
  isThere = true;

  /** A key, or another version of it. */
  rotate(name: string): void {
    const key = this.#keys.get(name) ?? { versions: [], minDecryptionVersion: 1 };
    key.versions.push(randomBytes(32));
    this.#keys.set(name, key);
  }

  retireBefore(name: string, version: number): void {
    const key = this.#keys.get(name);
    if (key !== undefined) key.minDecryptionVersion = version;
  }

  /** For good, as an operator does by mistake. */
  remove(name: string): void {
    this.#keys.delete(name);
  }

  /** What no answer ever holds: the keys themselves. */
  get material(): readonly Buffer[] {
    return [...this.#keys.values()].flatMap(({ versions }) => versions);
  }

  /** Null where the path is none of its own. */
  answer(path: string, sent: Readonly<Record<string, string>>): Answered | null {
    const [, deed, name = ''] = /^transit\/(encrypt|decrypt)\/([^/]+)$/.exec(path) ?? [];
    if (deed === undefined || !this.isThere) return null;
    const key = this.#keys.get(name);
    if (key === undefined) return refuse('encryption key not found');
    const context = Buffer.from(this.ignoresAssociatedData ? '' : (sent['associated_data'] ?? ''), 'base64');
    return deed === 'encrypt' ? encrypt(key, context, sent) : decrypt(key, context, sent);
  }
}

function encrypt({ versions }: Key, context: Buffer, sent: Readonly<Record<string, string>>): Answered {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', versions.at(-1)!, nonce).setAAD(context);
  const body = [cipher.update(Buffer.from(sent['plaintext'] ?? '', 'base64')), cipher.final()];
  const bytes = Buffer.concat([nonce, ...body, cipher.getAuthTag()]);
  const version = versions.length;
  return {
    status: 200,
    body: { data: { ciphertext: `vault:v${version}:${bytes.toString('base64')}`, key_version: version } },
  };
}

function decrypt(key: Key, context: Buffer, sent: Readonly<Record<string, string>>): Answered {
  const [, number, text = ''] = /^vault:v(\d+):(.+)$/.exec(sent['ciphertext'] ?? '') ?? [];
  const version = Number(number);
  const material = key.versions[version - 1];
  if (material === undefined) return refuse('invalid ciphertext: no prefix');
  if (version < key.minDecryptionVersion) {
    return refuse('ciphertext or signature version is disallowed by policy (too old)');
  }
  const bytes = Buffer.from(text, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', material, bytes.subarray(0, 12));
    decipher.setAAD(context).setAuthTag(bytes.subarray(-16));
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    return { status: 200, body: { data: { plaintext: plaintext.toString('base64') } } };
  } catch {
    return refuse('cipher: message authentication failed');
  }
}
