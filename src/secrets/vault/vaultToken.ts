import { Secret } from '../../domain/secret';
import { SecretError } from '../secretError';
import { failureOf, type Remedies, type VaultHttp } from './vaultHttp';

/** How this server proves to Vault who it is. Secrets are asked for at each sign-in: a platform replaces its tokens. */
export type VaultAuth =
  | { readonly method: 'token'; readonly token: () => Secret }
  | { readonly method: 'approle'; readonly mount: string; readonly roleId: string; readonly secretId: () => Secret }
  /** A token that the platform signed, as Kubernetes gives one to each pod. */
  | { readonly method: 'jwt'; readonly mount: string; readonly role: string; readonly jwt: () => Secret };

interface Lease {
  readonly token: Secret;
  /** Null: it does not end. */
  readonly endsAt: number | null;
  readonly renewAt: number | null;
}

/** The token of Vault that this server reads with: signed in for when it is needed, renewed after half of its life, replaced where that is refused. */
export class VaultToken {
  #lease: Lease | null = null;
  #fetching: Promise<Lease> | null = null;

  constructor(
    private readonly parts: { readonly http: VaultHttp; readonly auth: VaultAuth; readonly clock: () => number },
  ) {}

  /** Throws SecretError. */
  async get(): Promise<Secret> {
    const lease = this.#lease;
    const now = this.parts.clock();
    if (lease !== null && (lease.renewAt === null || now < lease.renewAt)) return lease.token;
    // Secrets are read several at a time: one sign-in is enough.
    this.#fetching ??= this.#fetch(lease).finally(() => {
      this.#fetching = null;
    });
    return (await this.#fetching).token;
  }

  /** Vault took this one for nothing: the next is a new one. */
  forget(token: Secret): void {
    if (this.#lease?.token === token) this.#lease = null;
  }

  async #fetch(lease: Lease | null): Promise<Lease> {
    const fetched = lease === null ? await this.#signIn() : ((await this.#renew(lease)) ?? (await this.#signIn()));
    this.#lease = fetched;
    return fetched;
  }

  /** Null where the token is not good any more, or cannot be made good for longer. */
  async #renew({ token, endsAt }: Lease): Promise<Lease | null> {
    const answer = await this.parts.http.post('auth/token/renew-self', { token, body: {} });
    if (answer.status !== 200) return null;
    const renewed = this.#leaseOf(answer.body);
    // At the end of the longest life that its role allows, a token is renewed for nothing.
    const isLonger = endsAt === null || renewed.endsAt === null || renewed.endsAt > endsAt;
    return isLonger ? renewed : null;
  }

  async #signIn(): Promise<Lease> {
    const { http, auth } = this.parts;
    switch (auth.method) {
      case 'token': {
        const token = auth.token();
        const answer = await http.get('auth/token/lookup-self', token);
        if (answer.status !== 200) throw failureOf(answer, remediesOf(auth));
        const { ttl, renewable } = partOf(answer.body, 'data');
        return this.#leaseFor(token, ttl, renewable);
      }
      case 'approle':
        return this.#login(auth, { role_id: auth.roleId, secret_id: auth.secretId().reveal() });
      case 'jwt':
        return this.#login(auth, { role: auth.role, jwt: auth.jwt().reveal() });
    }
  }

  async #login(auth: Exclude<VaultAuth, { method: 'token' }>, body: object): Promise<Lease> {
    const answer = await this.parts.http.post(`auth/${auth.mount}/login`, { token: null, body });
    if (answer.status !== 200) throw failureOf(answer, remediesOf(auth));
    return this.#leaseOf(answer.body);
  }

  #leaseOf(body: unknown): Lease {
    const { client_token: token, lease_duration: seconds, renewable } = partOf(body, 'auth');
    if (typeof token !== 'string' || token === '') throw new SecretError('unavailable', 'Vault gave no token');
    return this.#leaseFor(new Secret(token), seconds, renewable);
  }

  /** One that cannot be renewed is replaced a little before its end, where a sign-in gives another. */
  #leaseFor(token: Secret, seconds: unknown, renewable: unknown): Lease {
    if (typeof seconds !== 'number' || seconds <= 0) return { token, endsAt: null, renewAt: null };
    const now = this.parts.clock();
    const lifeMs = seconds * 1000;
    const canChange = renewable === true || this.parts.auth.method !== 'token';
    return { token, endsAt: now + lifeMs, renewAt: canChange ? now + lifeMs / 2 : null };
  }
}

/** Of a sign-in. */
function remediesOf(auth: VaultAuth): Remedies {
  const refused = refusedSignIn(auth);
  const missing =
    auth.method === 'token'
      ? 'see VAULT_ADDR and VAULT_NAMESPACE'
      : `nobody signs in at auth/${auth.mount}: see VAULT_AUTH_MOUNT and VAULT_NAMESPACE`;
  return { malformed: refused, forbidden: refused, missing };
}

function refusedSignIn(auth: VaultAuth): string {
  switch (auth.method) {
    case 'token':
      return 'VAULT_TOKEN is wrong, has ended or was revoked, or lacks the policy "default": set another ("vault token create")';
    case 'approle':
      return `it is no sign-in at auth/${auth.mount}: see VAULT_ROLE_ID, and set another VAULT_SECRET_ID, which ends and is used up ("vault write -f auth/${auth.mount}/role/NAME/secret-id")`;
    case 'jwt':
      return `it is no sign-in at auth/${auth.mount}: see that the role of VAULT_ROLE takes the token of VAULT_JWT, and that this has not ended ("vault read auth/${auth.mount}/role/${auth.role}")`;
  }
}

/** An object inside of an object, or an empty one. */
function partOf(body: unknown, name: string): Readonly<Record<string, unknown>> {
  const part = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : null;
  return typeof part === 'object' && part !== null ? (part as Readonly<Record<string, unknown>>) : {};
}
