import { z } from 'zod';
import { Secret } from '../domain/secret';
import type { TransitPlace } from '../secrets/vault/transitKey';
import { keyProblem } from './randomKey';
import type { ValueType } from './valueTypes';

const transitScheme = 'transit://';

/** A key that seals exchange credentials, by the name that sealed records carry. key: 32 bytes in base64. */
export interface CredentialKey {
  readonly id: string;
  readonly key: Secret;
}

/** One that Vault keeps, by the same name. */
export interface VaultedKey {
  readonly id: string;
  readonly transit: TransitPlace;
}

/** Sentences about keys call them by their place in the list: nothing that stands there is repeated, not even what should be an id. */
export const credentialKeys: ValueType<readonly CredentialKey[]> = {
  schema: listOf(toKey, keyProblem),
  allowed:
    'a list of id:key with commas or line breaks between, newest first, no id and no key twice; each key 32 random bytes in base64, e.g. from `openssl rand -base64 32`',
  explainsProblems: true,
};

/** Keys that may be Vault's. */
export const sealingKeys: ValueType<readonly (CredentialKey | VaultedKey)[]> = {
  schema: listOf(
    (id, key) => {
      const transit = transitPlaceOf(key);
      return transit === null ? toKey(id, key) : { id, transit };
    },
    (key) => {
      if (transitPlaceOf(key) !== null) return null;
      return key.startsWith(transitScheme) ? `is not of the form id:${transitScheme}mount/key` : keyProblem(key);
    },
  ),
  allowed: `${credentialKeys.allowed}, or ${transitScheme}mount/key of Vault`,
  explainsProblems: true,
};

function listOf<Key>(toEntry: (id: string, key: string) => Key, problemOfKey: (key: string) => string | null) {
  return z.string().transform((text, context): readonly Key[] => {
    const entries = text.trim().split(/\s*,\s*|\s+/);
    const problems = [
      ...entries.flatMap((entry, index) => entryProblems(entry, index, problemOfKey)),
      ...duplicateProblems(entries),
    ];
    for (const message of problems) context.addIssue({ code: 'custom', message });
    return problems.length > 0 ? z.NEVER : entries.map((entry) => toEntry(...partsOf(entry)));
  });
}

/** The last part is the key's name, those before it are where the engine is mounted. */
function transitPlaceOf(text: string): TransitPlace | null {
  const [, mount, name] = /^transit:\/\/([\w-]{1,128}(?:\/[\w-]{1,128}){0,7})\/([\w.-]{1,128})$/.exec(text) ?? [];
  return mount === undefined || name === undefined || /^\.+$/.test(name) ? null : { mount, name };
}

function partsOf(entry: string): readonly [string, string] {
  const colon = entry.indexOf(':');
  return [entry.slice(0, Math.max(colon, 0)), entry.slice(colon + 1)];
}

function toKey(id: string, key: string): CredentialKey {
  return { id, key: new Secret(key) };
}

function entryProblems(entry: string, index: number, problemOfKey: (key: string) => string | null): readonly string[] {
  const [id, key] = partsOf(entry);
  const problem = /^[\w.-]{1,32}$/.test(id)
    ? problemOfKey(key)
    : 'does not begin with an id (up to 32 of A-Z a-z 0-9 _ . -) and a colon';
  return problem === null ? [] : [`number ${index + 1} ${problem}`];
}

function duplicateProblems(entries: readonly string[]): readonly string[] {
  const parts = entries.map(partsOf);
  return parts.flatMap(([id, key], index) => {
    const sameId = parts.findIndex(([other]) => other === id);
    const sameKey = parts.findIndex(([, other]) => other === key);
    return [
      ...(sameId < index ? [`numbers ${sameId + 1} and ${index + 1} have one id`] : []),
      ...(sameKey < index ? [`numbers ${sameKey + 1} and ${index + 1} are one key`] : []),
    ];
  });
}
