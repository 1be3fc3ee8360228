import type { Secret } from '../../domain/secret';
import { VaultHttp, type VaultAnswer, type VaultHttpParts } from './vaultHttp';
import { VaultToken, type VaultAuth } from './vaultToken';

export interface VaultSettings extends VaultHttpParts {
  readonly auth: VaultAuth;
}

/** Asks Vault as somebody who is signed in there. */
export class VaultSession {
  readonly #http: VaultHttp;
  readonly #token: VaultToken;

  constructor({ auth, ...settings }: VaultSettings, clock: () => number) {
    this.#http = new VaultHttp(settings);
    this.#token = new VaultToken({ http: this.#http, auth, clock });
  }

  /** Throws SecretError where nobody answers, or the sign-in is refused. */
  get(path: string): Promise<VaultAnswer> {
    return this.#ask((token) => this.#http.get(path, token));
  }

  /** Throws likewise. */
  post(path: string, body: object): Promise<VaultAnswer> {
    return this.#ask((token) => this.#http.post(path, { token, body }));
  }

  /** Somebody may have revoked the token: one sign-in tells whether it is that. */
  async #ask(ask: (token: Secret) => Promise<VaultAnswer>): Promise<VaultAnswer> {
    const first = await this.#once(ask);
    return first.status === 403 ? this.#once(ask) : first;
  }

  async #once(ask: (token: Secret) => Promise<VaultAnswer>): Promise<VaultAnswer> {
    const token = await this.#token.get();
    const answer = await ask(token);
    if (answer.status === 403) this.#token.forget(token);
    return answer;
  }
}

/** A path of Vault, as part of a URL. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
