import { AwsSecrets } from './awsSecrets';
import { GoogleSecrets } from './googleSecrets';
import { SecretError } from './secretError';
import { formOf, parseReference, type SecretReference } from './secretReference';
import type { KeptSecret, SecretManager } from './secretManager';
import { VaultSecrets } from './vault/vaultSecrets';
import type { VaultSettings } from './vault/vaultSession';

export interface ManagerSettings {
  /** Null where the settings name no Vault. */
  readonly vault: VaultSettings | null;
  readonly google: { readonly address: string };
}

/** Reads what references name. Each manager is opened at the first reference to it: who uses none loads none. */
export class SecretManagers {
  readonly #opened: { [Manager in SecretReference['manager']]?: SecretManager<Manager> } = {};

  constructor(private readonly parts: { readonly settings: ManagerSettings; readonly clock: () => number }) {}

  /** The value as it is now, without line breaks at its end. Throws SecretError, whose message repeats no value. */
  async read(reference: string): Promise<KeptSecret> {
    const place = parseReference(reference);
    if (place === null) throw new SecretError('refused', `it is not of the form ${formOf(reference)}`);
    const kept = await this.#readAt(place);
    const text = kept.text.replace(/(\r?\n)+$/, '');
    if (text === '') throw new SecretError('missing', 'what is kept there is empty');
    return { ...kept, text };
  }

  #readAt(place: SecretReference): Promise<KeptSecret> {
    const { settings, clock } = this.parts;
    switch (place.manager) {
      case 'vault': {
        if (settings.vault === null) {
          throw new SecretError('refused', 'VAULT_ADDR is not set, nor how to sign in there: docs/SECRETS.md');
        }
        this.#opened.vault ??= new VaultSecrets(settings.vault, clock);
        return this.#opened.vault.read(place);
      }
      case 'awssm':
        this.#opened.awssm ??= new AwsSecrets();
        return this.#opened.awssm.read(place);
      case 'gcpsm':
        this.#opened.gcpsm ??= new GoogleSecrets(settings.google);
        return this.#opened.gcpsm.read(place);
    }
  }
}
