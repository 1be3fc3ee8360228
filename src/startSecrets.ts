import type { Config } from './config/config';
import type { SecretSource } from './config/loadSettings';
import type { SecretName, Values } from './config/keys';
import { IdentityError } from './identity/identityError';
import { SecretAges } from './secrets/secretAges';
import { SecretError } from './secrets/secretError';
import { SecretWatch, type Taken } from './secrets/secretWatch';
import { StorageError } from './storage/storageError';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { HealthRegistry } from './telemetry/health';
import type { Logger } from './telemetry/logger';

type Value<Name extends SecretName> = NonNullable<Values[Name]>;

/**
 * What takes another value of a secret while the server runs: each throws an error of ours where it is not good, and has changed nothing then.
 * One that is not there is read at a start alone.
 */
export type SecretUses = {
  readonly [Name in SecretName]: (value: Value<Name>) => Promise<Taken>;
};

export interface SecretsStart {
  readonly sources: readonly SecretSource[];
  readonly uses: SecretUses;
  readonly ages: SecretAges;
  readonly refreshMs: number;
  readonly runner: BackgroundRunner;
  readonly health: Pick<HealthRegistry, 'need'>;
  readonly logger: Logger;
  readonly stops: (() => Promise<void>)[];
}

/** Knows for how long each secret that is set has had its value. */
export function openSecretAges({
  config,
  sources,
  clock,
}: {
  readonly config: Pick<Config, 'secretPlaces' | 'secrets' | 'credentials'>;
  readonly sources: readonly SecretSource[];
  readonly clock: () => number;
}): SecretAges {
  const [sealing] = config.credentials.keys ?? [];
  // Where Vault's key seals, the setting only names it: that is rotated there.
  const isNamedOnly = (name: string): boolean =>
    name === 'CREDENTIAL_KEYS' && sealing !== undefined && 'transit' in sealing;
  return new SecretAges({
    secrets: config.secretPlaces.map((secret) => ({
      ...secret,
      isReplaced: secret.isReplaced && !isNamedOnly(secret.name),
    })),
    changedAt: new Map(sources.map(({ name, first }) => [name, first.changedAt])),
    maxAgeDays: config.secrets.maxAgeDays,
    clock,
  });
}

/** Reads secrets of files and managers again and again, and lets the rooms use what is new. */
export function startSecrets({ sources, uses, ages, refreshMs, runner, health, logger, stops }: SecretsStart): void {
  const secrets = sources.map((source) => ({
    name: source.name,
    first: source.first,
    read: () => source.read(),
    // `parse` is of the setting's own type.
    take: (text: SecretSource['first']['text']) => told(() => uses[source.name](source.parse(text) as never)),
  }));
  const watch = new SecretWatch({ secrets, ages, refreshMs, runner, logger, random: Math.random });
  health.need(() => watch.check());
  health.need(() => ages.check());
  watch.start();
  stops.push(() => watch.stop());
}

/** Errors of ours say what is wrong and repeat nothing; what others say stays here. */
async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageError || error instanceof IdentityError)
      throw new SecretError('refused', error.message);
    throw error;
  }
}
