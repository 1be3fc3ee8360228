import { z } from 'zod';
import { readPolicy } from './policy';

const ruleset = z.looseObject({
  target: z.string(),
  conditions: z.unknown(),
  enforcement: z.string(),
  bypass_actors: z.array(z.unknown()),
  rules: z.array(z.looseObject({ type: z.string(), parameters: z.record(z.string(), z.unknown()).default({}) })),
});

/** What is imported at GitHub as a ruleset. */
export type Ruleset = z.infer<typeof ruleset>;

/** Throws PolicyError. */
export function readRuleset(projectDir: string, file: string): Ruleset {
  return readPolicy(projectDir, file, ruleset);
}
