import type { duties } from '../../workflowDuties';
import type { Edit } from './plantedFault';
import { inWorkflow } from './workflowEdit';

/** A filter that narrows when a workflow runs, or what it looks at there. */
const onPullRequests = (file: string, filter: string): Edit =>
  inWorkflow(file, /pull_request:\n/, `pull_request:\n    ${filter}\n`);
const cron = (file: string, time: string): Edit => inWorkflow(file, /cron: '.*'/, `cron: '${time}'`);

/** How each duty is left undone: not at all, not often, of something else, or so that it never fails. */
export const neglects: Readonly<Record<keyof typeof duties, readonly Edit[]>> = {
  tests: [
    inWorkflow('tests', '- run: .ci/run', '- run: npm test'),
    inWorkflow('tests', '- run: .ci/run', '- run: echo .ci/run'),
    ...[
      "paths-ignore: ['**']",
      'paths: [docs/**]',
      'branches: [never]',
      "branches-ignore: ['**']",
      'types: [labeled]',
      'branches: [main]',
    ].map((filter) => onPullRequests('tests', filter)),
    inWorkflow('tests', 'branches: [main]', 'branches: [never]'),
    inWorkflow('tests', 'branches: [main]', "branches: [main]\n    paths-ignore: ['src/**']"),
    inWorkflow('tests', 'push:\n    branches: [main]\n', ''),
  ],
  'own scan': [
    inWorkflow('scan', / +- run: npm run scan\n/, ''),
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan -- --only updates\n'),
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan -- --help\n'),
    inWorkflow('scan', /\s+fetch-depth: 0/, ''),
    inWorkflow('scan', /(Own scan[\s\S]*?) +- uses: actions\/checkout.*\n.*\n.*\n.*\n/, '$1'),
  ],
  'own scan can find': [inWorkflow('scan', / +- run: npm run scan -- --self-test\n/, '')],
  'SBOM of the packages': [inWorkflow('scan', / +- run: npm run sbom -- --output sbom.cdx.json\n/, '')],
  'CodeQL, what it looks for': [
    inWorkflow('codeql', 'queries: security-extended', 'config-file: ./codeql.yml'),
    inWorkflow(
      'codeql',
      'queries: security-extended',
      'queries: security-extended\n          config: "paths-ignore: [src]"',
    ),
    inWorkflow('codeql', 'languages: ${{ matrix.language }}', 'languages: actions'),
  ],
  CodeQL: [
    inWorkflow('codeql', '/analyze@', '/autobuild@'),
    inWorkflow('codeql', 'output: ${{ runner.temp }}/sarif', 'skip-queries: true'),
    cron('codeql', '17 4 1 1 *'),
  ],
  'CodeQL fails at high': [
    inWorkflow('codeql', '--fail-at 7', '--fail-at 11'),
    inWorkflow('codeql', '"$RUNNER_TEMP/sarif"', '"$RUNNER_TEMP/other"'),
  ],
  'Trivy, files': [
    inWorkflow('scan', /(fs .*) --severity HIGH,CRITICAL --exit-code 1/, '$1 --exit-code 0'),
    ...[
      '--exit-code 1 --exit-code 0',
      '--exit-code 1 --ignore-unfixed',
      '--exit-code 1 --skip-dirs src',
      '--exit-code 1 --skip-files package-lock.json',
      '--exit-code 1 --ignorefile docs/ignored',
      '--exit-code 1 --config docs/trivy.yaml',
      '--exit-code 1 --vex docs/vex.json',
    ].map((options) => inWorkflow('scan', '--exit-code 1\n', `${options}\n`)),
    inWorkflow('scan', '--scanners vuln,secret,misconfig', '--scanners secret'),
    inWorkflow(
      'scan',
      '$PWD:/src:ro" --volume "$RUNNER_TEMP/reports:/reports" "$image"\n          fs',
      '$PWD/docs:/src:ro" --volume "$RUNNER_TEMP/reports:/reports" "$image"\n          fs',
    ),
    inWorkflow('scan', 'ghcr.io/aquasecurity/trivy:', 'ghcr.io/somebody/trivy:'),
    inWorkflow('scan', "  schedule:\n    - cron: '17 5 * * 1'\n", ''),
    ...['17 5 1 * *', '17 5 1 1 *', '17 5 31 2 *', '17 5 * 2 1', '17 25 * * 1', '17 5 * * 9', '* * * * never'].map(
      (time) => cron('scan', time),
    ),
    inWorkflow('scan', /(Trivy\n[\s\S]*?) +- uses: actions\/checkout.*\n.*\n.*\n/, '$1'),
  ],
  'Trivy, settings': [
    inWorkflow('scan', 'config --severity HIGH,CRITICAL', 'config --severity CRITICAL'),
    inWorkflow(
      'scan',
      '--exit-code 1 --format sarif --output /reports/trivySettings',
      '--format sarif --output /reports/trivySettings',
    ),
  ],
  'the image is built': [inWorkflow('container', '--file docker/Dockerfile', '--file docker/Other')],
  'the image is asked': [inWorkflow('container', '.github/checkImage.sh', 'echo')],
  'Trivy, image': [
    inWorkflow('container', '--exit-code 1', ''),
    inWorkflow('container', '--severity HIGH,CRITICAL', '--severity CRITICAL'),
    inWorkflow('container', '--exit-code 1', '--exit-code 1 --ignore-unfixed'),
    onPullRequests('container', 'paths: [docker/**]'),
  ],
  'Trivy, image of a release': [
    inWorkflow('image', '--severity HIGH,CRITICAL --exit-code 1', ''),
    inWorkflow('image', '--exit-code 1', '--exit-code 1 --pkg-types os'),
  ],
  TruffleHog: [
    inWorkflow('scan', '--results=verified,unknown --fail', '--results=verified,unknown'),
    inWorkflow('scan', '--results=verified,unknown', '--results=verified'),
    inWorkflow('scan', '--no-update', '--no-update --exclude-paths=docs/ignored'),
    inWorkflow('scan', '--no-update', '--no-update --since-commit HEAD'),
    inWorkflow('scan', 'ghcr.io/trufflesecurity/trufflehog:', 'ghcr.io/somebody/trufflehog:'),
    inWorkflow('scan', /(TruffleHog[\s\S]*?)\s+fetch-depth: 0/, '$1'),
  ],
  'OWASP dependency-check': [
    inWorkflow('scan', '--failOnCVSS 7', '--failOnCVSS 11'),
    inWorkflow('scan', '--failOnCVSS 7', '--failOnCVSS 7 --suppression docs/suppressed.xml'),
    inWorkflow('scan', '--scan /src/package-lock.json', ''),
    cron('scan', '17 5 1 * *'),
  ],
  zizmor: [
    inWorkflow('scan', 'ghcr.io/zizmorcore/zizmor:', 'ghcr.io/zizmorcore/other:'),
    inWorkflow('scan', '--min-severity low', '--min-severity high'),
    inWorkflow('scan', '--min-severity low', '--min-severity low --no-exit-codes'),
  ],
  actionlint: [
    inWorkflow('scan', 'rhysd/actionlint:', 'rhysd/other:'),
    inWorkflow('scan', '-color', '-color -ignore .'),
  ],
  'pins looked up, and the same everywhere': [inWorkflow('release', 'npm run pin -- --check', 'npm run pin')],
  'nothing open at a release': [
    inWorkflow('release', 'npm run scan -- --release', 'npm run scan'),
    inWorkflow('release', "tags: ['v[0-9]+.[0-9]+.[0-9]+']", 'tags: [never]'),
  ],
  'SBOM of the image': [
    inWorkflow('image', '--format cyclonedx', '--format spdx-json'),
    inWorkflow('image', '  workflow_call:', '  workflow_dispatch:\n  workflow_call:'),
  ],
  signature: [
    inWorkflow('image', /cosign sign --yes.*/, 'true'),
    inWorkflow('image', 'cosign sign --yes', 'cosign sign --yes --tlog-upload=false'),
  ],
  provenance: [
    inWorkflow('image', 'attest-build-provenance@', 'attest-other@'),
    inWorkflow('image', '${{ steps.push.outputs.digest }}', '${{ vars.DIGEST }}'),
  ],
  'signature verified': [
    inWorkflow('release', /--certificate-identity "\$builder"/, '--certificate-identity-regexp ".*"'),
    inWorkflow('release', '--source-ref "$GITHUB_REF"', ''),
  ],
  'what people do': [
    inWorkflow('calendar', 'npm run sec:calendar', 'npm test'),
    cron('calendar', '17 7 1 * *'),
    cron('calendar', '17 7 1 1 *'),
  ],
  'every command of SECURITY.md': [
    inWorkflow('controls', 'npm run check:controls', 'npm run check:controls -- --list'),
    inWorkflow('controls', /\s+fetch-depth: 0/, ''),
    cron('controls', '23 3 1 * *'),
  ],
  'ranges of Cloudflare': [
    inWorkflow('ranges', 'cloudflare:ranges -- --check', 'cloudflare:ranges'),
    inWorkflow('ranges', /  schedule:\n.*\n/, ''),
  ],
};
