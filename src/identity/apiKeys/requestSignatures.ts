import { createHash, verify } from 'node:crypto';
import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { CredentialedRequest } from '../credentialedRequest';
import { readBytes, readSignature, refusedSignature, type RequestSignature } from './signatureHeaders';

/** How far `created` may be from our clock, either way. */
const windowMs = 5_000;
const components = ['@method', '@path', 'authorization'] as const;
const componentsWithBody = [...components, 'content-digest'] as const;

export interface RequestSignaturesParts {
  readonly nonces: {
    /** False where it was taken before. Throws AppError SIGNATURE_UNCHECKABLE where nobody can tell. */
    take(keyId: string, nonce: string): Promise<boolean>;
  };
  readonly clock: () => EpochMs;
}

/** Signatures of requests by RFC 9421: made with a private key that the server never sees, each good once and for seconds. */
export class RequestSignatures {
  constructor(private readonly parts: RequestSignaturesParts) {}

  /** publicKey: PEM. Throws AppError SIGNATURE_… with what to do. The nonce is used up only by a signature that is good. */
  async assertSigned(
    key: { readonly id: string; readonly publicKey: string },
    request: CredentialedRequest,
  ): Promise<void> {
    const signature = readSignature(request.headers, key.id);
    this.#assertInTime(signature);
    assertCovers(signature, request.body === null ? components : componentsWithBody);
    if (request.body !== null) assertDigest(request.headers['content-digest'], request.body);
    if (!verify(null, signedBytes(signature, request), key.publicKey, signature.bytes)) {
      throw new AppError('SIGNATURE_REFUSED');
    }
    if (!(await this.parts.nonces.take(key.id, signature.nonce))) throw new AppError('SIGNATURE_REPLAYED');
  }

  #assertInTime({ created, expires }: RequestSignature): void {
    const now = this.parts.clock();
    const isOver = expires !== null && now > expires * 1_000;
    if (Math.abs(now - created * 1_000) <= windowMs && !isOver) return;
    const serverTime = new Date(now).toISOString();
    throw new AppError('SIGNATURE_OUT_OF_TIME', {
      publicMessage: `Here it is ${serverTime}: \`created\` is more than 5 s off, or it expired. Set your clock; sign when you send.`,
      extensions: { serverTime },
    });
  }
}

/** These and no others: what more there is could not be told from what is checked. */
function assertCovers(signature: RequestSignature, wanted: readonly string[]): void {
  const covered = new Set(signature.components);
  const isExact = signature.components.length === wanted.length && wanted.every((name) => covered.has(name));
  if (!isExact) throw refusedSignature(`Sign these components, and no others: ${wanted.join(', ')}.`);
}

function assertDigest(header: unknown, body: Buffer): void {
  const digest = readBytes('Content-Digest', header, 'sha-256');
  if (digest === null) throw refusedSignature('Send `Content-Digest: sha-256=:…:` of the body (RFC 9530).');
  if (!digest.equals(createHash('sha256').update(body).digest())) {
    throw refusedSignature('`Content-Digest` is of another body than the one that came.');
  }
}

/** The signature base of RFC 9421, section 2.5. */
function signedBytes(signature: RequestSignature, { method, path, headers }: CredentialedRequest): Buffer {
  const derived: Readonly<Record<string, unknown>> = { ...headers, '@method': method, '@path': path };
  const lines = signature.components.map((name) => `"${name}": ${String(derived[name]).trim()}`);
  return Buffer.from([...lines, `"@signature-params": ${signature.params}`].join('\n'));
}
