import { inFile, type PlantedFault } from './plantedFault';

const idleEntry = `- fingerprint: ${'0a'.repeat(16)}\n  reason: it is not there any more`;

export const historyFaults: readonly PlantedFault[] = [
  inFile('security/allowedSecrets.yml', ['an idle entry of allowed secrets', '[]', idleEntry, /stands nowhere/]),
];
