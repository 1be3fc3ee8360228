import { isAnyArrayBuffer } from 'node:util/types';
import {
  isInnerList,
  parseDictionary,
  serializeInnerList,
  type Dictionary,
  type InnerList,
  type Item,
  type Parameters,
} from 'structured-headers';
import { AppError } from '../../errors/appError';

/** Longer than any that a client makes. */
const maxHeaderLength = 2_048;
const nonceShape = /^[\w.~+/=-]{16,128}$/;

/** A signature of RFC 9421, as the headers tell it. */
export interface RequestSignature {
  /** What it is over, in its order. */
  readonly components: readonly string[];
  /** The last line of what was signed: components and parameters. */
  readonly params: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The same; null where it says nothing. */
  readonly expires: number | null;
  readonly nonce: string;
  readonly bytes: Buffer;
}

/** The signature of this key. Those of others beside it, of a proxy for example, are theirs. Throws AppError SIGNATURE_REQUIRED or SIGNATURE_REFUSED. */
export function readSignature(headers: Readonly<Record<string, unknown>>, keyId: string): RequestSignature {
  const { 'signature-input': inputText, signature: signatureText } = headers;
  if (inputText === undefined || signatureText === undefined) throw new AppError('SIGNATURE_REQUIRED');
  const inputs = readDictionary('Signature-Input', inputText);
  const own = [...inputs].filter((entry): entry is [string, InnerList] => isInputOf(keyId, entry[1]));
  const [label, input] = own[0] ?? [];
  if (label === undefined || input === undefined || own.length > 1) {
    throw refusedSignature('Send one signature whose `keyid` is the id of the API key.');
  }
  const bytes = bytesOf(readDictionary('Signature', signatureText), label);
  if (bytes === null) throw refusedSignature('`Signature` holds no bytes of the label that `Signature-Input` names.');
  return { ...readInput(input), bytes };
}

/** The bytes that a header gives under a name; null where it gives none. Throws AppError SIGNATURE_REFUSED. */
export function readBytes(header: string, text: unknown, name: string): Buffer | null {
  return bytesOf(readDictionary(header, text), name);
}

export function refusedSignature(publicMessage: string): AppError {
  return new AppError('SIGNATURE_REFUSED', { publicMessage });
}

function isInputOf(keyId: string, member: Item | InnerList): boolean {
  return isInnerList(member) && member[1].get('keyid') === keyId;
}

function readInput(input: InnerList): Omit<RequestSignature, 'bytes'> {
  const [items, params] = input;
  const components = items.map(([name, flags]: [unknown, Parameters]) =>
    typeof name === 'string' && flags.size === 0 ? name : null,
  );
  if (!components.every((name) => name !== null)) throw refusedSignature('Components are signed without parameters.');
  const [alg, created, expires, nonce] = ['alg', 'created', 'expires', 'nonce'].map((name): unknown =>
    params.get(name),
  );
  if (alg !== undefined && alg !== 'ed25519') throw refusedSignature('`alg` is "ed25519".');
  if (!isSeconds(created)) throw refusedSignature('Sign with `created`, in whole seconds since 1970.');
  if (expires !== undefined && !isSeconds(expires)) throw refusedSignature('`expires` is in whole seconds since 1970.');
  if (typeof nonce !== 'string' || !nonceShape.test(nonce)) {
    throw refusedSignature('Sign with a `nonce` of 16 to 128 letters, digits and ._~+/=-, a new one each time.');
  }
  return { components, params: serializeInnerList(input), created, expires: expires ?? null, nonce };
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function readDictionary(header: string, text: unknown): Dictionary {
  if (typeof text === 'string' && text.length <= maxHeaderLength) {
    try {
      return parseDictionary(text);
    } catch {
      // As any other text that is none.
    }
  }
  throw refusedSignature(`\`${header}\` is no dictionary of RFC 8941.`);
}

function bytesOf(dictionary: Dictionary, name: string): Buffer | null {
  const value: unknown = dictionary.get(name)?.[0];
  return isAnyArrayBuffer(value) ? Buffer.from(value) : null;
}
