import type { AuthClient } from 'google-auth-library';
import { fieldOf } from './jsonField';
import { loadPackage } from './loadPackage';
import { SecretError } from './secretError';
import { answerWithinMs, type ReferenceTo, type SecretManager } from './secretManager';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Secrets of Google Secret Manager, by its REST interface: one GET, signed by Google's own library, which is a tenth of the whole client.
 * Credentials are found as by every program of Google: GOOGLE_APPLICATION_CREDENTIALS, or the metadata server of the machine or pod.
 * https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
 */
export class GoogleSecrets implements SecretManager<'gcpsm'> {
  #opening: Promise<AuthClient> | null = null;

  /** address: https://secretmanager.googleapis.com, or that of a region. */
  constructor(private readonly parts: { readonly address: string }) {}

  async read({ project, secret, version, field }: ReferenceTo<'gcpsm'>): Promise<string> {
    const { address } = this.parts;
    const url = `${address}/v1/projects/${project}/secrets/${secret}/versions/${version}:access`;
    const client = await this.#open();
    let data: unknown;
    try {
      const answer = await client.request<unknown>({
        url,
        retry: false,
        // Node's own, in place of another package.
        fetchImplementation: fetch,
        signal: AbortSignal.timeout(answerWithinMs),
      });
      data = answer.data;
    } catch (error) {
      throw toSecretError(error);
    }
    const encoded = (data as { readonly payload?: { readonly data?: unknown } } | null)?.payload?.data;
    if (typeof encoded !== 'string' || encoded === '') {
      throw new SecretError('missing', 'Google Secret Manager has no value there');
    }
    return fieldOf(Buffer.from(encoded, 'base64').toString('utf8'), field);
  }

  #open(): Promise<AuthClient> {
    this.#opening ??= open().catch((error: unknown) => {
      // A metadata server that is away at the start may come back.
      this.#opening = null;
      throw error instanceof SecretError
        ? error
        : new SecretError('unavailable', 'Google gives this server no credentials');
    });
    return this.#opening;
  }
}

async function open(): Promise<AuthClient> {
  const { GoogleAuth, JWT } = await loadPackage('google-auth-library', () => import('google-auth-library'));
  const client = await new GoogleAuth({ scopes: scope }).getClient();
  // A token that the key of a service account signs itself: no second service has to answer. https://google.aip.dev/auth/4111
  if (client instanceof JWT) client.useJWTAccessWithScope = true;
  return client;
}

function toSecretError(error: unknown): SecretError {
  const { status, code } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  if (status === 404) return new SecretError('missing', 'Google Secret Manager has nothing there');
  if (status === 400 || status === 401 || status === 403) {
    return new SecretError('refused', `Google Secret Manager refuses it (HTTP ${status})`);
  }
  const reason = [status, code].find((one) => typeof one === 'number' || typeof one === 'string');
  return new SecretError(
    'unavailable',
    `Google Secret Manager does not answer (${String(reason ?? 'unknown failure')})`,
  );
}
