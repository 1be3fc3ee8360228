import type { AuthClient } from 'google-auth-library';
import { fieldOf } from './jsonField';
import { loadPackage } from './loadPackage';
import { SecretError } from './secretError';
import { answerWithinMs, timeOf, type KeptSecret, type ReferenceTo, type SecretManager } from './secretManager';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/** What another try does not cure, by the status, and what does. */
const refusals: ReadonlyMap<unknown, string> = new Map([
  [400, 'its version may be disabled or destroyed: "gcloud secrets versions list"'],
  [401, 'see the credentials that it signs with (GOOGLE_APPLICATION_CREDENTIALS), and its clock'],
  [
    403,
    'give its service account roles/secretmanager.secretAccessor there, and enable the Secret Manager API of the project',
  ],
]);

interface Accessed {
  /** Of the version that `latest` is. */
  readonly name?: unknown;
  readonly payload?: { readonly data?: unknown };
}

/**
 * Secrets of Google Secret Manager, by its REST interface: a GET, signed by Google's own library, which is a tenth of the whole client.
 * Credentials are found as by every program of Google: GOOGLE_APPLICATION_CREDENTIALS, or the metadata server of the machine or pod.
 * https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
 */
export class GoogleSecrets implements SecretManager<'gcpsm'> {
  #opening: Promise<AuthClient> | null = null;
  /** Of versions, which never change: who may read a secret need not be allowed to see these. */
  readonly #createdAt = new Map<string, number | null>();

  /** address: https://secretmanager.googleapis.com, or that of a region. */
  constructor(private readonly parts: { readonly address: string }) {}

  async read({ project, secret, version, field }: ReferenceTo<'gcpsm'>): Promise<KeptSecret> {
    const data = (await this.#get(
      `projects/${project}/secrets/${secret}/versions/${version}:access`,
    )) as Accessed | null;
    const encoded = data?.payload?.data;
    if (typeof encoded !== 'string' || encoded === '') {
      throw new SecretError('missing', 'Google Secret Manager has no value there');
    }
    const text = fieldOf(Buffer.from(encoded, 'base64').toString('utf8'), field);
    return { text, changedAt: await this.#creationOf(data?.name) };
  }

  /** Null where it is not told: it takes roles/secretmanager.viewer, and nothing depends on it. */
  async #creationOf(name: unknown): Promise<number | null> {
    if (typeof name !== 'string' || !/^projects\/[^/]+\/secrets\/[^/]+\/versions\/\d+$/.test(name)) return null;
    const known = this.#createdAt.get(name);
    if (known !== undefined) return known;
    try {
      const version = (await this.#get(name)) as { readonly createTime?: unknown } | null;
      this.#createdAt.set(name, timeOf(version?.createTime));
    } catch (error) {
      // Who may not see it is asked no more of this version; who does not answer is.
      if (error instanceof SecretError && error.failure !== 'unavailable') this.#createdAt.set(name, null);
    }
    return this.#createdAt.get(name) ?? null;
  }

  async #get(path: string): Promise<unknown> {
    const client = await this.#open();
    try {
      const { data } = await client.request<unknown>({
        url: `${this.parts.address}/v1/${path}`,
        retry: false,
        // Node's own, in place of another package.
        fetchImplementation: fetch,
        signal: AbortSignal.timeout(answerWithinMs),
      });
      return data;
    } catch (error) {
      throw toSecretError(error);
    }
  }

  #open(): Promise<AuthClient> {
    this.#opening ??= open().catch((error: unknown) => {
      // A metadata server that is away at the start may come back.
      this.#opening = null;
      throw error instanceof SecretError
        ? error
        : new SecretError(
            'unavailable',
            'Google gives this server no credentials: see GOOGLE_APPLICATION_CREDENTIALS, or the service account of the machine or pod',
          );
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
  if (status === 404) {
    return new SecretError('missing', 'Google Secret Manager has nothing there: see project, name and version');
  }
  const remedy = refusals.get(status);
  if (remedy !== undefined) {
    return new SecretError('refused', `Google Secret Manager refuses it (HTTP ${String(status)}): ${remedy}`);
  }
  const reason = [status, code].find((one) => typeof one === 'number' || typeof one === 'string');
  return new SecretError(
    'unavailable',
    `Google Secret Manager does not answer (${String(reason ?? 'unknown failure')}): see GOOGLE_SECRETS_URL, and the way there`,
  );
}
