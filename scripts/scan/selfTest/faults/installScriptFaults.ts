import { inFile, type FaultOfFile, type PlantedFault } from './plantedFault';

const faults: readonly FaultOfFile[] = [
  [
    'a new install script',
    '"license": "MIT AND Apache-2.0",',
    '"license": "MIT", "hasInstallScript": true,',
    /brings an install script/,
  ],
  [
    'an install script of a package that is called as what every object has',
    '"node_modules/with-script"',
    '"node_modules/constructor"',
    /brings an install script/,
  ],
  ['a reason without an install script', '"hasInstallScript": true', '"hasInstallScript": false', /none any more/],
];

export const installScriptFaults: readonly PlantedFault[] = faults.map((fault) => inFile('package-lock.json', fault));
