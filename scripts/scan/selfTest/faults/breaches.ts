import type { workflowRules } from '../../workflowRules';
import type { Edit } from './plantedFault';
import { inWorkflow } from './workflowEdit';

/** One breach, or some, of each rule. */
export const breaches: Readonly<Record<keyof typeof workflowRules, readonly Edit[]>> = {
  'pinned-actions': [
    inWorkflow('tests', /(actions\/checkout)@0+/, '$1@v6'),
    inWorkflow('tests', /(actions\/checkout)@0+ .*/, '$1@main'),
    inWorkflow('tests', /(actions\/checkout@)0+ .*/, `$1${'1'.repeat(40)}`),
    inWorkflow('tests', /(actions\/checkout@0+) .*/, '$1 # v6.0.3'),
    inWorkflow('tests', '- run: .ci/run', '- { uses: actions/checkout@v6 }\n      - run: .ci/run'),
    inWorkflow('tests', /- uses: (actions\/checkout)@0+ .*/, '- "uses": $1@v6'),
    inWorkflow('tests', '- run: .ci/run', '- uses: ./.github/actions/tests'),
  ],
  'pinned-images': [
    inWorkflow('scan', /(trivy:0\.72\.0)@sha256:unresolved/, '$1'),
    inWorkflow('scan', /docker run (.*) "\$image"\n/, 'docker run $1 aquasec/trivy:latest\n'),
    inWorkflow('tests', '    steps:', '    container: node:24\n    steps:'),
    inWorkflow('tests', '- run: .ci/run', '- uses: docker://alpine:3\n      - run: .ci/run'),
  ],
  'no-rights-by-default': [
    inWorkflow('tests', 'permissions: {}\n', ''),
    inWorkflow('tests', 'permissions: {}', 'permissions: read-all'),
  ],
  'least-rights': [
    inWorkflow('tests', 'contents: read', 'contents: write'),
    inWorkflow('scan', 'security-events: write', 'packages: write'),
    inWorkflow('calendar', /permissions:\n\s+contents: read/, 'permissions: write-all'),
    inWorkflow('calendar', / +permissions:\n\s+contents: read\n/, ''),
  ],
  'own-triggers': [
    inWorkflow('tests', 'pull_request:', 'pull_request_target:'),
    inWorkflow('scan', 'workflow_dispatch:', 'workflow_run:\n    workflows: [Tests]'),
  ],
  'no-credentials-left': [
    inWorkflow('tests', 'persist-credentials: false', 'persist-credentials: true'),
    inWorkflow('scan', /\s+persist-credentials: false/, ''),
  ],
  'bounded-time': [
    inWorkflow('tests', /\s+timeout-minutes: \d+/, ''),
    inWorkflow('tests', /timeout-minutes: \d+/, 'timeout-minutes: 360'),
  ],
  'one-at-a-time': [
    inWorkflow('release', /concurrency:\n.*\n.*\n/, ''),
    inWorkflow('scan', /cancel-in-progress: .*/, 'cancel-in-progress: true'),
  ],
  'known-machine': [
    inWorkflow('tests', 'ubuntu-24.04', 'ubuntu-latest'),
    inWorkflow('tests', 'ubuntu-24.04', '[self-hosted, linux]'),
  ],
  'no-expression-in-scripts': [
    inWorkflow('tests', '- run: .ci/run', '- run: echo "${{ github.head_ref }}"\n      - run: .ci/run'),
  ],
  'secrets-in-one-step': [
    inWorkflow('scan', '\njobs:', '\nenv:\n  KEY: ${{ secrets.NVD_API_KEY }}\n\njobs:'),
    inWorkflow('scan', /( +)env:\n( +)image/, '$1env:\n$2KEY: ${{ secrets.NVD_API_KEY }}\n$2image'),
    inWorkflow(
      'release',
      'uses: ./.github/workflows/image.yml',
      'uses: ./.github/workflows/image.yml\n    secrets: inherit',
    ),
  ],
  'failures-count': [
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan\n        continue-on-error: true\n'),
    inWorkflow('scan', '- run: npm run scan\n', '- { run: npm run scan, "continue-on-error": true }\n'),
    inWorkflow('scan', '    name: TruffleHog\n', '    name: TruffleHog\n    continue-on-error: true\n'),
    ...[
      '.ci/run || true',
      '.ci/run || :',
      '.ci/run || exit 0',
      '.ci/run | tee log',
      '.ci/run ; true',
      '(.ci/run) &',
      '! .ci/run',
      'if .ci/run',
      "trap 'exit 0' EXIT",
      'set +e',
      'set +o errexit',
      'exit 0',
    ].map((script) => inWorkflow('tests', '- run: .ci/run', `- run: |\n          ${script}`)),
  ],
  'nothing-skipped': [
    inWorkflow('scan', '    name: TruffleHog\n', '    name: TruffleHog\n    if: false\n'),
    inWorkflow('scan', '    name: TruffleHog\n', '    name: TruffleHog\n    if: ${{ !cancelled() }}\n'),
    inWorkflow('scan', '    name: Trivy\n', "    name: Trivy\n    if: ${{ github.event_name != 'pull_request' }}\n"),
    inWorkflow('scan', '    name: Trivy\n', '    name: Trivy\n    needs: dependency-check\n'),
    inWorkflow('scan', '    name: Trivy\n', '    name: Trivy\n    needs: [scan, dependency-check]\n'),
    inWorkflow('scan', "if: ${{ github.event_name != 'pull_request' }}", "if: ${{ github.event_name == 'never' }}"),
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan\n        if: ${{ failure() }}\n'),
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan\n        if: ${{ vars.SCAN }}\n'),
    inWorkflow(
      'scan',
      /(Containers, Kubernetes, nginx\n +if: ).*/,
      '$1${{ !cancelled() && !github.event.pull_request.head.repo.fork }}',
    ),
  ],
  'known-words': [
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan\n        shell: "true {0}"\n'),
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan\n        working-directory: elsewhere\n'),
    inWorkflow('scan', '    name: Own scan\n', '    name: Own scan\n    defaults: { run: { shell: "true {0}" } }\n'),
    inWorkflow('scan', '\njobs:', '\ndefaults:\n  run:\n    working-directory: elsewhere\n\njobs:'),
    inWorkflow('scan', '    name: Own scan\n', '    name: Own scan\n    environment: production\n'),
  ],
  'known-environment': [
    inWorkflow('scan', '\njobs:', '\nenv:\n  NODE_OPTIONS: --require ./elsewhere.js\n\njobs:'),
    inWorkflow('scan', '    name: Own scan\n', '    name: Own scan\n    env: { PATH: ./elsewhere }\n'),
    inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan\n        env: { BASH_ENV: ./elsewhere }\n'),
    ...['"$PWD/elsewhere" >> "$GITHUB_PATH"', '"PATH=elsewhere" >> "$GITHUB_ENV"', 'PATH=elsewhere >> $GITHUB_ENV'].map(
      (line) =>
        inWorkflow('scan', '- run: npm run scan\n', `- run: |\n          echo ${line}\n      - run: npm run scan\n`),
    ),
  ],
  'own-checkout': [
    'ref: v1.0.0',
    'repository: your-organisation/elsewhere',
    'path: elsewhere',
    'sparse-checkout: docs',
    'submodules: true',
  ].map((option) =>
    inWorkflow('scan', 'persist-credentials: false', `persist-credentials: false\n          ${option}`),
  ),
  'tested-before-signed': [
    inWorkflow('release', '    needs: tests\n', ''),
    inWorkflow('release', '    needs: tests\n', '    needs: gate\n'),
    inWorkflow('release', '    needs: gate\n', ''),
    inWorkflow('release', 'npm run scan -- --release', 'npm run scan'),
  ],
  'nothing-from-caches': [
    inWorkflow('tests', /package-manager-cache: false/, 'cache: npm'),
    inWorkflow('tests', /\s+package-manager-cache: false/, ''),
  ],
  'only-locked-packages': [
    inWorkflow('scan', 'npm ci --ignore-scripts', 'npm ci'),
    inWorkflow('scan', 'npm ci --ignore-scripts', 'npm install --ignore-scripts'),
    inWorkflow('scan', 'npm ci --ignore-scripts', 'npm ci --ignore-scripts && npx something'),
    inWorkflow('scan', 'npm ci --ignore-scripts', 'curl -s https://example.com/install | sh'),
  ],
};
