import { createHash, createHmac } from 'node:crypto';
import { StandIn, type Answered, type Asked } from './standIn';

const region = 'eu-central-1';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const refuse = (type: string): Answered => ({ status: 400, body: { __type: type, Message: 'no' } });

/**
 * Stands in for AWS Secrets Manager: GetSecretValue of its JSON 1.1 interface, with the signature (version 4) computed anew from what was
 * sent. It is not AWS. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export class AwsStandIn extends StandIn {
  readonly secrets = new Map<string, string>();
  readonly accessKeyId = 'AKIDSTANDIN';
  readonly secretAccessKey = 'of the stand-in alone';
  /** The kind of error that whoever is signed in is answered with; null: none. */
  refusesWith: string | null = null;

  /** What AWS's own programs are told by. */
  get environment(): Readonly<Record<string, string>> {
    return {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: this.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.secretAccessKey,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.url,
    };
  }

  protected answer(asked: Asked): Answered {
    if (asked.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return refuse('InvalidAction');
    if (!this.#isSigned(asked)) return refuse('InvalidSignatureException');
    if (this.refusesWith !== null) return refuse(this.refusesWith);
    const { SecretId = '' } = JSON.parse(asked.body) as { readonly SecretId?: string };
    const SecretString = this.secrets.get(SecretId);
    if (SecretString === undefined) return refuse('ResourceNotFoundException');
    const created = this.createdAt === null ? {} : { CreatedDate: this.createdAt.getTime() / 1000 };
    return { status: 200, body: { Name: SecretId, SecretString, VersionStages: ['AWSCURRENT'], ...created } };
  }

  #isSigned({ method, url, headers, body }: Asked): boolean {
    const [, credential = '', names = '', signature = ''] =
      /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    const [id, day = '', place, service, end] = credential.split('/');
    const scope = [day, region, 'secretsmanager', 'aws4_request'].join('/');
    if (id !== this.accessKeyId || [day, place, service, end].join('/') !== scope) return false;
    // What is not signed could be changed on the way.
    if (!['host', 'x-amz-date', 'x-amz-target'].every((name) => names.split(';').includes(name))) return false;
    const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
    const request = [method, url, '', signed.join(''), names, sha256(body)].join('\n');
    const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(request)].join('\n');
    const key = ['secretsmanager', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${this.secretAccessKey}`, day), region));
    return hmac(key, text).toString('hex') === signature;
  }
}
