import { createPublicKey } from 'node:crypto';
import { verify } from 'jsonwebtoken';
import { rsaPem } from '../keyPairs';
import { StandIn, type Answered, type Asked } from './standIn';

const email = 'tickgate@stand-in.iam.gserviceaccount.com';
const refuse = (status: number): Answered => ({ status, body: { error: { code: status, status: 'NO' } } });

/**
 * Stands in for Google Secret Manager: `access` of its REST interface, for a service account that signs its own tokens, whose signatures are
 * checked. It is not Google. https://google.aip.dev/auth/4111
 */
export class GoogleStandIn extends StandIn {
  /** By project and name, e.g. p/redis. */
  readonly secrets = new Map<string, string>();
  /** As for whoever may read secrets and not see their versions. */
  hidesVersions = false;
  readonly #privateKey = rsaPem(2048);

  /** What GOOGLE_APPLICATION_CREDENTIALS names. */
  get credentials(): string {
    return JSON.stringify({
      type: 'service_account',
      project_id: 'stand-in',
      private_key_id: 'one',
      private_key: this.#privateKey,
      client_email: email,
      client_id: '1',
      token_uri: 'https://oauth2.googleapis.com/token',
    });
  }

  protected answer({ method, url, headers }: Asked): Answered {
    if (!this.#isSigned(headers.authorization ?? '')) return refuse(401);
    if (/^\/v1\/projects\/1\/secrets\/[^/]+\/versions\/1$/.test(url)) {
      if (this.hidesVersions) return refuse(403);
      return { status: 200, body: this.createdAt === null ? {} : { createTime: this.createdAt.toISOString() } };
    }
    const [, project, secret, version] =
      /^\/v1\/projects\/([^/]+)\/secrets\/([^/]+)\/versions\/([^/:]+):access$/.exec(url) ?? [];
    const value = this.secrets.get(`${project}/${secret}`);
    if (method !== 'GET' || value === undefined || version !== 'latest') return refuse(404);
    return {
      status: 200,
      body: {
        name: `projects/1/secrets/${secret}/versions/1`,
        payload: { data: Buffer.from(value).toString('base64') },
      },
    };
  }

  #isSigned(authorization: string): boolean {
    try {
      const claims = verify(authorization.replace('Bearer ', ''), createPublicKey(this.#privateKey), {
        algorithms: ['RS256'],
        issuer: email,
        subject: email,
      });
      return typeof claims === 'object' && claims['scope'] === 'https://www.googleapis.com/auth/cloud-platform';
    } catch {
      return false;
    }
  }
}
