import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const permissions = z.union([z.record(z.string(), z.string()), z.string()]);
const variables = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({});

const step = z.looseObject({
  if: z.unknown().optional(),
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: variables,
});

const job = z.looseObject({
  if: z.unknown().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  permissions: permissions.optional(),
  'runs-on': z.unknown().optional(),
  'timeout-minutes': z.unknown().optional(),
  uses: z.string().optional(),
  secrets: z.unknown().optional(),
  env: variables,
  container: z.unknown().optional(),
  services: z.unknown().optional(),
  steps: z.array(step).default([]),
});

const workflow = z.looseObject({
  on: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]),
  permissions: permissions.optional(),
  concurrency: z.unknown().optional(),
  env: variables,
  jobs: z.record(z.string(), job),
});

export type Step = z.infer<typeof step>;
export type Job = z.infer<typeof job>;

export interface Workflow {
  readonly file: string;
  readonly text: string;
  readonly content: z.infer<typeof workflow>;
  readonly triggers: readonly string[];
  /** What a trigger is narrowed to; null where it is not, undefined where it is no trigger of this workflow. */
  readonly filters: (trigger: string) => unknown;
}

const folder = '.github/workflows';

/** Every workflow; one that cannot be read is an error, and with it the check has failed. */
export function readWorkflows(projectDir: string): Workflow[] {
  const names = readdirSync(path.join(projectDir, folder)).sort();
  return names.map((name) => {
    const file = `${folder}/${name}`;
    const text = readFileSync(path.join(projectDir, file), 'utf8');
    const content = workflow.parse(parse(text, { strict: true, uniqueKeys: true, merge: true }));
    const { on } = content;
    const triggers = typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on);
    const filters = (trigger: string): unknown => {
      if (!triggers.includes(trigger)) return undefined;
      return typeof on === 'object' && !Array.isArray(on) ? on[trigger] : null;
    };
    return { file, text, content, triggers, filters };
  });
}

export function isCheckout({ uses }: Step): boolean {
  return uses?.startsWith('actions/checkout@') === true;
}

/** The steps of a workflow, with the job that they are of. */
export function stepsOf({ content }: Workflow): { readonly name: string; readonly job: Job; readonly step: Step }[] {
  return Object.entries(content.jobs).flatMap(([name, job]) => job.steps.map((step) => ({ name, job, step })));
}
