import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cloudflareSources, parseRanges, rangesOf, renderCloudflare } from './edge/cloudflareRanges';

const file = path.resolve(__dirname, '../nginx/clients/cloudflare.conf');

/** `npm run cloudflare:ranges`: fetches the ranges and writes them; with --check it only compares, and fails where they differ. */
async function main(args: readonly string[]): Promise<void> {
  const sources = args.filter((arg) => !arg.startsWith('--'));
  const urls = sources.length > 0 ? sources : cloudflareSources;
  const ranges = (await Promise.all(urls.map(fetchRanges))).flat();
  const known = readFileSync(file, 'utf8');
  const isSame = [...ranges].sort().join() === [...rangesOf(known)].sort().join();
  if (args.includes('--check')) {
    process.stdout.write(
      isSame ? `${ranges.length} ranges, none has changed.\n` : differences(ranges, rangesOf(known)),
    );
    process.exitCode = isSame ? 0 : 1;
    return;
  }
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(file, renderCloudflare({ origin: `fetched on ${day} from ${urls.join(' and ')}`, ranges }));
  process.stdout.write(isSame ? 'No range has changed; the date has.\n' : differences(ranges, rangesOf(known)));
}

async function fetchRanges(url: string): Promise<readonly string[]> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return parseRanges(await answer.text());
}

function differences(now: readonly string[], before: readonly string[]): string {
  const added = now.filter((range) => !before.includes(range)).map((range) => `+ ${range}`);
  const gone = before.filter((range) => !now.includes(range)).map((range) => `- ${range}`);
  return `${[...added, ...gone].join('\n')}\n`;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`The ranges could not be had: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
