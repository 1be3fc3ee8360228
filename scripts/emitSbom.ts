import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readLock } from './scan/lock';
import { differences, makeBill } from './scan/sbom';

/**
 * Writes the bill of materials of package-lock.json in CycloneDX, to standard output or to a file; fails where it is not what the lock says.
 * Usage: npm run -s sbom [-- --output FILE]
 */
function main(): void {
  const { values } = parseArgs({ options: { output: { type: 'string' } } });
  const projectDir = path.resolve(__dirname, '..');
  const bill = makeBill(projectDir);
  const found = differences(bill.components, readLock(projectDir).packages);
  for (const { place, sentence } of found) process.stderr.write(`${place} ${sentence}\n`);
  if (found.length > 0) process.exitCode = 1;
  const text = `${JSON.stringify(bill, null, 2)}\n`;
  if (values.output === undefined) process.stdout.write(text);
  else writeFileSync(values.output, text);
}

main();
