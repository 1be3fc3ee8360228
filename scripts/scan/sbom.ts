import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Check, Finding } from './check';
import { readLock, type LockedPackage } from './lock';

/** npm writes 1.5; what it writes means the same in 1.6, where nothing of it was changed. */
const specVersion = '1.6';

const component = z.looseObject({
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  hashes: z.array(z.object({ alg: z.string(), content: z.string() })).default([]),
});

const bill = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.looseObject({ component: z.looseObject({ name: z.string() }) }),
  components: z.array(component),
});

export type Bill = z.infer<typeof bill>;

/** The bill of materials of the lock, in CycloneDX, from npm's own reading of it; no package has to be installed. */
export function makeBill(projectDir: string): Bill {
  const [command, ...first] = npmCommand();
  const args = [...first, 'sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--loglevel=error'];
  const made = bill.parse(
    JSON.parse(execFileSync(command, args, { cwd: projectDir, maxBuffer: 256 * 1024 * 1024 }).toString()),
  );
  const { name } = JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')) as { name: string };
  const { component } = made.metadata;
  return {
    ...made,
    $schema: `http://cyclonedx.org/schema/bom-${specVersion}.schema.json`,
    specVersion,
    // npm takes the name of the folder.
    metadata: { ...made.metadata, component: { ...component, name } },
  };
}

/** The npm beside this Node, else the one of the PATH. */
export function npmCommand(): [string, ...string[]] {
  const beside = path.resolve(path.dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const caller = process.env['npm_execpath'];
  const file = [caller, beside].find((file) => file !== undefined && file.endsWith('npm-cli.js') && existsSync(file));
  return file === undefined ? ['npm'] : [process.execPath, file];
}

export const sbom: Check = {
  name: 'SBOM',
  run: (projectDir) => {
    const { components } = makeBill(projectDir);
    const findings = differences(components, readLock(projectDir).packages);
    return { figures: `CycloneDX ${specVersion}, ${components.length} components`, findings };
  },
};

/** Where the bill and the lock differ: in what is there, or in its checksum. */
export function differences(components: Bill['components'], packages: readonly LockedPackage[]): Finding[] {
  const locked = new Map(packages.map((each) => [`pkg:npm/${each.name.replace('@', '%40')}@${each.version}`, each]));
  const billed = new Map(components.map((each) => [each.purl, each]));
  const findings: Finding[] = [];
  for (const purl of locked.keys())
    if (!billed.has(purl)) findings.push({ place: purl, sentence: 'is in the lock and not in the bill of materials.' });
  for (const [purl, { hashes }] of billed) {
    const entry = locked.get(purl)?.entry;
    if (entry === undefined) {
      findings.push({ place: purl, sentence: 'is in the bill of materials and not in the lock.' });
      continue;
    }
    const sum = entry.integrity?.replace(/^sha512-/, '');
    const told = hashes.find(({ alg }) => alg === 'SHA-512')?.content;
    if ((sum === undefined ? undefined : Buffer.from(sum, 'base64').toString('hex')) !== told)
      findings.push({ place: purl, sentence: 'has another checksum in the bill of materials than in the lock.' });
  }
  return findings;
}
