import type { duties, workflowRules } from '../workflowRules';

/** A change of a file that makes it faulty. */
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

const lockFaults: readonly PlantedFault[] = [
  inLock('an entry without integrity', [/"integrity": "[^"]+",\n(\s+"license": "MIT AND)/, '$1'], /no integrity/),
  inLock('a weak checksum', [/sha512-[^"]+/, `sha1-${'A'.repeat(27)}=`], /no sha512/),
  inLock(
    'another registry',
    ['"license": "MIT",', '"license": "MIT", "resolved": "https://registry.example.com/a.tgz",'],
    /registry\.example\.com/,
  ),
  inLock(
    'a repository instead of a package',
    ['"license": "MIT",', '"license": "MIT", "resolved": "git+ssh://git@github.com/x/y.git#main",'],
    /git\+ssh/,
  ),
  inLock('a link into the file system', ['"license": "MIT",', '"license": "MIT", "link": true,'], /link/),
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
  inLock('a package under another name', ['"name": "real-name"', '"name": "evil-name"'], /stands for evil-name/),
  inLock('an old lock', ['"lockfileVersion": 3', '"lockfileVersion": 1'], /lockfileVersion/),
  inLock(
    'a lock of another version than asked for',
    [/("node_modules\/plain": \{\s+"version": )"1\.2\.3"/, '$1"1.2.9"'],
    /is asked for, the lock has 1\.2\.9/,
  ),
  {
    name: 'a range in package.json',
    check: 'lockfile',
    edits: [{ file: 'package.json', from: '"plain": "1.2.3"', to: '"plain": "^1.2.3"' }],
    found: /not one version/,
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
  {
    name: 'a registry of somebody',
    check: 'lockfile',
    edits: [{ file: '.npmrc', from: 'save-exact=true', to: 'save-exact=true\n@x:registry=https://npm.example.com/' }],
    found: /another registry/,
  },
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
  'one-at-a-time': [inWorkflow('release', /concurrency:\n.*\n.*\n/, '')],
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
    inWorkflow('tests', '- run: .ci/run', '- run: .ci/run || true'),
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

/** How each duty is left undone: not at all, or so that it never fails. */
const neglects: Readonly<Record<keyof typeof duties, readonly Edit[]>> = {
  tests: [inWorkflow('tests', '- run: .ci/run', '- run: npm test')],
  'own scan': [inWorkflow('scan', / +- run: npm run scan\n/, '')],
  'own scan can find': [inWorkflow('scan', / +- run: npm run scan -- --self-test\n/, '')],
  'SBOM of the packages': [inWorkflow('scan', / +- run: npm run sbom -- --output sbom.cdx.json\n/, '')],
  CodeQL: [inWorkflow('codeql', '/analyze@', '/autobuild@')],
  'CodeQL fails at high': [inWorkflow('codeql', '--fail-at 7', '--fail-at 11')],
  'Trivy, files': [
    inWorkflow('scan', /(fs .*) --severity HIGH,CRITICAL --exit-code 1/, '$1 --exit-code 0'),
    inWorkflow('scan', "  schedule:\n    - cron: '17 5 * * 1'\n", ''),
  ],
  'Trivy, settings': [inWorkflow('scan', 'config --severity HIGH,CRITICAL', 'config --severity CRITICAL')],
  'Trivy, image': [inWorkflow('container', '--exit-code 1', '')],
  'Trivy, image of a release': [inWorkflow('image', '--severity HIGH,CRITICAL --exit-code 1', '')],
  TruffleHog: [inWorkflow('scan', '--results=verified,unknown --fail', '--results=verified,unknown')],
  'OWASP dependency-check': [inWorkflow('scan', '--failOnCVSS 7', '--failOnCVSS 11')],
  zizmor: [inWorkflow('scan', 'ghcr.io/zizmorcore/zizmor:', 'ghcr.io/zizmorcore/other:')],
  actionlint: [inWorkflow('scan', 'rhysd/actionlint:', 'rhysd/other:')],
  'pins looked up, and the same everywhere': [inWorkflow('release', 'npm run pin -- --check', 'npm run pin')],
  'nothing open at a release': [inWorkflow('release', 'npm run scan -- --release', 'npm run scan')],
  'SBOM of the image': [inWorkflow('image', '--format cyclonedx', '--format spdx-json')],
  signature: [inWorkflow('image', /cosign sign --yes.*/, 'true')],
  provenance: [inWorkflow('image', 'attest-build-provenance@', 'attest-other@')],
  'signature verified': [
    inWorkflow('release', /--certificate-identity "\$builder"/, '--certificate-identity-regexp ".*"'),
  ],
  'ranges of Cloudflare': [
    inWorkflow('ranges', 'cloudflare:ranges -- --check', 'cloudflare:ranges'),
    inWorkflow('ranges', "  schedule:\n    - cron: '47 6 * * 1'\n", ''),
  ],
  'what people do': [inWorkflow('calendar', 'npm run sec:calendar', 'npm test')],
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
      ['a check that is not waited for', '{ "context": "Trivy" },', '', /does not wait for the job "Trivy"/],
      ['a check that nobody runs', '"context": "Trivy"', '"context": "Trivia"', /waits for "Trivia"/],
    ] as const
  ).map(([name, from, to, found]) => ({ name, check: 'branch rules', edits: [{ file: ruleset, from, to }], found })),
  {
    name: 'nobody for the rest',
    check: 'branch rules',
    edits: [{ file: '.github/CODEOWNERS', from: '* ', to: '/docs/ ' }],
    found: /no line for everything/,
  },
];

const updateFaults: readonly PlantedFault[] = (
  [
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
  ...branchFaults,
  ...updateFaults,
];
