import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { fieldOf } from './jsonField';
import { loadPackage } from './loadPackage';
import { SecretError } from './secretError';
import { answerWithinMs, timeOf, type KeptSecret, type ReferenceTo, type SecretManager } from './secretManager';

type Sdk = typeof import('@aws-sdk/client-secrets-manager');

/** What another try does not cure: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
const refusals = new Set([
  'AccessDeniedException',
  'DecryptionFailure',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidParameterException',
  'InvalidRequestException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'UnrecognizedClientException',
  'ValidationException',
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
  if (name === 'ResourceNotFoundException') return new SecretError('missing', 'AWS Secrets Manager has nothing there');
  if (refusals.has(name)) return new SecretError('refused', `AWS Secrets Manager refuses it (${name})`);
  return new SecretError('unavailable', `AWS Secrets Manager does not answer (${name})`);
}
