import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Check, Finding } from './check';
import { readRuleset, type Ruleset } from './ruleset';
import { tagFaults } from './tagRules';
import { readWorkflows, type Job } from './workflowFile';

const rulesetFile = '.github/rulesets/main.json';
const ownersFile = '.github/CODEOWNERS';
const placeholder = '@your-organisation/';
const mainBranch = { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } };
/** GitHub Actions itself. From anybody else a check is a word of whoever may write: a token is enough to say it. */
const actionsApp = 15368;

/** What decides who gets in, what is trusted, and what is looked at: somebody who knows about security agrees to it. */
const guarded = [
  ...['/.ci/', '/.github/', '/.npmrc', '/package.json', '/package-lock.json', '/scripts/'],
  ...['/config.production.yaml', '/docker/', '/nginx/', '/migrations/', '/security/'],
  ...['/src/config/', '/src/identity/', '/src/secrets/', '/src/security/', '/src/server/', '/src/storage/'],
  '/src/trading/',
];

/** What a change needs before it is on the main branch, and a tag before it is there; whether GitHub has these rules switched on, only a person can look at (security/calendar.yml). */
export const branchRules: Check = {
  name: 'branch rules',
  run: (projectDir) => {
    const owners = readOwners(projectDir);
    const { target, conditions, enforcement, bypass_actors: bypass, rules } = readRuleset(projectDir, rulesetFile);
    const review = parametersOf(rules, 'pull_request');
    const statuses = parametersOf(rules, 'required_status_checks');
    const checks = checksSchema.parse(statuses['required_status_checks']);
    const required = checks.map(({ context }) => context);
    const scanning = parametersOf(rules, 'code_scanning')['code_scanning_tools'];
    const codeQl = toolsSchema.parse(scanning).filter(({ tool }) => tool === 'CodeQL');
    const jobs = pullRequestJobs(projectDir);
    const faults = [
      ...(enforcement === 'active' ? [] : [`enforcement is ${enforcement}`]),
      ...(target === 'branch' && isDeepStrictEqual(conditions, mainBranch) ? [] : ['is not for the main branch']),
      ...(bypass.length === 0 ? [] : [`${bypass.length} may pass the rules by`]),
      ...['deletion', 'non_fast_forward']
        .filter((type) => !rules.some((rule) => rule.type === type))
        .map((type) => `lacks the rule ${type}`),
      ...(Number(review['required_approving_review_count'] ?? 0) >= 1 ? [] : ['asks for no review']),
      ...['require_code_owner_review', 'require_last_push_approval', 'dismiss_stale_reviews_on_push']
        .filter((name) => review[name] !== true)
        .map((name) => `lacks ${name}`),
      ...jobs.filter((name) => !required.includes(name)).map((name) => `does not wait for the job "${name}"`),
      ...jobs
        .filter((name, place) => jobs.indexOf(name) !== place)
        .map((name) => `waits for one of two jobs that are called "${name}"`),
      ...(statuses['strict_required_status_checks_policy'] === true
        ? []
        : ['takes checks of a branch that is behind the main branch']),
      ...checks
        .filter(({ integration_id: from }) => from !== actionsApp)
        .map(({ context }) => `takes "${context}" from anybody`),
      ...(codeQl.length > 0 ? [] : ['lets pass what CodeQL finds']),
      ...codeQl.flatMap((tool) =>
        Object.entries(thresholds)
          .filter(([name, strict]) => !strict.includes(String(tool[name])))
          .map(([name]) => `lets pass what CodeQL finds by its ${name}`),
      ),
      ...required
        .filter((name) => !jobs.includes(name))
        .map((name) => `waits for "${name}", which no workflow runs on a pull request`),
    ];
    return {
      figures: `${rules.length} rules, ${required.length} required checks, ${owners.length} lines of owners`,
      findings: [
        ...faults.map((fault) => ({ place: rulesetFile, sentence: `${fault}.` })),
        ...tagFaults(projectDir),
        ...[...ownerFaults(owners.map(({ pattern }) => pattern)), ...strangers(owners)].map((sentence) => ({
          place: ownersFile,
          sentence,
        })),
      ],
      open: owners.flatMap(({ line, names }): Finding[] =>
        names.some((name) => name.startsWith(placeholder)) || names.length === 0
          ? [{ place: `${ownersFile}:${line}`, sentence: 'names nobody yet.' }]
          : [],
      ),
    };
  },
};

/** Of all lines that mean a file GitHub goes by the last. */
function ownerFaults(patterns: readonly string[]): string[] {
  const first = patterns.findIndex((pattern) => guarded.includes(pattern));
  const later = patterns.filter(
    (pattern, place) =>
      place > first &&
      !guarded.includes(pattern) &&
      (!pattern.startsWith('/') || /[*?[]/.test(pattern) || guarded.some((other) => overlap(pattern, other))),
  );
  return [
    ...(patterns[0] === '*' ? [] : ['does not begin with a line for everything ("*").']),
    ...guarded.filter((pattern) => !patterns.includes(pattern)).map((pattern) => `has no line for ${pattern}.`),
    ...patterns
      .filter((pattern, place) => patterns.indexOf(pattern) !== place)
      .map((pattern) => `has ${pattern} twice.`),
    ...later.map((pattern) => `gives ${pattern} to somebody else than what it lies in.`),
  ];
}

/** Whoever is the owner of one of them is the owner of all. */
function strangers(owners: readonly Owner[]): string[] {
  const [first, ...others] = owners.filter(({ pattern }) => guarded.includes(pattern));
  return others
    .filter(({ names }) => !isDeepStrictEqual(names, first?.names))
    .map(({ pattern }) => `gives ${pattern} to others than ${first?.pattern ?? ''}.`);
}

function overlap(pattern: string, other: string): boolean {
  return pattern.startsWith(other) || other.startsWith(pattern);
}

interface Owner {
  readonly line: number;
  readonly pattern: string;
  readonly names: readonly string[];
}

function readOwners(projectDir: string): Owner[] {
  const lines = readFileSync(path.join(projectDir, ownersFile), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const [pattern, ...names] = text.replace(/#.*/, '').trim().split(/\s+/);
    return pattern === undefined || pattern === '' ? [] : [{ line: index + 1, pattern, names }];
  });
}

function parametersOf(rules: Ruleset['rules'], type: string): Readonly<Record<string, unknown>> {
  return rules.find((rule) => rule.type === type)?.parameters ?? {};
}

const checksSchema = z.array(z.looseObject({ context: z.string(), integration_id: z.number().optional() })).default([]);

const toolsSchema = z.array(z.looseObject({ tool: z.string() })).default([]);

/** Of what a tool finds, what keeps a change back: at least this. */
const thresholds: Readonly<Record<string, readonly string[]>> = {
  security_alerts_threshold: ['high_or_higher', 'medium_or_higher', 'all'],
  alerts_threshold: ['errors', 'errors_and_warnings', 'all'],
};

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
