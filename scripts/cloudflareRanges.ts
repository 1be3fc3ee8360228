import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cloudflareSources, differencesOf, fetchRanges, rangesOf, renderCloudflare } from './edge/cloudflareRanges';

const file = path.resolve(__dirname, '../nginx/clients/cloudflare.conf');

/** `npm run cloudflare:ranges`: fetches the ranges and writes them; with --check it only compares, and fails where they differ. */
async function main(): Promise<void> {
  const isCheck = process.argv.includes('--check');
  const ranges = await fetchRanges(cloudflareSources);
  const differences = differencesOf(ranges, rangesOf(readFileSync(file, 'utf8')));
  process.stdout.write(
    `${[...differences, `${ranges.length} ranges, ${differences.length} differences.`].join('\n')}\n`,
  );
  if (isCheck) {
    if (differences.length > 0) process.exitCode = 1;
    return;
  }
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(
    file,
    renderCloudflare({ origin: `fetched on ${day} from ${cloudflareSources.join(' and ')}`, ranges }),
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`The ranges could not be had: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
