import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';

/** A file of security/ that says what is allowed is missing or wrong: nothing can be judged by it. */
export class PolicyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PolicyError';
  }
}

/** Reads a list of what is allowed, in YAML or JSON, as strictly as its schema says. Throws PolicyError. */
export function readPolicy<Schema extends z.ZodType>(
  projectDir: string,
  file: string,
  schema: Schema,
): z.infer<Schema> {
  let value: unknown;
  try {
    value = parse(readFileSync(path.join(projectDir, file), 'utf8'), { strict: true, uniqueKeys: true });
  } catch (error) {
    throw new PolicyError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const faults = read.error.issues.map(
    (issue) => `${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`,
  );
  throw new PolicyError(`${file} is wrong. ${faults.join('; ')}`);
}
