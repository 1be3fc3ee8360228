import { randomUUID } from 'node:crypto';
import { StandIn, type Answered, type Asked } from './standIn';
import { TransitStandIn } from './transitStandIn';

interface Token {
  readonly ttlS: number;
  readonly endsAt: number;
}

const denied: Answered = { status: 403, body: { errors: ['permission denied'] } };

/**
 * Stands in for HashiCorp Vault: what its documents say of KV version 2, of the transit engine, of tokens, of AppRole and of Kubernetes, and
 * no more. It is not Vault: that it answers as Vault does was read, not tried.
 */
export class VaultStandIn extends StandIn {
  /** By mount and path, e.g. kv/tickgate/database. */
  readonly secrets = new Map<string, Readonly<Record<string, string>>>();
  readonly tokens = new Map<string, Token>();
  readonly transit = new TransitStandIn();
  /** Whether its policies let tokens use the transit engine. */
  allowsTransit = true;
  /** Whether they let them read what is kept. */
  allowsReading = true;
  /** Of a token that a sign-in gives. */
  ttlS = 3600;
  /** Role id → secret id; role → JWT. */
  readonly appRoles = new Map<string, string>();
  readonly platformTokens = new Map<string, string>();
  logins = 0;
  renewals = 0;
  clock = (): number => Date.now();

  addToken(token: string, ttlS = 3600): string {
    this.tokens.set(token, { ttlS, endsAt: this.clock() + ttlS * 1000 });
    return token;
  }

  protected answer(asked: Asked): Answered {
    if (asked.headers['x-vault-request'] !== 'true') return { status: 412, body: { errors: [] } };
    const path = asked.url.replace(/^\/v1\//, '');
    if (asked.method === 'POST') return this.#post(path, asked);
    const token = this.#tokenOf(asked);
    if (token === null) return denied;
    if (path === 'auth/token/lookup-self') {
      return { status: 200, body: { data: { ttl: this.#leftS(token), renewable: token.ttlS > 0 } } };
    }
    const [, mount, place] = /^([^/]+)\/data\/(.+)$/.exec(path) ?? [];
    if (!this.allowsReading) return denied;
    const data = this.secrets.get(`${mount}/${decodeURIComponent(place ?? '')}`);
    if (data === undefined) return { status: 404, body: { errors: [] } };
    const created =
      this.createdAt === null ? {} : { created_time: this.createdAt.toISOString().replace('Z', '123456Z') };
    return { status: 200, body: { data: { data, metadata: { version: 1, ...created } } } };
  }

  #post(path: string, asked: Asked): Answered {
    const sent = JSON.parse(asked.body) as Readonly<Record<string, string>>;
    if (path === 'auth/token/renew-self') {
      const text = String(asked.headers['x-vault-token']);
      const token = this.#tokenOf(asked);
      if (token === null) return denied;
      this.renewals += 1;
      this.addToken(text, token.ttlS);
      return { status: 200, body: { auth: { client_token: text, lease_duration: token.ttlS, renewable: true } } };
    }
    if (path.startsWith('transit/')) {
      if (this.#tokenOf(asked) === null || !this.allowsTransit) return denied;
      return this.transit.answer(path, sent) ?? { status: 404, body: { errors: [] } };
    }
    const isKnown =
      path === 'auth/approle/login'
        ? this.appRoles.get(sent['role_id'] ?? '') === sent['secret_id'] && sent['secret_id'] !== undefined
        : path === 'auth/kubernetes/login' &&
          this.platformTokens.get(sent['role'] ?? '') === sent['jwt'] &&
          sent['jwt'] !== undefined;
    if (!isKnown) return { status: 400, body: { errors: ['invalid role or secret ID'] } };
    this.logins += 1;
    const token = this.addToken(`hvs.${randomUUID()}`, this.ttlS);
    return { status: 200, body: { auth: { client_token: token, lease_duration: this.ttlS, renewable: true } } };
  }

  #tokenOf({ headers }: Asked): Token | null {
    const token = this.tokens.get(String(headers['x-vault-token']));
    return token === undefined || token.endsAt <= this.clock() ? null : token;
  }

  #leftS({ endsAt }: Token): number {
    return Math.floor((endsAt - this.clock()) / 1000);
  }
}
