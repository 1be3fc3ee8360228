import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { fieldOf } from './jsonField';
import { loadPackage } from './loadPackage';
import { SecretError } from './secretError';
import { answerWithinMs, timeOf, type KeptSecret, type ReferenceTo, type SecretManager } from './secretManager';

type Sdk = typeof import('@aws-sdk/client-secrets-manager');

const signIn =
  'see the credentials that it signs with (AWS_ACCESS_KEY_ID, AWS_PROFILE, or the role of the machine), and its clock';
const allow = 'allow it secretsmanager:GetSecretValue there, and kms:Decrypt where the key is your own';
const reference = 'see the name after awssm://';

/** What another try does not cure, and what does: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
const refusals: ReadonlyMap<string, string> = new Map([
  ['AccessDeniedException', allow],
  ['DecryptionFailure', 'see that the KMS key of the secret is enabled, and allow it kms:Decrypt'],
  ['ExpiredTokenException', signIn],
  ['IncompleteSignature', signIn],
  ['InvalidParameterException', reference],
  ['InvalidRequestException', 'it may be marked for deletion: "aws secretsmanager restore-secret"'],
  ['InvalidSignatureException', signIn],
  ['MissingAuthenticationTokenException', signIn],
  ['NotAuthorized', allow],
  ['OptInRequired', 'see that the account has the region of AWS_REGION'],
  ['UnrecognizedClientException', signIn],
  ['ValidationException', reference],
]);

/** Secrets of AWS Secrets Manager. Region, endpoint and credentials are found as by every program of AWS: variables, profile, container, instance. */
export class AwsSecrets implements SecretManager<'awssm'> {
  #opening: Promise<{ readonly sdk: Sdk; readonly client: SecretsManagerClient }> | null = null;

  async read({ id, field }: ReferenceTo<'awssm'>): Promise<KeptSecret> {
    const { sdk, client } = await this.#open();
    try {
      const command = new sdk.GetSecretValueCommand({ SecretId: id });
      const { SecretString, CreatedDate } = await client.send(command, {
        abortSignal: AbortSignal.timeout(answerWithinMs),
      });
      if (SecretString === undefined) throw new SecretError('missing', 'what is kept there are bytes, not a text');
      // Of the version that is current.
      return { text: fieldOf(SecretString, field), changedAt: timeOf(CreatedDate) };
    } catch (error) {
      throw error instanceof SecretError ? error : toSecretError(error);
    }
  }

  #open(): Promise<{ readonly sdk: Sdk; readonly client: SecretsManagerClient }> {
    this.#opening ??= open();
    return this.#opening;
  }
}

async function open() {
  const sdk = await loadPackage('@aws-sdk/client-secrets-manager', () => import('@aws-sdk/client-secrets-manager'));
  // Whoever reads asks again by itself, after a pause.
  return { sdk, client: new sdk.SecretsManagerClient({ maxAttempts: 2 }) };
}

function toSecretError(error: unknown): SecretError {
  const name = error instanceof Error ? error.name : 'unknown failure';
  if (name === 'ResourceNotFoundException') {
    return new SecretError(
      'missing',
      'AWS Secrets Manager has nothing there: see its name, AWS_REGION and the account',
    );
  }
  const remedy = refusals.get(name);
  if (remedy !== undefined) return new SecretError('refused', `AWS Secrets Manager refuses it (${name}): ${remedy}`);
  return new SecretError(
    'unavailable',
    `AWS Secrets Manager does not answer (${name}): see AWS_REGION, where its credentials come from, and the way there`,
  );
}
