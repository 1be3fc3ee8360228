import { inFile, type FaultOfFile, type PlantedFault } from './plantedFault';
import { inWorkflow } from './workflowEdit';

const ofRuleset: readonly FaultOfFile[] = [
  ['rules that are off', '"active"', '"evaluate"', /enforcement/],
  ['somebody who may pass by', '"bypass_actors": []', '"bypass_actors": [{ "actor_id": 5 }]', /pass the rules/],
  ['no review', '"required_approving_review_count": 1', '"required_approving_review_count": 0', /no review/],
  ['no review by an owner', '"require_code_owner_review": true', '"require_code_owner_review": false', /code_owner/],
  [
    'a review of what was there before',
    '"dismiss_stale_reviews_on_push": true',
    '"dismiss_stale_reviews_on_push": false',
    /dismiss_stale/,
  ],
  [
    'a last push that nobody looked at',
    '"require_last_push_approval": true',
    '"require_last_push_approval": false',
    /last_push/,
  ],
  ['a branch that can be deleted', '"deletion"', '"creation"', /lacks the rule deletion/],
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
  ...['critical', 'none'].map((level): FaultOfFile => [
    `holes that CodeQL finds and lets pass: ${level}`,
    '"high_or_higher"',
    `"${level}"`,
    /what CodeQL finds by its security_alerts_threshold/,
  ]),
  ['no threshold for holes', '"security_alerts_threshold": "high_or_higher", ', '', /by its security_alerts_threshold/],
  ['errors that CodeQL finds and lets pass', '"errors"', '"none"', /what CodeQL finds by its alerts_threshold/],
  ['no threshold for errors', ', "alerts_threshold": "errors"', '', /by its alerts_threshold/],
  ['a threshold of something else', '"tool": "CodeQL"', '"tool": "Other"', /what CodeQL finds\.$/],
  ['a second threshold', '{ "tool": "CodeQL"', '{ "tool": "CodeQL" }, { "tool": "CodeQL"', /by its alerts_threshold/],
  ['a check that nobody runs', '"context": "Trivy"', '"context": "Trivia"', /waits for "Trivia"/],
];

const ofOwners: readonly FaultOfFile[] = [
  ['nobody for the rest', '* ', '/docs/ ', /not begin with a line for everything/],
  ...[
    ...['/.ci/', '/nginx/', '/src/secrets/', '/scripts/', '/.npmrc', '/package.json'],
    ...['/config.production.yaml', '/src/server/', '/src/storage/'],
  ].flatMap((place): FaultOfFile[] => [
    [`nobody for ${place}`, `\n${place} `, '\n/other/ ', /has no line for/],
    [
      `nobody for security for ${place}`,
      new RegExp(`\n${place} .*`),
      `\n${place} @your-organisation/maintainers`,
      /gives \S+ to others than/,
    ],
  ]),
  ['another owner for everything', /$/, '* @somebody\n', /has \* twice/],
  ['another owner for every file of a kind', /$/, '*.ts @somebody\n', /gives \*\.ts to somebody else/],
  ['another owner for a name anywhere', /$/, 'nginx.conf @somebody\n', /gives nginx\.conf to somebody else/],
  ['another owner for folders of many names', /$/, '/s*/ @somebody\n', /gives \/s\*\/ to somebody else/],
  ['another owner for all sources', /$/, '/src/ @somebody\n', /gives \/src\/ to somebody else/],
  ['another owner for a file', /$/, '/nginx/nginx.conf @somebody\n', /gives \/nginx\/nginx\.conf to somebody else/],
];

export const branchFaults: readonly PlantedFault[] = [
  ...ofRuleset.map((fault) => inFile('.github/rulesets/main.json', fault)),
  {
    name: 'two jobs of one name',
    edits: [inWorkflow('tests', 'name: Tests (Node ${{ matrix.node }})', 'name: Trivy')],
    found: /two jobs that are called "Trivy"/,
  },
  {
    name: 'a language that CodeQL does not read',
    edits: [inWorkflow('codeql', '[javascript-typescript, actions]', '[actions]')],
    found: /waits for "CodeQL \(javascript-typescript\)"/,
  },
  ...ofOwners.map((fault) => inFile('.github/CODEOWNERS', fault)),
];
