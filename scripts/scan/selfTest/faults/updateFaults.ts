import { inFile, type FaultOfFile, type PlantedFault } from './plantedFault';

const faults: readonly FaultOfFile[] = [
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
  ['merges of one kind by itself', '"groupName": "ccxt"', '"groupName": "ccxt", "automerge": true', /without a person/],
  ['security switched off', /("vulnerabilityAlerts": \{\s+"enabled": )true/, '$1false', /waiting/],
  ['security a week later', '"minimumReleaseAge": null', '"minimumReleaseAge": "7 days"', /waiting/],
  ['security once a week', '"schedule": ["at any time"]', '"schedule": ["before 6am on monday"]', /waiting/],
];

export const updateFaults: readonly PlantedFault[] = faults.map((fault) => inFile('.github/renovate.json', fault));
