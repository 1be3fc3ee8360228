import { readFileSync, writeFileSync } from 'node:fs';

/** Where Cloudflare publishes from which addresses it connects, one range a line. */
export const cloudflareSources = ['https://www.cloudflare.com/ips-v4', 'https://www.cloudflare.com/ips-v6'] as const;

const fetchTimeoutMs = 20_000;

export interface RangesSource {
  /** E.g. "fetched on 2026-11-23 from https://www.cloudflare.com/ips-v4 and …". */
  readonly origin: string;
  readonly ranges: readonly string[];
}

/** The text of nginx/clients/cloudflare.conf. With ranges that nobody has fetched nginx does not start: strangers would be believed. */
export function renderCloudflare({ origin, ranges }: RangesSource): string {
  return [
    '# Clients come through Cloudflare, and nobody else is let in: the address of a client is what Cloudflare says, and is believed of it alone.',
    `# Made by \`npm run cloudflare:ranges\`; ${origin}.`,
    ...(origin.startsWith('fetched on ')
      ? []
      : ['"These ranges were not fetched from Cloudflare: npm run cloudflare:ranges";']),
    ...ranges.map((range) => `set_real_ip_from ${range};`),
    'real_ip_header CF-Connecting-IP;',
    'geo $realip_remote_addr $is_let_in {',
    '    default 0;',
    ...ranges.map((range) => `    ${range} 1;`),
    '}',
    '',
  ].join('\n');
}

/** The ranges of such a file. */
export function rangesOf(file: string): readonly string[] {
  return [...file.matchAll(/^set_real_ip_from (\S+);$/gm)].map(([, range = '']) => range);
}

/** Throws where a source cannot be had, or is no list. */
async function fetchRanges(urls: readonly string[]): Promise<readonly string[]> {
  const texts = urls.map(async (url) => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs) }).catch((cause: unknown) => {
      throw new Error(`${url} does not answer`, { cause });
    });
    if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
    return parseRanges(await answer.text());
  });
  return (await Promise.all(texts)).flat();
}

/** What `npm run cloudflare:ranges` is about. */
export interface RangesRun {
  readonly sources: readonly string[];
  /** nginx/clients/cloudflare.conf. */
  readonly file: string;
  /** True: nothing is written. */
  readonly isCheck: boolean;
}

/** The exit status, and what is to be said: 0 as it should be, 1 other ranges than those of the file (with isCheck), 69 nothing to compare with. */
export async function runRanges({ sources, file, isCheck }: RangesRun): Promise<{ status: number; said: string }> {
  let ranges: readonly string[];
  try {
    ranges = await fetchRanges(sources);
  } catch (error) {
    return {
      status: 69,
      said: `The ranges could not be had: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const differences = differencesOf(ranges, rangesOf(readFileSync(file, 'utf8')));
  const said = [...differences, `${ranges.length} ranges, ${differences.length} differences.`];
  if (isCheck) {
    if (differences.length === 0) return { status: 0, said: said.join('\n') };
    const advice =
      'Run `npm run cloudflare:ranges`, look at what it changes, and commit it; the firewall needs the same.';
    return { status: 1, said: [...said, advice].join('\n') };
  }
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(file, renderCloudflare({ origin: `fetched on ${day} from ${sources.join(' and ')}`, ranges }));
  return { status: 0, said: said.join('\n') };
}

/** A line for each range that has come or gone. */
function differencesOf(now: readonly string[], before: readonly string[]): readonly string[] {
  const added = now.filter((range) => !before.includes(range)).map((range) => `+ ${range}`);
  const gone = before.filter((range) => !now.includes(range)).map((range) => `- ${range}`);
  return [...added, ...gone];
}

/** Throws where a line is no range: a page that says "blocked" is none either. */
function parseRanges(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const ranges = lines.filter((line) => line !== '');
  // Wider than /8 would be everybody.
  const wrong = ranges.find((range) => !/^(\d{1,3}(\.\d{1,3}){3}|[\da-f:]+::)\/([89]|[1-9]\d{1,2})$/.test(range));
  if (wrong !== undefined || ranges.length === 0)
    throw new Error(`This is no list of ranges: ${(wrong ?? 'it is empty').slice(0, 80)}`);
  return ranges;
}
