import { z } from 'zod';
import { Secret } from '../domain/secret';
import type { ValueType } from './valueTypes';

const keyBytes = 32;
/** Different values among 32 random bytes, and among the steps between them: some 30. A generator stays below this once in 10^11 keys. */
const minDistinct = 18;

/** One key of 32 random bytes. Sentences about it repeat nothing of it. */
export const randomKey: ValueType<Secret> = {
  schema: z.string().transform((text, context) => {
    const key = text.trim();
    const problem = keyProblem(key);
    if (problem !== null) context.addIssue({ code: 'custom', message: `it ${problem}` });
    return new Secret(key);
  }),
  allowed: '32 random bytes in base64, e.g. from `openssl rand -base64 32`',
  explainsProblems: true,
};

/** What is wrong with 32 random bytes in base64, to follow the name of what holds them; null where nothing is. */
export function keyProblem(key: string): string | null {
  const bytes = Buffer.from(key, 'base64');
  // Node's decoder passes over what is not base64.
  if (bytes.toString('base64') !== key) return 'is not base64, or not the whole of it';
  if (bytes.length !== keyBytes) return `has ${bytes.length} bytes instead of ${keyBytes}`;
  return looksRandom(bytes) ? null : 'is not random: text, a repetition or a sequence';
}

/** Catches what people write by hand; that the rest is random, only its maker knows. */
function looksRandom(bytes: Buffer): boolean {
  const values = [...bytes];
  const steps = values.slice(1).map((value, index) => (value - (values[index] ?? 0) + 256) % 256);
  const isText = values.every((value) => value >= 0x20 && value < 0x7f);
  return !isText && [values, steps].every((list) => new Set(list).size >= minDistinct);
}
