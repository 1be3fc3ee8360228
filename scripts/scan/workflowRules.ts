import type { Finding } from './check';
import { stepsOf, type Job, type Workflow } from './workflowFile';

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

const jobsOf = ({ content }: Workflow): [string, Job][] => Object.entries(content.jobs);
const fileName = ({ file }: Workflow): string => file.slice(file.lastIndexOf('/') + 1);

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
    broken: ({ text, content }) => {
      const lines = text
        .split('\n')
        .filter((line) => /\buses\b["']?\s*:/.test(line) && !line.trimStart().startsWith('#'));
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
        ? faults
        : [...faults, `${count} actions are used, ${lines.length} are written on a line of their own`];
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
        .filter(
          ({ step }) =>
            step.uses?.startsWith('actions/checkout@') === true && step.with['persist-credentials'] !== false,
        )
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
    broken: ({ content }) => (content.concurrency === undefined ? ['has no concurrency'] : []),
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
    broken: ({ text }) =>
      text
        .split('\n')
        .flatMap((line) =>
          /continue-on-error:\s*(?!false)|\|\|\s*true\b|;\s*true$|set \+e/.test(line) ? [line.trim()] : [],
        ),
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

/** A workflow that was not written. */
interface Duty {
  readonly uses?: RegExp;
  /** Words that its command has to have: what is looked at, and that it fails. */
  readonly run?: readonly RegExp[];
  readonly image?: RegExp;
  /** Since when it runs again although nothing was changed, or at a release. */
  readonly when: 'every change' | 'every change and every week' | 'every week' | 'release';
}

/** What has to be there, somewhere, and to fail at a severity of high. */
export const duties: Readonly<Record<string, Duty>> = {
  tests: { run: [/^\.ci\/run$/], when: 'every change' },
  'own scan': { run: [/^npm run scan$/], when: 'every change and every week' },
  'own scan can find': { run: [/^npm run scan -- --self-test$/], when: 'every change and every week' },
  'SBOM of the packages': { run: [/^npm run sbom -- --output \S+$/], when: 'every change and every week' },
  CodeQL: { uses: /^github\/codeql-action\/analyze@/, when: 'every change and every week' },
  'CodeQL fails at high': { run: [/sarifGate\.mjs --fail-at 7 /], when: 'every change and every week' },
  'Trivy, files': trivy(/ fs .*--include-dev-deps/),
  'Trivy, settings': trivy(/ config /),
  'Trivy, image': trivy(/ image .*--input/),
  'Trivy, image of a release': { ...trivy(/ image .*--input/), when: 'release' },
  TruffleHog: { image: /trufflehog:/, run: [/ git file:/, /--fail\b/], when: 'every change and every week' },
  'OWASP dependency-check': {
    image: /dependency-check:/,
    run: [/--failOnCVSS 7\b/, /package-lock\.json/],
    when: 'every week',
  },
  zizmor: { image: /zizmor:/, run: [/--min-severity low/], when: 'every change and every week' },
  actionlint: { image: /actionlint:/, run: [/docker run/], when: 'every change and every week' },
  'pins looked up, and the same everywhere': { run: [/^npm run pin -- --check$/], when: 'release' },
  'nothing open at a release': { run: [/^npm run scan -- --release$/], when: 'release' },
  'SBOM of the image': { image: /trivy:/, run: [/--format cyclonedx/], when: 'release' },
  signature: { run: [/cosign sign --yes/, /cosign attest --yes --type cyclonedx/], when: 'release' },
  provenance: { uses: /^actions\/attest-build-provenance@/, when: 'release' },
  'signature verified': {
    run: [
      /cosign verify .*--certificate-identity "\$builder"/,
      /cosign verify-attestation --type cyclonedx/,
      /gh attestation verify .*--repo/,
    ],
    when: 'release',
  },
  'ranges of Cloudflare': { run: [/^npm run cloudflare:ranges -- --check$/], when: 'every week' },
  'what people do': { run: [/^npm run sec:calendar$/], when: 'every week' },
};

function trivy(what: RegExp): Duty {
  return {
    image: /\/trivy:/,
    run: [what, /--severity HIGH,CRITICAL/, /--exit-code 1/],
    when: 'every change and every week',
  };
}

const whens: Readonly<Record<Duty['when'], (triggers: readonly string[]) => boolean>> = {
  'every change': (triggers) => triggers.includes('pull_request') && triggers.includes('push'),
  'every change and every week': (triggers) =>
    ['pull_request', 'push', 'schedule'].every((each) => triggers.includes(each)),
  'every week': (triggers) => triggers.includes('schedule'),
  release: (triggers) => triggers.includes('workflow_call') || triggers.join() === 'push',
};

export function missingDuties(workflows: readonly Workflow[]): Finding[] {
  return Object.entries(duties)
    .filter(([, duty]) => !workflows.some((workflow) => whens[duty.when](workflow.triggers) && meets(workflow, duty)))
    .map(([name, { when }]) => ({
      place: '.github/workflows',
      sentence: `no step does this at ${when}, failing where something is found: ${name}.`,
    }));
}

function meets(workflow: Workflow, duty: Duty): boolean {
  return stepsOf(workflow).some(({ job, step }) => {
    const command = (step.run ?? '').replaceAll('\\\n', ' ').trim();
    const image = String(step.env['image'] ?? job.env['image'] ?? '');
    return (
      (duty.uses?.test(step.uses ?? '') ?? true) &&
      (duty.image?.test(image) ?? true) &&
      (duty.run ?? []).every((words) => words.test(command))
    );
  });
}

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
