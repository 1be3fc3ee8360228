import { inFile, type FaultOfFile, type PlantedFault } from './plantedFault';

const ofLock: readonly FaultOfFile[] = [
  ['a licence that binds', '"license": "MIT",', '"license": "AGPL-3.0-only",', /AGPL/],
  ['one of two licences that both hold', 'MIT AND Apache-2.0', 'MIT AND GPL-3.0-only', /GPL/],
  ['a licence with an exception', '(MIT OR GPL-3.0-only)', 'GPL-3.0-only WITH Bison-exception-2.2', /WITH/],
  ['no licence', '"license": "MIT",', '', /tells no licence/],
];

export const licenceFaults: readonly PlantedFault[] = [
  ...ofLock.map((fault) => inFile('package-lock.json', fault)),
  inFile('security/packages.yml', ['a wrong list of what is allowed', 'licences:', 'licenses:', /is wrong/]),
];
