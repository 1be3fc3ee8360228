import { createHash, randomUUID } from 'node:crypto';
import { createSigner, httpbis } from 'http-message-signatures';
import { ed25519Pem, publicPemOf } from './keyPairs';

export interface SigningApiKey {
  readonly id: string;
  readonly authorization: string;
}

/** What is signed otherwise than it should be. */
export interface SigningWishes {
  readonly created?: Date;
  readonly expires?: Date;
  readonly nonce?: string;
  readonly keyid?: string;
  readonly alg?: string;
  readonly method?: string;
  readonly path?: string;
  readonly fields?: readonly string[];
  readonly params?: readonly string[];
  readonly contentDigest?: string;
  /** Headers that are there already, with signatures of others. */
  readonly besides?: Readonly<Record<string, string>>;
}

export type SignedHeaders = Readonly<Record<string, string>>;

export const componentsOfSocket = ['@method', '@path', 'authorization'] as const;
export const componentsOfRequest = [...componentsOfSocket, 'content-digest'] as const;
export const paramsOfSignature = ['created', 'nonce', 'keyid', 'alg'] as const;

/** Signs for an API key as a client does, with another implementation of RFC 9421 than the server's. */
export class RequestSigner {
  readonly privateKey = ed25519Pem();
  readonly publicKey = publicPemOf(this.privateKey);

  /** The headers of POST /graphql with this body, by their names in lower case. */
  async request(key: SigningApiKey, body: string, wishes: SigningWishes = {}): Promise<SignedHeaders> {
    const { contentDigest = digestOf(body) } = wishes;
    return this.#sign(key, {
      ...{ method: 'POST', fields: componentsOfRequest },
      ...wishes,
      besides: { 'content-type': 'application/json', 'content-digest': contentDigest, ...wishes.besides },
    });
  }

  /** The payload of `connection_init`. */
  async socket(key: SigningApiKey, wishes: SigningWishes = {}): Promise<SignedHeaders> {
    return this.#sign(key, { ...{ method: 'GET', fields: componentsOfSocket }, ...wishes });
  }

  async #sign({ id, authorization }: SigningApiKey, wishes: SigningWishes): Promise<SignedHeaders> {
    const { method = '', path = '/graphql', fields = [], params = paramsOfSignature, besides = {}, ...values } = wishes;
    const { headers } = await httpbis.signMessage(
      {
        key: createSigner(this.privateKey, 'ed25519', id),
        fields: [...fields],
        params: [...params],
        paramValues: { nonce: randomUUID(), ...values },
      },
      { method, url: `https://tickgate.example.org${path}`, headers: { ...besides, authorization } },
    );
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  }
}

export function digestOf(body: string): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}
