import { textAt } from '../jsonField';
import { SecretError } from '../secretError';
import type { ReferenceTo, SecretManager } from '../secretManager';
import { failureOf, VaultHttp, type VaultAnswer, type VaultHttpParts } from './vaultHttp';
import { VaultToken, type VaultAuth } from './vaultToken';

export interface VaultSettings extends VaultHttpParts {
  readonly auth: VaultAuth;
}

/** Secrets of HashiCorp Vault's key/value engine, version 2. https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 */
export class VaultSecrets implements SecretManager<'vault'> {
  readonly #http: VaultHttp;
  readonly #token: VaultToken;

  constructor({ auth, ...settings }: VaultSettings, clock: () => number) {
    this.#http = new VaultHttp(settings);
    this.#token = new VaultToken({ http: this.#http, auth, clock });
  }

  async read({ mount, path, field }: ReferenceTo<'vault'>): Promise<string> {
    const place = `${encode(mount)}/data/${encode(path)}`;
    const first = await this.#get(place);
    // Somebody may have revoked the token: one sign-in tells whether it is that.
    const answer = first.status === 403 ? await this.#get(place) : first;
    if (answer.status !== 200) throw failureOf(answer);
    const data = (answer.body as { readonly data?: { readonly data?: unknown } } | null)?.data?.data;
    // A version that was deleted is answered with 404, one without data is none of this engine.
    if (typeof data !== 'object' || data === null) {
      throw new SecretError('missing', 'Vault has no version 2 key/value secret there');
    }
    return textAt(data, field);
  }

  async #get(place: string): Promise<VaultAnswer> {
    const token = await this.#token.get();
    const answer = await this.#http.get(place, token);
    if (answer.status === 403) this.#token.forget(token);
    return answer;
  }
}

function encode(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
