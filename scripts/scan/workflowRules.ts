import { z } from 'zod';
import type { Finding } from './check';
import { isCheckout, stepsOf, type Job, type Workflow } from './workflowFile';

/** A rule for every workflow: why it is one, and where it is broken. */
export interface WorkflowRule {
  readonly because: string;
  readonly broken: (workflow: Workflow) => readonly string[];
}

/** Ran by others than those who may push, with the rights of those who may; or by what another workflow left behind. */
const foreignTriggers = [
  'pull_request_target',
  'workflow_run',
  'issue_comment',
  'issues',
  'discussion',
  'discussion_comment',
  'fork',
];

/** What a job may write, by its workflow. Nothing else may be written. */
const mayWrite: Readonly<Record<string, readonly string[]>> = {
  'codeql.yml': ['security-events'],
  'container.yml': ['security-events'],
  'scan.yml': ['security-events'],
  'image.yml': ['packages', 'id-token', 'attestations'],
  'release.yml': ['packages', 'id-token', 'attestations'],
};

const maxTimeoutMinutes = 120;

/** What ends well although a command of it did not: `||`, a pipe, the background, a condition, a trap, an exit of its own. */
const swallows = /\||[^&]&\s*$|;|^\s*(if|elif|while|until|trap)\b|^\s*!|\bset \+|(?<!-)\bexit\b(?!-)/;

const evenAfterFailures = '${{ !cancelled() }}';
/** A pull request from a fork may not write, and so uploads nothing. */
const whereWriting = '${{ !cancelled() && !github.event.pull_request.head.repo.fork }}';
const upload = 'github/codeql-action/upload-sarif@';

/** The jobs that may be, by file and name, and when. */
const mayBeSkipped: Readonly<Record<string, string>> = {
  // It needs a key, which a pull request does not get; no branch waits for it.
  'scan.yml dependency-check': "${{ github.event_name != 'pull_request' }}",
};

/** Words of GitHub's language that the rules know. */
const words = {
  workflow: ['name', 'on', 'permissions', 'concurrency', 'env', 'jobs'],
  job: [
    ...['name', 'if', 'needs', 'runs-on', 'timeout-minutes', 'permissions', 'strategy', 'outputs', 'env', 'steps'],
    ...['uses', 'secrets', 'container', 'services', 'continue-on-error'],
  ],
  step: ['id', 'name', 'if', 'uses', 'with', 'run', 'env', 'continue-on-error'],
} as const;

/** Names of variables that workflows set. */
const variables = ['image', 'NVD_API_KEY', 'REGISTRY_PASSWORD', 'REFERENCE', 'GH_TOKEN'];

const jobsOf = ({ content }: Workflow): [string, Job][] => Object.entries(content.jobs);
const fileName = ({ file }: Workflow): string => file.slice(file.lastIndexOf('/') + 1);

function unknownAmong(part: object, known: readonly string[]): string[] {
  return Object.keys(part)
    .filter((word) => !known.includes(word))
    .map((word) => `says ${word}`);
}

/** Every job that has ended well before one begins. */
function jobsBefore({ content: { jobs } }: Workflow, name: string): Job[] {
  const names = new Set<string>();
  const add = (next: string): void => {
    for (const other of [jobs[next]?.needs ?? []].flat().filter((other) => !names.has(other))) {
      names.add(other);
      add(other);
    }
  };
  add(name);
  return [...names].flatMap((other) => jobs[other] ?? []);
}

/** name@ref # tag, as it stands in the text: the parsed workflow has no comments. */
const usesLine = /^\s*(?:- )?uses:\s*(\S+?)@(\S+?)(?:\s+#\s*(\S+)(?:\s+(unresolved))?)?\s*$/;
const commit = /^[0-9a-f]{40}$/;
const noCommit = '0'.repeat(40);
/** An image with its digest. Where that is unresolved no engine takes the name for one. */
const pinnedImage = /^[a-z0-9][a-z0-9._/:-]*:[\w][\w.-]*@sha256:([0-9a-f]{64}|unresolved)$/;
/** Built in the job itself. */
const ownImage = /^(tickgate:ci|"?\$IMAGE(:\$GITHUB_REF_NAME)?"?)$/;

export const workflowRules: Readonly<Record<string, WorkflowRule>> = {
  'pinned-actions': {
    because: 'a tag can be moved to other code at any time; a commit cannot',
    broken: (workflow) => {
      const { text, content } = workflow;
      const lines = text
        .split('\n')
        .filter((line) => /\buses\b["']?\s*:/.test(line) && !line.trimStart().startsWith('#'));
      const own = stepsOf(workflow).flatMap(({ step: { uses = '' } }) =>
        uses.startsWith('./') ? [`${uses} is an action of this repository, whose steps nobody looks at`] : [],
      );
      const used = Object.values(content.jobs).flatMap((job) => [job.uses, ...job.steps.map(({ uses }) => uses)]);
      const faults = lines.flatMap((line) => {
        if (/uses:\s*\.\//.test(line)) return [];
        const [, name = line.trim(), ref = '', tag, isOpen] = usesLine.exec(line) ?? [];
        if (!commit.test(ref)) return [`${name} is at "${ref}", which is no commit of 40 hex digits`];
        if (tag === undefined)
          return [`${name}@${ref.slice(0, 7)}… does not say which tag that is ("# v1.2.3" behind it)`];
        return (ref === noCommit) === (isOpen !== undefined)
          ? []
          : [`${name}: a commit of zeros is said to be unresolved, and no other is`];
      });
      const count = used.filter((uses) => uses !== undefined).length;
      return count === lines.length
        ? [...own, ...faults]
        : [...own, ...faults, `${count} actions are used, ${lines.length} are written on a line of their own`];
    },
  },
  'pinned-images': {
    because: 'a tag of an image can be moved as well',
    broken: (workflow) => {
      const faults = jobsOf(workflow).flatMap(([name, { container, services }]) =>
        container === undefined && services === undefined
          ? []
          : [`${name} has a container or services: run the image in a step, by its digest`],
      );
      for (const { job, step } of stepsOf(workflow)) {
        const environment = { ...workflow.content.env, ...job.env, ...step.env };
        if (step.uses?.startsWith('docker://') === true)
          faults.push(`${step.uses}: run the image in a step, by its digest`);
        if (!/\bdocker (run|pull|create)\b/.test(step.run ?? '')) continue;
        const image = String(environment['image'] ?? '');
        const names = [...(step.run ?? '').matchAll(/(?<=\s)(?:[a-z0-9.-]+\/)*[a-z0-9._-]+:[\w.-]+(?=\s|$)/g)].map(
          ([found]) => found,
        );
        for (const name of names.filter((name) => !ownImage.test(name))) faults.push(`${name} is run by its tag`);
        if (!pinnedImage.test(image))
          faults.push(`"${image}" is run, which has no digest (env: image: name:tag@sha256:…)`);
        if (!/"\$image"/.test(step.run ?? '')) faults.push('docker run names another image than "$image"');
      }
      return faults;
    },
  },
  'no-rights-by-default': {
    because: 'a job that does not say what it needs has nothing',
    broken: ({ content: { permissions } }) =>
      typeof permissions === 'object' && Object.keys(permissions).length === 0
        ? []
        : ['lacks "permissions: {}" at the top'],
  },
  'least-rights': {
    because: 'what a job may write is what a stolen token of it may write',
    broken: (workflow) =>
      jobsOf(workflow).flatMap(([name, { permissions }]) => {
        if (typeof permissions !== 'object') return [`${name} does not list its permissions`];
        return Object.entries(permissions)
          .filter(
            ([scope, right]) =>
              !['read', 'none'].includes(right) && !(mayWrite[fileName(workflow)] ?? []).includes(scope),
          )
          .map(([scope, right]) => `${name} has ${scope}: ${right}`);
      }),
  },
  'own-triggers': {
    because: 'these run with the rights of the repository on what a stranger sent',
    broken: ({ triggers }) =>
      triggers.filter((trigger) => foreignTriggers.includes(trigger)).map((trigger) => `is run by ${trigger}`),
  },
  'no-credentials-left': {
    because: 'checkout leaves the token in .git/config, for every later step to read',
    broken: (workflow) =>
      stepsOf(workflow)
        .filter(({ step }) => isCheckout(step) && step.with['persist-credentials'] !== false)
        .map(({ name }) => `${name}: checkout without persist-credentials: false`),
  },
  'bounded-time': {
    because: 'a job that hangs runs for six hours',
    broken: (workflow) =>
      jobsOf(workflow)
        .filter(([, job]) => job.uses === undefined)
        .filter(([, { 'timeout-minutes': minutes }]) => typeof minutes !== 'number' || minutes > maxTimeoutMinutes)
        .map(([name]) => `${name} has no timeout-minutes of at most ${maxTimeoutMinutes}`),
  },
  'one-at-a-time': {
    because: 'two releases of one tag, or ten runs of one branch, are never meant',
    broken: ({ content: { concurrency } }) => {
      if (concurrency === undefined) return ['has no concurrency'];
      const ends = z.object({ 'cancel-in-progress': z.unknown() }).safeParse(concurrency).data?.['cancel-in-progress'];
      return [false, "${{ github.event_name == 'pull_request' }}"].includes(ends as string | boolean)
        ? []
        : [`a run ends another one if ${JSON.stringify(ends)}`];
    },
  },
  'known-machine': {
    because: '"latest" is another system one morning, and a machine of our own keeps what a run leaves behind',
    broken: (workflow) =>
      jobsOf(workflow)
        .filter(([, job]) => job.uses === undefined && !/^ubuntu-\d\d\.\d\d$/.test(String(job['runs-on'])))
        .map(([name, job]) => `${name} runs on ${JSON.stringify(job['runs-on'])}`),
  },
  'no-expression-in-scripts': {
    because: 'an expression is pasted into the script before the shell reads it: a branch called `$(…)` would run',
    broken: (workflow) =>
      stepsOf(workflow)
        .filter(({ step }) => step.run?.includes('${{') === true)
        .map(({ name, step }) => `${name}: "${(step.run ?? '').split('\n')[0] ?? ''}": pass it by env`),
  },
  'secrets-in-one-step': {
    because: 'a secret in the environment of a job is open to every action in it',
    broken: (workflow) => [
      ...(JSON.stringify(workflow.content.env).includes('secrets.')
        ? ['env of the whole workflow holds a secret']
        : []),
      ...jobsOf(workflow).flatMap(([name, job]) => [
        ...(/secrets\.|github\.token/.test(JSON.stringify(job.env))
          ? [`${name}: env of the whole job holds a secret`]
          : []),
        ...(job.secrets === undefined ? [] : [`${name} passes secrets on to another workflow`]),
      ]),
    ],
  },
  'failures-count': {
    because: 'a check that may fail is none',
    broken: (workflow) => [
      ...jobsOf(workflow)
        .filter(([, job]) => 'continue-on-error' in job)
        .map(([name]) => `${name} may fail`),
      ...stepsOf(workflow).flatMap(({ name, step }) => [
        ...('continue-on-error' in step ? [`a step of ${name} may fail`] : []),
        ...(step.run ?? '').split('\n').flatMap((line) => (swallows.test(line) ? [`${name}: ${line.trim()}`] : [])),
      ]),
    ],
  },
  'nothing-skipped': {
    because: 'a required check that was skipped counts as passed',
    broken: (workflow) => {
      const jobs = jobsOf(workflow);
      const skipped = jobs.filter(([, job]) => job.if !== undefined).map(([name]) => name);
      return [
        ...jobs.flatMap(([name, job]) =>
          job.if === undefined || mayBeSkipped[`${fileName(workflow)} ${name}`] === job.if
            ? []
            : [`${name} runs only if ${JSON.stringify(job.if)}`],
        ),
        ...jobs.flatMap(([name, { needs = [] }]) =>
          [needs]
            .flat()
            .flatMap((other) => (skipped.includes(other) ? [`${name} is skipped wherever ${other} is`] : [])),
        ),
        ...stepsOf(workflow)
          .filter(({ step }) => ![undefined, evenAfterFailures].includes(step.if as string | undefined))
          .filter(({ step }) => step.if !== whereWriting || step.uses?.startsWith(upload) !== true)
          .map(({ name, step }) => `a step of ${name} runs only if ${JSON.stringify(step.if)}`),
      ];
    },
  },
  'known-words': {
    because:
      'another shell or folder makes other commands of the same words, and what nobody has heard of may do so too',
    broken: (workflow) => [
      ...unknownAmong(workflow.content, words.workflow),
      ...jobsOf(workflow).flatMap(([, job]) => unknownAmong(job, words.job)),
      ...stepsOf(workflow).flatMap(({ step }) => unknownAmong(step, words.step)),
    ],
  },
  'known-environment': {
    because: 'a variable decides which programs are run (PATH), what they load (NODE_OPTIONS) and what they look at',
    broken: (workflow) => [
      ...[workflow.content, ...Object.values(workflow.content.jobs), ...stepsOf(workflow).map(({ step }) => step)]
        .flatMap(({ env }) => Object.keys(env))
        .filter((name) => !variables.includes(name))
        .map((name) => `sets ${name}`),
      ...stepsOf(workflow)
        .flatMap(({ step: { run = '' } }) => run.split('\n').map((line) => line.trim()))
        .filter((line) => /GITHUB_(ENV|PATH)/.test(line) && line !== 'echo "IMAGE=$image" >> "$GITHUB_ENV"')
        .map((line) => `for later steps: ${line}`),
    ],
  },
  'own-checkout': {
    because: 'another commit, repository or folder is looked at in place of what is proposed',
    broken: (workflow) =>
      stepsOf(workflow)
        .filter(({ step }) => isCheckout(step))
        .flatMap(({ name, step: { with: options } }) => [
          ...Object.keys(options)
            .filter((option) => !['persist-credentials', 'fetch-depth'].includes(option))
            .map((option) => `${name}: checkout with ${option}`),
        ]),
  },
  'tested-before-signed': {
    because: 'what is signed is what people run',
    broken: (workflow) =>
      jobsOf(workflow)
        .filter(
          ([, { uses, permissions }]) => uses !== undefined && JSON.stringify(permissions ?? '').includes('"write"'),
        )
        .flatMap(([name]) => {
          const before = jobsBefore(workflow, name);
          const runs = before.flatMap(({ steps }) => steps.map(({ run }) => run?.trim()));
          return [
            ...['npm run pin -- --check', 'npm run scan -- --release'].filter((run) => !runs.includes(run)),
            ...['./.github/workflows/tests.yml'].filter((uses) => !before.some((job) => job.uses === uses)),
          ].map((missing) => `${name} does not wait for ${missing}`);
        }),
  },
  'nothing-from-caches': {
    because: 'what another run put into a cache would come into what is tested and signed',
    broken: (workflow) =>
      stepsOf(workflow).flatMap(({ name, step: { uses = '', with: options } }) => [
        ...(uses.startsWith('actions/cache') || options['cache'] !== undefined ? [`${name} uses a cache`] : []),
        ...(uses.startsWith('actions/setup-node@') && options['package-manager-cache'] !== false
          ? [`${name}: setup-node without package-manager-cache: false`]
          : []),
      ]),
  },
  'only-locked-packages': {
    because: 'what is fetched by name today is other code tomorrow',
    broken: (workflow) =>
      stepsOf(workflow).flatMap(({ name, step: { run = '' } }) =>
        run
          .split('\n')
          .filter(
            (line) =>
              /\bnpx\b|\bnpm (i|install|add|exec)\b|\b(pip3?|gem|cargo|go) install\b|(curl|wget)\b.*\|\s*(ba|z)?sh/.test(
                line,
              ) ||
              (/\bnpm ci\b/.test(line) && !line.includes('--ignore-scripts')),
          )
          .map((line) => `${name}: ${line.trim()}`),
      ),
  },
};

/** Actions and images that wait for somebody who can look them up. */
export function unresolvedPins({ text, file }: Workflow): Finding[] {
  return text.split('\n').flatMap((line, index) => {
    const name = line.includes(noCommit) ? usesLine.exec(line)?.[1] : /(\S+)@sha256:unresolved/.exec(line)?.[1];
    if (name === undefined) return [];
    return [
      { place: `${file}:${index + 1}`, sentence: `${name} is unresolved and cannot run: "npm run pin" looks it up.` },
    ];
  });
}
