import type { Config } from './config/config';
import { IdentityError } from './identity/identityError';
import {
  settingIdOf,
  type KeyEncryptionKeys,
  type SealingKey,
  type ServedKey,
} from './identity/sealing/keyEncryptionKeys';
import { openSealingKeys } from './identity/sealing/openSealingKeys';
import { SecretError } from './secrets/secretError';
import { TransitKey } from './secrets/vault/transitKey';
import { VaultSession, type VaultSettings } from './secrets/vault/vaultSession';
import type { Storage } from './storage/storage';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { HealthRegistry } from './telemetry/health';

type ConfiguredKeys = NonNullable<Config['credentials']['keys']>;

/** sysexits.h: a service does not answer, which the next try may cure; the settings do not fit. */
const [awayExitStatus, configExitStatus] = [69, 78] as const;

interface KeyOpening {
  readonly config: Pick<Config, 'credentials' | 'vault' | 'dataDir'>;
  readonly mayGenerate: boolean;
  readonly onProgress: (message: string) => void;
  readonly spreadMs?: number | undefined;
}

/** What is sealed already, of a server that shares it with other nodes. */
type SealedStorage = Pick<Storage, 'countSealed'>;

/** The keys that seal, as the settings name them, each known to be of use. Throws IdentityError (78; 69 where Vault does not answer). */
export async function openProvenKeys(
  parts: KeyOpening & {
    /** Null for a command, which goes by its list alone. */
    readonly storage: SealedStorage | null;
  },
): Promise<KeyEncryptionKeys> {
  const used = parts.storage === null ? null : await idsInUse(parts.storage);
  const keys = openKeys({ ...parts, isUsed: used === null ? undefined : (id) => used.has(id) });
  await keys.prove();
  return keys;
}

/** The same for whoever opens nothing: an emergency must not wait for a key that does not seal any more. Throws likewise of the one that does. */
export async function openEmergencyKeys(config: KeyOpening['config']): Promise<KeyEncryptionKeys> {
  const keys = openKeys({ config, mayGenerate: false, onProgress: () => undefined });
  await keys.proveSealing();
  return keys;
}

function openKeys(parts: KeyOpening & { readonly isUsed?: ((id: string) => boolean) | undefined }): KeyEncryptionKeys {
  const { config } = parts;
  const configured = config.credentials.keys;
  return openSealingKeys({
    ...parts,
    dataDir: config.dataDir,
    keys: configured === null ? null : toSealingKeys(configured, config.vault),
  });
}

export interface SealingFollowing {
  readonly keys: KeyEncryptionKeys;
  readonly refreshMs: number;
  /** Told each time when all of them were found to be of use. */
  readonly onUsable: () => void;
  readonly random: () => number;
  readonly runner: BackgroundRunner;
  readonly health: Pick<HealthRegistry, 'need'>;
  readonly stops: (() => Promise<void>)[];
}

/** Asks Vault again and again whether its keys can be used: what moves them to another version needs no restart. */
export function followSealingKeys(parts: SealingFollowing): void {
  const { keys, refreshMs, onUsable, random, runner, health, stops } = parts;
  health.need(() => keys.check());
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      await keys.prove();
      onUsable();
    } catch (error) {
      // What it says stands in the health report.
      if (!(error instanceof IdentityError)) throw error;
    } finally {
      isAsking = false;
    }
  };
  const asking = setInterval(
    () => {
      runner.run('asking for the keys that seal', ask);
    },
    // Nodes that started together do not ask together.
    refreshMs * (0.75 + random() / 4),
  );
  stops.push(() => {
    clearInterval(asking);
    return Promise.resolve();
  });
}

/** They open from now on, and the first seals once every node has had the time to read it. Throws SecretError, IdentityError where what is sealed would not open any more: then nothing has changed. */
export async function useSealingKeys(
  parts: {
    readonly keys: KeyEncryptionKeys;
    readonly vault: VaultSettings | null;
    readonly storage: SealedStorage;
  },
  next: ConfiguredKeys,
): Promise<void> {
  const { keys, vault, storage } = parts;
  const kept = new Set(next.map(({ id }) => id));
  const gone = keys.ids.filter((id) => !kept.has(id));
  // What is being sealed right now, here or on another node, is not counted yet.
  const sealing = gone.find((id) => keys.maySeal(id));
  const inUse = gone.length === 0 ? new Set<string>() : await idsInUse(storage);
  const needed = sealing ?? gone.find((id) => inUse.has(id));
  if (needed !== undefined) {
    throw new SecretError(
      'refused',
      `CREDENTIAL_KEYS lacks ${needed}, which still seals, or did on a node minutes ago: put it back, behind the new one.`,
    );
  }
  await keys.replace(toSealingKeys(next, vault));
}

/** As the settings name them. */
async function idsInUse(storage: SealedStorage): Promise<ReadonlySet<string>> {
  const counts = await storage.countSealed();
  return new Set([...counts].flatMap(([keyId, count]) => (count > 0 ? [settingIdOf(keyId)] : [])));
}

/** Throws IdentityError (78) where one is Vault's and none is named. */
export function toSealingKeys(keys: ConfiguredKeys, vault: VaultSettings | null): readonly SealingKey[] {
  // One sign-in for all of them.
  const session = vault === null ? null : new VaultSession(vault, Date.now);
  return keys.map((key) => {
    if ('key' in key) return key;
    if (session === null) {
      throw new IdentityError(`The key ${key.id} is Vault's, and VAULT_ADDR is not set.`, {
        exitStatus: configExitStatus,
      });
    }
    return servedKey(key, session);
  });
}

function servedKey(
  { id, transit }: Extract<ConfiguredKeys[number], { transit: unknown }>,
  session: VaultSession,
): ServedKey {
  const key = new TransitKey({ session, place: transit });
  const place = `transit://${transit.mount}/${transit.name}`;
  const told = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      throw new IdentityError(`The key ${id} (${place}) cannot be used: ${error.message}.`, {
        cause: error,
        exitStatus: error.failure === 'unavailable' ? awayExitStatus : configExitStatus,
      });
    }
  };
  return {
    id,
    service: {
      place,
      encrypt: (plaintext, context) => told(() => key.encrypt(plaintext, context)),
      decrypt: (wrapped, context) => told(() => key.decrypt(wrapped, context)),
    },
  };
}
