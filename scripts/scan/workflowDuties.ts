import { isDeepStrictEqual } from 'node:util';
import type { Finding } from './check';
import { isCheckout, stepsOf, type Job, type Step, type Workflow } from './workflowFile';

/** A step that has to be there. It is compared word for word: an option more or less is how a scanner finds nothing any more. */
interface Duty {
  /** The name of an action, and everything that it is told. */
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  /** The image that `docker run` is given, by its name. */
  readonly image?: string;
  /** The whole script, with one space for each run of them. */
  readonly run?: string;
  /** What the first step of the job has to check out, for there to be something to look at. */
  readonly checkout?: 'files' | 'history';
  /** Since when it runs again although nothing was changed, or at a release. */
  readonly when: keyof typeof whens;
}

const files = { checkout: 'files', when: 'every change and every week' } as const;
const reports = '--volume "$RUNNER_TEMP/reports:/reports"';
const sources = '--volume "$PWD:/src:ro"';
const strict = '--severity HIGH,CRITICAL --exit-code 1';
const trivy = 'ghcr.io/aquasecurity/trivy';
const imageScan = `docker run --rm ${reports} "$image" image --input /reports/image.tar ${strict}`;

/** What has to be there, somewhere, and to fail at a severity of high. */
export const duties: Readonly<Record<string, Duty>> = {
  tests: { run: '.ci/run', checkout: 'history', when: 'every change' },
  'own scan': { ...files, run: 'npm run scan', checkout: 'history' },
  'own scan can find': { ...files, run: 'npm run scan -- --self-test' },
  'SBOM of the packages': { ...files, run: 'npm run sbom -- --output sbom.cdx.json' },
  'CodeQL, what it looks for': {
    ...files,
    uses: 'github/codeql-action/init',
    with: { languages: '${{ matrix.language }}', 'build-mode': 'none', queries: 'security-extended' },
  },
  CodeQL: {
    ...files,
    uses: 'github/codeql-action/analyze',
    with: {
      category: '/language:${{ matrix.language }}',
      output: '${{ runner.temp }}/sarif',
      upload: "${{ github.event.pull_request.head.repo.fork && 'never' || 'always' }}",
    },
  },
  'CodeQL fails at high': { ...files, run: 'node scripts/sarifGate.mjs --fail-at 7 "$RUNNER_TEMP/sarif"' },
  'Trivy, files': {
    ...files,
    image: trivy,
    run: `docker run --rm ${sources} ${reports} "$image" fs --scanners vuln,secret,misconfig --include-dev-deps ${strict} --format sarif --output /reports/trivyFiles.sarif /src`,
  },
  'Trivy, settings': {
    ...files,
    image: trivy,
    run: `docker run --rm ${sources} ${reports} "$image" config ${strict} --format sarif --output /reports/trivySettings.sarif /src`,
  },
  'the image is built': { ...files, run: 'docker build --file docker/Dockerfile --tag tickgate:ci .' },
  'the image is asked': { ...files, run: '.github/checkImage.sh tickgate:ci' },
  'Trivy, image': {
    ...files,
    image: trivy,
    run: `${imageScan} --format sarif --output /reports/trivyImage.sarif`,
  },
  'Trivy, image of a release': { image: trivy, run: imageScan, checkout: 'files', when: 'release' },
  TruffleHog: {
    ...files,
    image: 'ghcr.io/trufflesecurity/trufflehog',
    run: `docker run --rm ${sources} --workdir /src "$image" git file:///src --results=verified,unknown --fail --no-update`,
    checkout: 'history',
  },
  'OWASP dependency-check': {
    image: 'owasp/dependency-check',
    run: `docker run --rm ${sources} ${reports} --volume "$RUNNER_TEMP/data:/usr/share/dependency-check/data" --user "$(id -u):$(id -g)" "$image" --project tickgate --scan /src/package.json --scan /src/package-lock.json --failOnCVSS 7 --format SARIF --out /reports --nvdApiKey "$NVD_API_KEY"`,
    checkout: 'files',
    when: 'every week',
  },
  zizmor: {
    ...files,
    image: 'ghcr.io/zizmorcore/zizmor',
    run: `docker run --rm --network none ${sources} --workdir /src "$image" --offline --min-severity low .github`,
  },
  actionlint: {
    ...files,
    image: 'rhysd/actionlint',
    run: `docker run --rm --network none ${sources} --workdir /src "$image" -color`,
  },
  'pins looked up, and the same everywhere': { run: 'npm run pin -- --check', checkout: 'files', when: 'release' },
  'nothing open at a release': { run: 'npm run scan -- --release', checkout: 'history', when: 'release' },
  'SBOM of the image': {
    image: trivy,
    run: `docker run --rm ${reports} "$image" image --input /reports/image.tar --format cyclonedx --output /reports/image.cdx.json`,
    when: 'release',
  },
  signature: {
    run: `cosign sign --yes "$REFERENCE"
cosign attest --yes --type cyclonedx --predicate "$RUNNER_TEMP/reports/image.cdx.json" "$REFERENCE"`,
    when: 'release',
  },
  provenance: {
    uses: 'actions/attest-build-provenance',
    with: {
      'subject-name': '${{ env.IMAGE }}',
      'subject-digest': '${{ steps.push.outputs.digest }}',
      'push-to-registry': true,
    },
    when: 'release',
  },
  'signature verified': {
    run: `docker login ghcr.io --username "$GITHUB_ACTOR" --password-stdin <<< "$GH_TOKEN"
builder="https://github.com/$GITHUB_REPOSITORY/.github/workflows/image.yml@$GITHUB_REF"
issuer=https://token.actions.githubusercontent.com
cosign verify --certificate-identity "$builder" --certificate-oidc-issuer "$issuer" "$REFERENCE"
cosign verify-attestation --type cyclonedx --certificate-identity "$builder" --certificate-oidc-issuer "$issuer" "$REFERENCE"
gh attestation verify "oci://$REFERENCE" --repo "$GITHUB_REPOSITORY" --signer-workflow "$GITHUB_REPOSITORY/.github/workflows/image.yml" --source-ref "$GITHUB_REF"`,
    when: 'release',
  },
  'ranges of Cloudflare': { run: 'npm run cloudflare:ranges -- --check', checkout: 'files', when: 'every week' },
  'every command of SECURITY.md': {
    run: 'sudo --preserve-env=PATH,CI npm run check:controls',
    checkout: 'history',
    when: 'every week',
  },
  'what people do': { run: 'npm run sec:calendar', checkout: 'files', when: 'every week' },
};

/** Minute, hour, day of the month, month, day of the week. Lists are not needed here. */
const weekly = /^[1-5]?\d (1?\d|2[0-3]) \* \* ([0-6]|\*)$/;

/** A filter of branches, paths or kinds of event is how what has to run does not, and GitHub tells nobody. */
const onEveryChange = (workflow: Workflow): boolean =>
  isDeepStrictEqual(workflow.filters('pull_request'), null) &&
  isDeepStrictEqual(workflow.filters('push'), { branches: ['main'] });

const onSchedule = (workflow: Workflow): boolean => {
  const times: unknown = workflow.filters('schedule');
  return Array.isArray(times) && times.some((time: { cron?: unknown } | null) => weekly.test(String(time?.cron)));
};

const whens = {
  'every change': onEveryChange,
  'every change and every week': (workflow: Workflow): boolean => onEveryChange(workflow) && onSchedule(workflow),
  'every week': onSchedule,
  release: ({ triggers, filters }: Workflow): boolean =>
    triggers.join() === 'workflow_call' ||
    (triggers.join() === 'push' && isDeepStrictEqual(filters('push'), { tags: ['v[0-9]+.[0-9]+.[0-9]+'] })),
} as const;

export function missingDuties(workflows: readonly Workflow[]): Finding[] {
  return Object.entries(duties)
    .filter(([, duty]) => !workflows.some((workflow) => whens[duty.when](workflow) && meets(workflow, duty)))
    .map(([name, { when }]) => ({
      place: '.github/workflows',
      sentence: `no step does this at ${when}, failing where something is found: ${name}.`,
    }));
}

function meets(workflow: Workflow, duty: Duty): boolean {
  return stepsOf(workflow).some(
    ({ job, step }) => isStepOf(duty, { job, step }) && hasCheckedOut(job, duty.checkout ?? 'nothing'),
  );
}

function isStepOf(duty: Duty, { job, step }: { readonly job: Job; readonly step: Step }): boolean {
  const image = String(step.env['image'] ?? job.env['image'] ?? '').replace(/:[^/]*$/, '');
  return (
    (duty.uses === undefined || step.uses?.startsWith(`${duty.uses}@`) === true) &&
    (duty.with === undefined || isDeepStrictEqual(step.with, duty.with)) &&
    (duty.image === undefined || image === duty.image) &&
    (duty.run === undefined || normal(step.run ?? '') === duty.run)
  );
}

/** Without it there is nothing to look at, and without the history nothing but the last commit. */
function hasCheckedOut({ steps }: Job, what: 'files' | 'history' | 'nothing'): boolean {
  const [first] = steps;
  if (what === 'nothing') return true;
  return first !== undefined && isCheckout(first) && (what === 'files' || first.with['fetch-depth'] === 0);
}

function normal(script: string): string {
  const lines = script.replaceAll('\\\n', ' ').split('\n');
  return lines
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}
