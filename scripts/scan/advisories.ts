import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import type { Check } from './check';
import { npmCommand } from './sbom';

const timeoutMs = 60_000;

const report = z.looseObject({
  vulnerabilities: z.record(
    z.string(),
    z.looseObject({ name: z.string(), severity: z.string(), range: z.string(), isDirect: z.boolean() }),
  ),
  metadata: z.looseObject({ vulnerabilities: z.record(z.string(), z.number()) }),
});

const failing = new Set(['high', 'critical']);

/** Known vulnerabilities, as the registry knows them. Where it does not answer there is nothing to judge by, and that is what is said. */
export const advisories: Check = {
  name: 'known vulnerabilities',
  run: (projectDir) => {
    const [command, ...first] = npmCommand();
    const { stdout } = spawnSync(command, [...first, 'audit', '--json', '--package-lock-only', '--loglevel=silent'], {
      cwd: projectDir,
      timeout: timeoutMs,
    });
    const read = report.safeParse(parseJson(stdout.toString()));
    if (!read.success) return { figures: '', findings: [], notRun: 'the registry gave no answer to "npm audit"' };
    const { vulnerabilities, metadata } = read.data;
    const counts = Object.entries(metadata.vulnerabilities).filter(([kind]) => kind !== 'total');
    return {
      figures: counts.map(([kind, count]) => `${count} ${kind}`).join(', '),
      findings: Object.values(vulnerabilities)
        .filter(({ severity }) => failing.has(severity))
        .map(({ name, severity, range }) => ({
          place: `${name} ${range}`,
          sentence: `${severity}: "npm audit" tells more, and what mends it.`,
        })),
    };
  },
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
