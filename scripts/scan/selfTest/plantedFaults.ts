import type { duties } from '../workflowDuties';
import type { workflowRules } from '../workflowRules';

/** A change of a file that makes it faulty; one that is not there counts as empty. */
interface Edit {
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
}

export interface PlantedFault {
  readonly name: string;
  readonly check: string;
  readonly edits: readonly Edit[];
  /** In a sentence or a place that the check has to give. */
  readonly found: RegExp;
}

const lock = 'package-lock.json';
const inLock = (name: string, [from, to]: readonly [string | RegExp, string], found: RegExp): PlantedFault => ({
  name,
  check: 'lockfile',
  edits: [{ file: lock, from, to }],
  found,
});

const addedToScripted = '"license": "MIT",';
const nestedTarball = 'https://registry.npmjs.org/@nested/one/-/one-1.0.0.tgz';

const lockFaults: readonly PlantedFault[] = [
  inLock('an entry without integrity', [/"integrity": "[^"]+",\n(\s+"license": "MIT AND)/, '$1'], /no integrity/),
  inLock('a weak checksum', [/sha512-[^"]+/, `sha1-${'A'.repeat(27)}=`], /no sha512/),
  inLock('a weak checksum beside a good one', [/(sha512-[^"]+)/, `$1 sha1-${'A'.repeat(27)}=`], /no sha512/),
  ...[
    'https://registry.example.com/with-script/-/with-script-1.0.0.tgz',
    'https://registry.npmjs.org.example.com/with-script/-/with-script-1.0.0.tgz',
    'https://registry.npmjs.org@example.com/with-script/-/with-script-1.0.0.tgz',
    'http://registry.npmjs.org/with-script/-/with-script-1.0.0.tgz',
    'https://registry.npmjs.org/other/-/other-1.0.0.tgz',
    'https://registry.npmjs.org/with-script/-/with-script-1.0.1.tgz',
    'https://registry.npmjs.org/with-script/-/../../other/-/other-1.0.0.tgz',
    'git+ssh://git@github.com/x/y.git#main',
    'file:../elsewhere',
  ].map((place) =>
    inLock(
      `from ${place}`,
      [addedToScripted, `${addedToScripted} "resolved": "${place}",`],
      /: comes from|^comes from/,
    ),
  ),
  inLock(
    'an alias from the place of its name in node_modules',
    [
      '"name": "real-name",',
      '"name": "real-name", "resolved": "https://registry.npmjs.org/other-name/-/other-name-3.0.0.tgz",',
    ],
    /^comes from/,
  ),
  inLock('another registry, deeper', [nestedTarball, 'https://npm.example.com/one-1.0.0.tgz'], /^comes from/),
  inLock('a link into the file system', [addedToScripted, `${addedToScripted} "link": true,`], /link/),
  inLock('a folder of the project', ['"node_modules/with-script"', '"tools/with-script"'], /folder of its own/),
  inLock('a package within another', [addedToScripted, `${addedToScripted} "inBundle": true,`], /within another/),
  inLock(
    'a package that brings others',
    [addedToScripted, `${addedToScripted} "bundleDependencies": ["plain"],`],
    /brings others/,
  ),
  inLock('a lock within a package', [addedToScripted, `${addedToScripted} "hasShrinkwrap": true,`], /lock of its own/),
  inLock(
    'the checksum of another package',
    [/(sha512-[^"]+)("[\s\S]*"node_modules\/with-script": \{[^}]*)sha512-[^"]+/, '$1$2$1'],
    /has the checksum of real-name@3\.0\.0/,
  ),
  inLock(
    'another checksum for the same package',
    [
      '"node_modules/with-script"',
      `"node_modules/with-script/node_modules/plain": { "version": "1.2.3", "integrity": "sha512-${'A'.repeat(86)}==" }, "node_modules/with-script"`,
    ],
    /another checksum than plain@1\.2\.3/,
  ),
  inLock(
    'a range as a version',
    [/("node_modules\/with-script": \{\s+"version": )"1\.0\.0"/, '$1"^1.0.0"'],
    /no exact version/,
  ),
  inLock(
    'a platform package of another version',
    ['"@plain/darwin-arm64": "1.2.3"', '"@plain/darwin-arm64": "1.2.4"'],
    /no package names it/,
  ),
  {
    name: 'a platform package of a package without a checksum',
    check: 'lockfile',
    edits: [
      { file: lock, from: '"optional": true', to: '"optional": true, "optionalDependencies": { "more": "1.0.0" }' },
      {
        file: lock,
        from: '"node_modules/with-script"',
        to: '"node_modules/more": { "version": "1.0.0", "optional": true, "os": ["darwin"], "cpu": ["arm64"] }, "node_modules/with-script"',
      },
    ],
    found: /no package names it/,
  },
  inLock(
    'no checksum for the platform of the images',
    [/"darwin"(\s+\],?\s+"optional)/, '"linux"$1'],
    /machines that the server runs on/,
  ),
  inLock(
    'no checksum for every platform',
    [/"os": \[\s+"darwin"\s+\]/, '"os": []'],
    /machines that the server runs on/,
  ),
  inLock(
    'no checksum for all but one platform',
    [/"os": \[\s+"darwin"\s+\]/, '"os": ["!win32"]'],
    /machines that the server runs on/,
  ),
  inLock('a package under another name', ['"name": "real-name"', '"name": "evil-name"'], /stands for evil-name/),
  inLock('an old lock', ['"lockfileVersion": 3', '"lockfileVersion": 1'], /lockfileVersion/),
  inLock(
    'a second list, for an older npm',
    ['"lockfileVersion": 3,', '"lockfileVersion": 3, "dependencies": { "plain": { "version": "file:evil" } },'],
    /dependencies/,
  ),
  inLock(
    'a lock of another version than asked for',
    [/("node_modules\/plain": \{\s+"version": )"1\.2\.3"/, '$1"1.2.9"'],
    /is asked for, the lock has 1\.2\.9/,
  ),
  inLock(
    'a package that nobody asks for',
    [/("": \{[^}]*"dependencies": \{)/, '$1 "more": "1.0.0",'],
    /not in those of package\.json/,
  ),
  inLock(
    'a package asked for with another use',
    [/("": \{[^}]*)"dependencies"/, '$1"devDependencies"'],
    /is asked for/,
  ),
  {
    name: 'a range in package.json',
    check: 'lockfile',
    edits: [{ file: 'package.json', from: '"plain": "1.2.3"', to: '"plain": "^1.2.3"' }],
    found: /not one version/,
  },
  {
    name: 'a peer from a repository',
    check: 'lockfile',
    edits: [
      {
        file: 'package.json',
        from: '"dependencies"',
        to: '"peerDependencies": { "more": "git+ssh://git@x.example/y" }, "dependencies"',
      },
    ],
    found: /git\+ssh:.* is not one version/,
  },
  {
    name: 'a range among the overrides',
    check: 'lockfile',
    edits: [
      { file: 'package.json', from: '"dependencies"', to: '"overrides": { "a": { "b": ">=1" } }, "dependencies"' },
    ],
    found: /overrides b/,
  },
  ...['ignore-scripts=true', 'save-exact=true'].map((setting) => ({
    name: `npm without ${setting}`,
    check: 'lockfile',
    edits: [{ file: '.npmrc', from: setting, to: '' }],
    found: new RegExp(`lacks ${setting}`),
  })),
  ...[
    '@x:registry=https://npm.example.com/',
    'registry=https://npm.example.com/?https://registry.npmjs.org/',
    '"registry"=https://npm.example.com/',
    'ignore-scripts=false',
    'strict-ssl=false',
    'https-proxy=http://proxy.example.com',
    'node-options=--require ./evil.js',
    'script-shell=./evil.sh',
    '[settings]',
    'package-lock=false',
  ].map((line) => ({
    name: `npm with ${line}`,
    check: 'lockfile',
    edits: [{ file: '.npmrc', from: 'ignore-scripts=true', to: `${line}\nignore-scripts=true\n${line}` }],
    found: /^says /,
  })),
  ...['npm-shrinkwrap.json', 'yarn.lock'].map((file) => ({
    name: `a lock called ${file}`,
    check: 'lockfile',
    edits: [{ file, from: '', to: '{}' }],
    found: /is another lock/,
  })),
];

const packageFaults: readonly PlantedFault[] = [
  {
    name: 'a licence that binds',
    check: 'licences',
    edits: [{ file: lock, from: '"license": "MIT",', to: '"license": "AGPL-3.0-only",' }],
    found: /AGPL/,
  },
  {
    name: 'one of two licences that both hold',
    check: 'licences',
    edits: [{ file: lock, from: 'MIT AND Apache-2.0', to: 'MIT AND GPL-3.0-only' }],
    found: /GPL/,
  },
  {
    name: 'a licence with an exception',
    check: 'licences',
    edits: [{ file: lock, from: '(MIT OR GPL-3.0-only)', to: 'GPL-3.0-only WITH Bison-exception-2.2' }],
    found: /WITH/,
  },
  {
    name: 'no licence',
    check: 'licences',
    edits: [{ file: lock, from: '"license": "MIT",', to: '' }],
    found: /tells no licence/,
  },
  {
    name: 'a new install script',
    check: 'install scripts',
    edits: [
      { file: lock, from: '"license": "MIT AND Apache-2.0",', to: '"license": "MIT", "hasInstallScript": true,' },
    ],
    found: /brings an install script/,
  },
  {
    name: 'an install script of a package that is called as what every object has',
    check: 'install scripts',
    edits: [{ file: lock, from: '"node_modules/with-script"', to: '"node_modules/constructor"' }],
    found: /brings an install script/,
  },
  {
    name: 'a reason without an install script',
    check: 'install scripts',
    edits: [{ file: lock, from: '"hasInstallScript": true', to: '"hasInstallScript": false' }],
    found: /none any more/,
  },
  {
    name: 'a wrong list of what is allowed',
    check: 'licences',
    edits: [{ file: 'security/packages.yml', from: 'licences:', to: 'licenses:' }],
    found: /is wrong/,
  },
  {
    name: 'an idle entry of allowed secrets',
    check: 'secrets in the history',
    edits: [
      {
        file: 'security/allowedSecrets.yml',
        from: '[]',
        to: `- fingerprint: ${'0a'.repeat(16)}\n  reason: it is not there any more`,
      },
    ],
    found: /stands nowhere/,
  },
  {
    name: '.env that is not ignored',
    check: 'ignored files',
    edits: [{ file: '.gitignore', from: '.env', to: '' }],
    found: /does not keep \.env/,
  },
  {
    name: 'data that is not ignored',
    check: 'ignored files',
    edits: [{ file: '.gitignore', from: 'data/', to: '' }],
    found: /does not keep data/,
  },
];

const workflow = (name: string): string => `.github/workflows/${name}.yml`;
const inWorkflow = (file: string, from: string | RegExp, to: string): Edit => ({ file: workflow(file), from, to });

/** One breach, or some, of each rule. */
const breaches: Readonly<Record<keyof typeof workflowRules, readonly Edit[]>> = {
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

/** A filter that narrows when a workflow runs, or what it looks at there. */
const onPullRequests = (file: string, filter: string): Edit =>
  inWorkflow(file, /pull_request:\n/, `pull_request:\n    ${filter}\n`);
const cron = (file: string, time: string): Edit => inWorkflow(file, /cron: '.*'/, `cron: '${time}'`);

/** How each duty is left undone: not at all, not often, of something else, or so that it never fails. */
const neglects: Readonly<Record<keyof typeof duties, readonly Edit[]>> = {
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

const ruleset = '.github/rulesets/main.json';
const branchFaults: readonly PlantedFault[] = [
  ...(
    [
      ['rules that are off', '"active"', '"evaluate"', /enforcement/],
      ['somebody who may pass by', '"bypass_actors": []', '"bypass_actors": [{ "actor_id": 5 }]', /pass the rules/],
      ['no review', '"required_approving_review_count": 1', '"required_approving_review_count": 0', /no review/],
      [
        'no review by an owner',
        '"require_code_owner_review": true',
        '"require_code_owner_review": false',
        /code_owner/,
      ],
      ['a branch that can be written over', '"non_fast_forward"', '"update"', /non_fast_forward/],
      [
        'a check that is not waited for',
        '{ "context": "Trivy", "integration_id": 15368 },',
        '',
        /does not wait for the job "Trivy"/,
      ],
      ['rules for another branch', '"~DEFAULT_BRANCH"', '"refs/heads/other"', /not for the main branch/],
      ['rules that leave it out', '"exclude": []', '"exclude": ["refs/heads/main"]', /not for the main branch/],
      ['rules for tags', '"target": "branch"', '"target": "tag"', /not for the main branch/],
      [
        'a branch that is behind',
        '"strict_required_status_checks_policy": true',
        '"strict_required_status_checks_policy": false',
        /behind the main branch/,
      ],
      ['a check that anybody may say', '"Trivy", "integration_id": 15368', '"Trivy"', /takes "Trivy" from anybody/],
      ['no threshold for CodeQL', '"high_or_higher"', '"critical"', /what CodeQL finds/],
      ['a check that nobody runs', '"context": "Trivy"', '"context": "Trivia"', /waits for "Trivia"/],
    ] as const
  ).map(([name, from, to, found]) => ({ name, check: 'branch rules', edits: [{ file: ruleset, from, to }], found })),
  {
    name: 'two jobs of one name',
    check: 'branch rules',
    edits: [inWorkflow('tests', 'name: Tests (Node ${{ matrix.node }})', 'name: Trivy')],
    found: /two jobs that are called "Trivy"/,
  },
  {
    name: 'a language that CodeQL does not read',
    check: 'branch rules',
    edits: [inWorkflow('codeql', '[javascript-typescript, actions]', '[actions]')],
    found: /waits for "CodeQL \(javascript-typescript\)"/,
  },
  ...(
    [
      ['nobody for the rest', '* ', '/docs/ ', /not begin with a line for everything/],
      ...['/.ci/', '/nginx/', '/src/secrets/', '/scripts/scan/', '/.npmrc', '/package.json'].map(
        (place) => [`nobody for ${place}`, `\n${place} `, '\n/other/ ', /has no line for/] as const,
      ),
      ['another owner for everything', /$/, '* @somebody\n', /has \* twice/],
      ['another owner for every file of a kind', /$/, '*.ts @somebody\n', /gives \*\.ts to somebody else/],
      ['another owner for a name anywhere', /$/, 'nginx.conf @somebody\n', /gives nginx\.conf to somebody else/],
      ['another owner for folders of many names', /$/, '/s*/ @somebody\n', /gives \/s\*\/ to somebody else/],
      ['another owner for all sources', /$/, '/src/ @somebody\n', /gives \/src\/ to somebody else/],
      ['another owner for a file', /$/, '/nginx/nginx.conf @somebody\n', /gives \/nginx\/nginx\.conf to somebody else/],
    ] as const
  ).map(([name, from, to, found]) => ({
    name,
    check: 'branch rules',
    edits: [{ file: '.github/CODEOWNERS', from, to }],
    found,
  })),
];

const updateFaults: readonly PlantedFault[] = (
  [
    ['switched off', '"labels": ["dependencies"]', '"enabled": false', /switched off/],
    ['a package left out', '"labels": ["dependencies"]', '"ignoreDeps": ["ws"]', /leaves something out/],
    ['files left out', '"labels": ["dependencies"]', '"ignorePaths": ["docker/**"]', /leaves something out/],
    ['a group kept back', '"groupName": "ccxt"', '"groupName": "ccxt", "enabled": false', /more than major versions/],
    [
      'small versions kept back',
      '"matchUpdateTypes": ["major"]',
      '"matchUpdateTypes": ["major", "patch"]',
      /more than major/,
    ],
    ['no weekly schedule', '"before 6am on monday"', '"at any time"', /every week/],
    ['versions of today', '"minimumReleaseAge": "7 days"', '"minimumReleaseAge": "0 days"', /younger/],
    ['ranges', '"rangeStrategy": "pin"', '"rangeStrategy": "bump"', /ranges/],
    ['tags', '"pinDigests": true', '"pinDigests": false', /at their tags/],
    ['merges by itself', '"automerge": false', '"automerge": true', /without a person/],
    [
      'merges of one kind by itself',
      '"groupName": "ccxt"',
      '"groupName": "ccxt", "automerge": true',
      /without a person/,
    ],
    ['security once a week', '"schedule": ["at any time"]', '"schedule": ["before 6am on monday"]', /waiting/],
  ] as const
).map(([name, from, to, found]) => ({
  name,
  check: 'updates',
  edits: [{ file: '.github/renovate.json', from, to }],
  found,
}));

export const plantedFaults: readonly PlantedFault[] = [
  ...lockFaults,
  ...packageFaults,
  ...Object.entries(breaches).flatMap(([rule, edits]) =>
    edits.map((edit, index) => ({
      name: `${rule} (${index + 1})`,
      check: 'workflows',
      edits: [edit],
      found: new RegExp(`^${rule}: `),
    })),
  ),
  ...Object.entries(neglects).flatMap(([duty, edits]) =>
    edits.map((edit, index) => ({
      name: `${duty} (${index + 1})`,
      check: 'workflows',
      edits: [edit],
      found: new RegExp(`: ${duty}\\.$`),
    })),
  ),
  {
    name: 'a command that is not there',
    check: 'workflows',
    edits: [inWorkflow('scan', '- run: npm run scan\n', '- run: npm run scan\n      - run: npm run nothing\n')],
    found: /npm run nothing/,
  },
  ...(
    [
      ['a command that does nothing', 'package.json', '"node scripts/scan.mjs"', '"true"', /"npm run scan" is not/],
      ['tests that nobody waits for', '.ci/run', '60m npm test', '60m npm test || true', /lacks the line/],
      ['a step whose failure is not seen', '.ci/run', 'set -euo pipefail', 'set -u', /lacks the line/],
      ['a list of what Trivy leaves out', '.trivyignore', '', 'CVE-2026-0001\n', /leave something out/],
      ['a setting of zizmor', '.github/zizmor.yml', '', 'rules: {}\n', /leave something out/],
      ['a comment for zizmor', workflow('tests'), '.ci/run', `.ci/run # zizmor: ignore[x]`, /leave something out/],
      ['a comment for Trivy', 'docker/Dockerfile', '', `# trivy:ignore:AVD-DS-0002\n`, /leave something out/],
    ] as const
  ).map(([name, file, from, to, found]) => ({ name, check: 'workflows', edits: [{ file, from, to }], found })),
  ...branchFaults,
  ...updateFaults,
];
