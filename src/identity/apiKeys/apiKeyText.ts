import { createHash, randomBytes } from 'node:crypto';

const secretBytes = 32;
const checkBytes = 4;
const shape = /^(tg_([\w-]{43}))_([0-9a-f]{8})$/;
const prefixLength = 8;

/** A key as it is shown once. */
export interface MadeApiKey {
  /** `tg_`, 256 random bits as base64url, `_` and a checksum, by which a scanner of leaks knows one from other text. */
  readonly text: string;
  /** How it begins, to tell it by. */
  readonly prefix: string;
  readonly hash: Buffer;
}

export function makeApiKey(): MadeApiKey {
  const body = `tg_${randomBytes(secretBytes).toString('base64url')}`;
  return { text: `${body}_${checksumOf(body)}`, prefix: body.slice(0, prefixLength), hash: hashOf(body) };
}

/** True of what is meant to be an API key, be it one or not: an access token never begins so. */
export function isApiKeyText(text: string): boolean {
  return text.startsWith('tg_');
}

/** What the database knows a key by; null where the text is none, or was typed or cut wrongly. */
export function hashOfApiKey(text: string): Buffer | null {
  const [, body, , checksum] = shape.exec(text) ?? [];
  return body === undefined || checksum !== checksumOf(body) ? null : hashOf(body);
}

/** The beginning of a SHA-256 over another text than the hash: it tells nothing of that. */
function checksumOf(body: string): string {
  return createHash('sha256').update(`checksum ${body}`).digest().subarray(0, checkBytes).toString('hex');
}

/** SHA-256: there is nothing to guess in 256 random bits. */
function hashOf(body: string): Buffer {
  return createHash('sha256').update(body).digest();
}
