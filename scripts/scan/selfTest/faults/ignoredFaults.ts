import { inFile, type FaultOfFile, type PlantedFault } from './plantedFault';

const faults: readonly FaultOfFile[] = [
  ['.env that is not ignored', '.env', '', /does not keep \.env/],
  ['data that is not ignored', 'data/', '', /does not keep data/],
];

export const ignoredFaults: readonly PlantedFault[] = faults.map((fault) => inFile('.gitignore', fault));
