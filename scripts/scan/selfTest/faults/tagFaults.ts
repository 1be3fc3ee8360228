import { inFile, type FaultOfFile, type PlantedFault } from './plantedFault';

const admins = '{ "actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always" }';

const faults: readonly FaultOfFile[] = [
  ['rules of tags that are off', '"active"', '"evaluate"', /enforcement is evaluate/],
  ['rules of tags that are for branches', '"target": "tag"', '"target": "branch"', /not for every tag/],
  ['rules for other tags', '"refs/tags/v*"', '"refs/tags/v0*"', /not for every tag/],
  ['rules that leave a tag out', '"exclude": []', '"exclude": ["refs/tags/v1.2.3"]', /not for every tag/],
  ['a role that may release', '"actor_id": 5', '"actor_id": 4', /others than admins/],
  ['an app that may release', '"RepositoryRole"', '"Integration"', /others than admins/],
  ['one more who may release', admins, `${admins}, { "actor_id": 7, "actor_type": "Team" }`, /others than admins/],
  ['nobody who may release', admins, '', /others than admins/],
  ...['creation', 'update', 'deletion'].map((type): FaultOfFile => [
    `tags without the rule ${type}`,
    `"type": "${type}"`,
    '"type": "required_signatures"',
    new RegExp(`lacks the rule ${type}`),
  ]),
];

export const tagFaults: readonly PlantedFault[] = faults.map((fault) => inFile('.github/rulesets/tags.json', fault));
