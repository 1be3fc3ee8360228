import { z } from 'zod';
import { Secret } from '../domain/secret';
import { keyProblem } from './randomKey';
import type { ValueType } from './valueTypes';

/** A key that seals exchange credentials, by the name that sealed records carry. key: 32 bytes in base64. */
export interface CredentialKey {
  readonly id: string;
  readonly key: Secret;
}

/** Sentences about keys call them by their place in the list: nothing that stands there is repeated, not even what should be an id. */
export const credentialKeys: ValueType<readonly CredentialKey[]> = {
  schema: z.string().transform((text, context) => {
    const entries = text.trim().split(/\s*,\s*|\s+/);
    const problems = [...entries.flatMap(entryProblems), ...duplicateProblems(entries)];
    for (const message of problems) context.addIssue({ code: 'custom', message });
    return entries.map(toKey);
  }),
  allowed:
    'a list of id:key with commas or line breaks between, newest first, no id and no key twice; each key 32 random bytes in base64, e.g. from `openssl rand -base64 32`',
  explainsProblems: true,
};

function partsOf(entry: string): readonly [string, string] {
  const colon = entry.indexOf(':');
  return [entry.slice(0, Math.max(colon, 0)), entry.slice(colon + 1)];
}

function toKey(entry: string): CredentialKey {
  const [id, key] = partsOf(entry);
  return { id, key: new Secret(key) };
}

function entryProblems(entry: string, index: number): readonly string[] {
  const problem = problemOf(...partsOf(entry));
  return problem === null ? [] : [`number ${index + 1} ${problem}`];
}

function problemOf(id: string, key: string): string | null {
  if (!/^[\w.-]{1,32}$/.test(id)) return 'does not begin with an id (up to 32 of A-Z a-z 0-9 _ . -) and a colon';
  return keyProblem(key);
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
