import { settingIdOf, type KeyEncryptionKeys } from '../identity/sealing/keyEncryptionKeys';

/** What a key-encryption key is to this server: `newest` seals, `older` still opens, `missing` is not in the settings any more. */
type KeyStanding = 'newest' | 'older' | 'missing';

interface SealingKey {
  readonly id: string;
  readonly standing: KeyStanding;
  /** How many records are sealed with it: keys of exchanges, keys that sign access tokens, second factors. */
  readonly records: number;
}

/** What the settings say: ids, newest first, and what the records carry that are sealed from now on. */
export type ConfiguredSealing = Pick<KeyEncryptionKeys, 'newestId' | 'ids'>;

/** records: by the id of the key that seals them. Those of the settings first, in their order; of a key that Vault keeps each version that seals. */
export function listSealingKeys(
  { newestId, ids }: ConfiguredSealing,
  records: ReadonlyMap<string, number>,
): readonly SealingKey[] {
  const known = [...new Set([newestId, ...[...records.keys()].sort()])];
  const configured = ids.flatMap((id) => {
    const own = known.filter((keyId) => settingIdOf(keyId) === id);
    return own.length > 0 ? own : [id];
  });
  const missing = known.filter((keyId) => !configured.includes(keyId));
  return [
    ...configured.map((id): SealingKey => {
      return { id, standing: id === newestId ? 'newest' : 'older', records: records.get(id) ?? 0 };
    }),
    ...missing.map((id): SealingKey => ({ id, standing: 'missing', records: records.get(id) ?? 0 })),
  ];
}

/** 0: every older key may be removed. */
const removableStatus = 0;
/** Records are sealed with an older key: it has to stay. */
const neededStatus = 1;
/** sysexits.h: the settings lack a key that records are sealed with. */
const missingStatus = 78;

export function statusOf(keys: readonly SealingKey[]): number {
  const isUsed = (standing: KeyStanding): boolean => keys.some((key) => key.standing === standing && key.records > 0);
  if (isUsed('missing')) return missingStatus;
  return isUsed('older') ? neededStatus : removableStatus;
}

/** A line for each key, and what to do. */
export function describeKeys(keys: readonly SealingKey[]): string {
  const width = Math.max(...keys.map(({ id }) => id.length));
  return keys.map((key) => `${key.id.padEnd(width)}  ${key.records} sealed  ${adviceOn(key)}\n`).join('');
}

function adviceOn({ standing, records }: SealingKey): string {
  switch (standing) {
    case 'newest':
      return 'the newest: seals what is new, from five minutes after a running server has read it';
    case 'older':
      return records === 0 ? 'unused: may be removed' : 'in use: the nodes move them to the newest';
    case 'missing':
      return 'NOT IN THE SETTINGS: put it back, or replace what it seals';
  }
}
