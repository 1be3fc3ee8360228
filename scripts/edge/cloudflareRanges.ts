/** Where Cloudflare publishes from which addresses it connects, one range a line. */
export const cloudflareSources = ['https://www.cloudflare.com/ips-v4', 'https://www.cloudflare.com/ips-v6'] as const;

export interface RangesSource {
  /** E.g. "fetched on 2026-11-23 from https://www.cloudflare.com/ips-v4 and …". */
  readonly origin: string;
  readonly ranges: readonly string[];
}

/** The text of nginx/clients/cloudflare.conf. */
export function renderCloudflare({ origin, ranges }: RangesSource): string {
  return [
    '# Clients come through Cloudflare, and nobody else is let in: the address of a client is what Cloudflare says, and is believed of it alone.',
    `# Made by \`npm run cloudflare:ranges\`; ${origin}.`,
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

/** Throws where a line is no range: a page that says "blocked" is none either. */
export function parseRanges(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const ranges = lines.filter((line) => line !== '');
  const wrong = ranges.find((range) => !/^(\d{1,3}(\.\d{1,3}){3}\/\d{1,2}|[\da-f:]+::\/\d{1,3})$/.test(range));
  if (wrong !== undefined || ranges.length === 0)
    throw new Error(`This is no list of ranges: ${(wrong ?? 'it is empty').slice(0, 80)}`);
  return ranges;
}
