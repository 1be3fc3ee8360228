import { breaches } from './breaches';
import { neglects } from './neglects';
import { inFile, type PlantedFault } from './plantedFault';
import { inWorkflow, workflow } from './workflowEdit';

export const workflowFaults: readonly PlantedFault[] = [
  ...Object.entries(breaches).flatMap(([rule, edits]) =>
    edits.map((edit, index) => ({
      name: `${rule} (${index + 1})`,
      edits: [edit],
      found: new RegExp(`^${rule}: `),
    })),
  ),
  ...Object.entries(neglects).flatMap(([duty, edits]) =>
    edits.map((edit, index) => ({
      name: `${duty} (${index + 1})`,
      edits: [edit],
      found: new RegExp(`: ${duty}\\.$`),
    })),
  ),
  {
    name: 'a command that is not there',
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
  ).map(([name, file, from, to, found]) => inFile(file, [name, from, to, found])),
];
