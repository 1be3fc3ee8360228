import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Secret } from '../../domain/secret';
import { SecretError } from '../secretError';
import { answerWithinMs } from '../secretManager';

export interface VaultAnswer {
  readonly status: number;
  /** Null where it is not JSON. */
  readonly body: unknown;
}

export interface VaultHttpParts {
  /** http:// or https://, without a closing slash. */
  readonly address: string;
  /** PEM of the authority that signed the server's certificate; null: one of those that Node knows. */
  readonly ca: string | null;
  readonly namespace: string | null;
}

const maxAnswerBytes = 1_048_576;

/** Vault's HTTP API: plain JSON over HTTPS, which needs no client of the vendor. */
export class VaultHttp {
  constructor(private readonly parts: VaultHttpParts) {}

  get(path: string, token: Secret): Promise<VaultAnswer> {
    return this.#ask('GET', path, { token, body: null });
  }

  post(path: string, sent: { readonly token: Secret | null; readonly body: object }): Promise<VaultAnswer> {
    return this.#ask('POST', path, sent);
  }

  /** Throws SecretError (unavailable) where no answer comes within five seconds. */
  async #ask(
    method: 'GET' | 'POST',
    path: string,
    { token, body }: { readonly token: Secret | null; readonly body: object | null },
  ): Promise<VaultAnswer> {
    const { address, ca, namespace } = this.parts;
    const url = new URL(`${address}/v1/${path}`);
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const headers = {
      // Vault refuses what a page in a browser could be made to send.
      'X-Vault-Request': 'true',
      ...(token === null ? {} : { 'X-Vault-Token': token.reveal() }),
      ...(namespace === null ? {} : { 'X-Vault-Namespace': namespace }),
      ...(body === null ? {} : { 'Content-Type': 'application/json' }),
    };
    const signal = AbortSignal.timeout(answerWithinMs);
    try {
      return await new Promise<VaultAnswer>((resolve, reject) => {
        const sent = send(
          url,
          { method, headers, signal, agent: false, ...(ca === null ? {} : { ca }) },
          (response) => {
            const chunks: Buffer[] = [];
            let size = 0;
            response.on('error', reject);
            response.on('data', (chunk: Buffer) => {
              size += chunk.length;
              if (size > maxAnswerBytes) response.destroy(new Error('the answer is too large'));
              else chunks.push(chunk);
            });
            response.on('end', () => {
              resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString('utf8')) });
            });
          },
        );
        sent.on('error', reject);
        sent.end(body === null ? undefined : JSON.stringify(body));
      });
    } catch (error) {
      throw new SecretError(
        'unavailable',
        `Vault does not answer (${codeOf(error)}): see that it runs, VAULT_ADDR, and VAULT_CACERT where its authority is your own`,
      );
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** A code or a class, never a message: it may repeat what was sent. */
function codeOf(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<
    Record<string, unknown>
  >;
  // Of a question that took too long it is a number.
  return [code, name].find((one) => typeof one === 'string') ?? 'unknown failure';
}

/** What the operator looks at, by what Vault says of a question. Each names settings and places of ours, and no secret. */
export interface Remedies {
  /** HTTP 400. */
  readonly malformed: string;
  /** HTTP 401, 403. */
  readonly forbidden: string;
  /** HTTP 404. */
  readonly missing: string;
}

/** What an answer that is no success says, and what to do. The texts of Vault are not repeated: they may hold paths of others. */
export function failureOf({ status }: VaultAnswer, { malformed, forbidden, missing }: Remedies): SecretError {
  switch (status) {
    case 404:
      return new SecretError('missing', `Vault has nothing there (HTTP 404): ${missing}`);
    case 400:
      return new SecretError('refused', `Vault refuses it (HTTP 400): ${malformed}`);
    case 401:
    case 403:
      return new SecretError('refused', `Vault refuses it (HTTP ${status}): ${forbidden}`);
    case 503:
      return new SecretError(
        'unavailable',
        'Vault cannot answer now (HTTP 503): it is sealed or being maintained; see "vault status", and unseal it',
      );
    default:
      return new SecretError(
        'unavailable',
        `Vault cannot answer now (HTTP ${status}): see "vault status", and what it logs`,
      );
  }
}
