import type { SecretSource } from './config/loadSettings';
import type { SecretName, Values } from './config/keys';
import { IdentityError } from './identity/identityError';
import type { KeyEncryptionKeys } from './identity/sealing/keyEncryptionKeys';
import { SecretError } from './secrets/secretError';
import { SecretWatch, type Taken } from './secrets/secretWatch';
import type { Storage } from './storage/storage';
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
  readonly refreshMs: number;
  readonly runner: BackgroundRunner;
  readonly health: Pick<HealthRegistry, 'need'>;
  readonly logger: Logger;
  readonly stops: (() => Promise<void>)[];
}

/** Reads secrets of files and managers again and again, and lets the rooms use what is new. */
export function startSecrets({ sources, uses, refreshMs, runner, health, logger, stops }: SecretsStart): void {
  const secrets = sources.map((source) => ({
    name: source.name,
    first: source.first,
    read: () => source.read(),
    // `parse` is of the setting's own type.
    take: (text: SecretSource['first']) => told(() => uses[source.name](source.parse(text) as never)),
  }));
  const watch = new SecretWatch({ secrets, refreshMs, runner, logger, random: Math.random });
  health.need(() => watch.check());
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

/** The first seals from now on. Throws SecretError where what is sealed would not open any more: then nothing has changed. */
export async function useSealingKeys(
  { keys, storage }: { readonly keys: KeyEncryptionKeys; readonly storage: Pick<Storage, 'countSealed'> },
  next: Value<'CREDENTIAL_KEYS'>,
): Promise<void> {
  const kept = new Set(next.map(({ id }) => id));
  const gone = keys.ids.filter((id) => !kept.has(id));
  // What is being sealed right now is not counted yet.
  const sealing = gone.includes(keys.newestId) ? keys.newestId : null;
  const counts = gone.length === 0 ? new Map<string, number>() : await storage.countSealed();
  const needed = sealing ?? gone.find((id) => (counts.get(id) ?? 0) > 0);
  if (needed !== undefined) {
    throw new SecretError(
      'refused',
      `CREDENTIAL_KEYS lacks ${needed}, which still seals: put it back, behind the new one.`,
    );
  }
  keys.replace(next);
}
