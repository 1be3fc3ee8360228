import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readIptables } from './iptablesRuleset';
import { readNftables } from './nftRuleset';
import type { Ruleset } from './packet';

const run = promisify(execFile);
const timeoutMs = 10_000;
/** An address list of a country is long. */
const maxBytes = 64_000_000;

/** Why the rules of this host cannot be read; the message is a sentence for the operator. */
export class FirewallUnseen extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FirewallUnseen';
  }
}

/** What the programs of a host print of its rules. */
export interface FirewallTexts {
  /** `nft -j list ruleset` */
  readonly nft: string;
  /** `iptables-save` and `ip6tables-save`; "" where there are none. */
  readonly iptables: string;
  readonly ip6tables: string;
}

/** The rules of the host that this process runs on, as the kernel has them. Changes nothing. Throws FirewallUnseen. */
export async function readFirewall(): Promise<Ruleset> {
  const nft = await ask('nft', ['-j', 'list', 'ruleset']);
  // Where these are not there, nobody has made rules with them. What is not read could only close more.
  const optional = ['iptables-save', 'ip6tables-save'].map((name) => ask(name, []).catch(() => ''));
  const [iptables = '', ip6tables = ''] = await Promise.all(optional);
  return parseFirewall({ nft, iptables, ip6tables });
}

/**
 * Rules that iptables and ufw made are shown by nft too, but in part: what is read twice is open only where both say so. Throws FirewallUnseen
 * where it is not what such programs print.
 */
export function parseFirewall({ nft, iptables, ip6tables }: FirewallTexts): Ruleset {
  const all = [understood(nft), readIptables(iptables, 4), readIptables(ip6tables, 6)];
  return {
    chains: all.flatMap(({ chains }) => chains),
    borders: all.flatMap(({ borders }) => borders),
    unclear: all.flatMap(({ unclear }) => unclear),
  };
}

function understood(nft: string): Ruleset {
  try {
    return readNftables(nft);
  } catch {
    // What exactly is wrong with it would be pages long, and of no use to an operator.
    throw new FirewallUnseen('nft prints its rules in a form that is not known here: 1.0 and later are');
  }
}

async function ask(name: string, args: readonly string[]): Promise<string> {
  // It lives where a user's PATH often does not look.
  for (const program of [name, `/usr/sbin/${name}`]) {
    try {
      return (await run(program, [...args], { timeout: timeoutMs, maxBuffer: maxBytes })).stdout;
    } catch (error) {
      const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string };
      if (code === 'ENOENT') continue;
      const said = stderr.split('\n')[0]?.trim() ?? '';
      throw new FirewallUnseen(`${name} shows nothing to this user: ${said === '' ? String(code) : said}`);
    }
  }
  throw new FirewallUnseen(`${name} is not there (apt-get install -y nftables)`);
}
