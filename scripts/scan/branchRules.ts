import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Check, Finding } from './check';
import { readPolicy } from './policy';
import { readWorkflows, type Job } from './workflowFile';

const ruleset = z.looseObject({
  enforcement: z.string(),
  bypass_actors: z.array(z.unknown()),
  rules: z.array(z.looseObject({ type: z.string(), parameters: z.record(z.string(), z.unknown()).default({}) })),
});

const rulesetFile = '.github/rulesets/main.json';
const ownersFile = '.github/CODEOWNERS';
const placeholder = '@your-organisation/';

/** What a change needs before it is on the main branch; whether GitHub has these rules switched on, only a person can look at (security/calendar.yml). */
export const branchRules: Check = {
  name: 'branch rules',
  run: (projectDir) => {
    const owners = readOwners(projectDir);
    const { enforcement, bypass_actors: bypass, rules } = readPolicy(projectDir, rulesetFile, ruleset);
    const review = parametersOf(rules, 'pull_request');
    const required = contextsOf(parametersOf(rules, 'required_status_checks'));
    const jobs = pullRequestJobs(projectDir);
    const faults = [
      ...(enforcement === 'active' ? [] : [`enforcement is ${enforcement}`]),
      ...(bypass.length === 0 ? [] : [`${bypass.length} may pass the rules by`]),
      ...['deletion', 'non_fast_forward']
        .filter((type) => !rules.some((rule) => rule.type === type))
        .map((type) => `lacks the rule ${type}`),
      ...(Number(review['required_approving_review_count'] ?? 0) >= 1 ? [] : ['asks for no review']),
      ...['require_code_owner_review', 'require_last_push_approval', 'dismiss_stale_reviews_on_push']
        .filter((name) => review[name] !== true)
        .map((name) => `lacks ${name}`),
      ...jobs.filter((name) => !required.includes(name)).map((name) => `does not wait for the job "${name}"`),
      ...required
        .filter((name) => !jobs.includes(name))
        .map((name) => `waits for "${name}", which no workflow runs on a pull request`),
    ];
    return {
      figures: `${rules.length} rules, ${required.length} required checks, ${owners.length} lines of owners`,
      findings: [
        ...faults.map((fault) => ({ place: rulesetFile, sentence: `${fault}.` })),
        ...(owners.some(({ pattern }) => pattern === '*')
          ? []
          : [{ place: ownersFile, sentence: 'has no line for everything ("*").' }]),
      ],
      open: owners.flatMap(({ line, names }): Finding[] =>
        names.some((name) => name.startsWith(placeholder)) || names.length === 0
          ? [{ place: `${ownersFile}:${line}`, sentence: 'names nobody yet.' }]
          : [],
      ),
    };
  },
};

function readOwners(projectDir: string): { line: number; pattern: string; names: string[] }[] {
  const lines = readFileSync(path.join(projectDir, ownersFile), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const [pattern, ...names] = text.replace(/#.*/, '').trim().split(/\s+/);
    return pattern === undefined || pattern === '' ? [] : [{ line: index + 1, pattern, names }];
  });
}

function parametersOf(rules: z.infer<typeof ruleset>['rules'], type: string): Readonly<Record<string, unknown>> {
  return rules.find((rule) => rule.type === type)?.parameters ?? {};
}

const checksSchema = z.array(z.looseObject({ context: z.string() })).default([]);

function contextsOf(parameters: Readonly<Record<string, unknown>>): string[] {
  return checksSchema.parse(parameters['required_status_checks']).map(({ context }) => context);
}

/** The jobs that a pull request waits for, as GitHub names them: one for each value of a matrix. */
function pullRequestJobs(projectDir: string): string[] {
  return readWorkflows(projectDir)
    .filter(({ triggers }) => triggers.includes('pull_request'))
    .flatMap(({ content }) => Object.entries(content.jobs))
    .filter(([, job]) => !JSON.stringify(job['if'] ?? '').includes("github.event_name != 'pull_request'"))
    .flatMap(([name, job]) => namesOf(name, job));
}

const matrixSchema = z.object({ matrix: z.record(z.string(), z.array(z.union([z.string(), z.number()]))) });

function namesOf(id: string, job: Job): string[] {
  const name = typeof job['name'] === 'string' ? job['name'] : id;
  const matrix = matrixSchema.safeParse(job['strategy']);
  if (!matrix.success) return [name];
  return Object.entries(matrix.data.matrix).reduce(
    (names, [key, values]) =>
      names.flatMap((text) => values.map((value) => text.replace(`\${{ matrix.${key} }}`, String(value)))),
    [name],
  );
}
