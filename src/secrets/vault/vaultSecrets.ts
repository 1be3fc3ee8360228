import { textAt } from '../jsonField';
import { SecretError } from '../secretError';
import type { ReferenceTo, SecretManager } from '../secretManager';
import { failureOf } from './vaultHttp';
import { encodePath, VaultSession, type VaultSettings } from './vaultSession';

/** Secrets of HashiCorp Vault's key/value engine, version 2. https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 */
export class VaultSecrets implements SecretManager<'vault'> {
  readonly #session: VaultSession;

  constructor(settings: VaultSettings, clock: () => number) {
    this.#session = new VaultSession(settings, clock);
  }

  async read({ mount, path, field }: ReferenceTo<'vault'>): Promise<string> {
    const answer = await this.#session.get(`${encodePath(mount)}/data/${encodePath(path)}`);
    if (answer.status !== 200) throw failureOf(answer);
    const data = (answer.body as { readonly data?: { readonly data?: unknown } } | null)?.data?.data;
    // A version that was deleted is answered with 404, one without data is none of this engine.
    if (typeof data !== 'object' || data === null) {
      throw new SecretError('missing', 'Vault has no version 2 key/value secret there');
    }
    return textAt(data, field);
  }
}
