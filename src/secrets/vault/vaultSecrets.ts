import { textAt } from '../jsonField';
import { SecretError } from '../secretError';
import { timeOf, type KeptSecret, type ReferenceTo, type SecretManager } from '../secretManager';
import { failureOf } from './vaultHttp';
import { encodePath, VaultSession, type VaultSettings } from './vaultSession';

interface Answered {
  readonly data?: unknown;
  /** Of the version. */
  readonly metadata?: { readonly created_time?: unknown } | null;
}

/** Secrets of HashiCorp Vault's key/value engine, version 2. https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 */
export class VaultSecrets implements SecretManager<'vault'> {
  readonly #session: VaultSession;

  constructor(settings: VaultSettings, clock: () => number) {
    this.#session = new VaultSession(settings, clock);
  }

  async read({ mount, path, field }: ReferenceTo<'vault'>): Promise<KeptSecret> {
    const answer = await this.#session.get(`${encodePath(mount)}/data/${encodePath(path)}`);
    if (answer.status !== 200) {
      throw failureOf(answer, {
        malformed: `see that a key/value engine of version 2 is at ${mount}, "vault secrets list"`,
        // Whoever is refused here is signed in.
        forbidden: `give the policy that it signs in with "read" on ${mount}/data/${path}`,
        missing: `see "vault kv get -mount=${mount} ${path}", and VAULT_NAMESPACE`,
      });
    }
    const { data, metadata } = (answer.body as { readonly data?: Answered | null } | null)?.data ?? {};
    // A version that was deleted is answered with 404, one without data is none of this engine.
    if (typeof data !== 'object' || data === null) {
      throw new SecretError(
        'missing',
        `Vault has no version 2 key/value secret there: see that such an engine is at ${mount}, "vault secrets list"`,
      );
    }
    return { text: textAt(data, field), changedAt: timeOf(metadata?.created_time) };
  }
}
