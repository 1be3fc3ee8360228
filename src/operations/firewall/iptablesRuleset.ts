import {
  addressIs,
  interfaceIs,
  not,
  originalPortIs,
  portIs,
  protocolIs,
  stateIs,
  anyOf,
  unknownMatch,
  type PortRange,
} from './matches';
import type { BaseChain, Match, Packet, Rule, Ruleset, Verdict } from './packet';

const hooks = { INPUT: 'input', FORWARD: 'forward', OUTPUT: 'output' } as const;
/** What writes down, marks or counts, and goes on. */
const silentTargets = ['LOG', 'NFLOG', 'ULOG', 'MARK', 'CONNMARK', 'CT', 'NOTRACK', 'TCPMSS', 'AUDIT', 'TRACE', 'SET'];

/** Modules that ask nothing but what the words behind them say. Some of the others ask without a word: `-m socket`. */
const wordyModules = ['comment', 'conntrack', 'icmp', 'icmp6', 'iprange', 'multiport', 'state', 'tcp', 'udp'];

/** What `iptables-save` or `ip6tables-save` prints: its table "filter", which alone keeps anything out. */
export function readIptables(text: string, family: Packet['family']): Ruleset {
  const lines = text.split('\n');
  const begin = lines.indexOf('*filter');
  const table = begin === -1 ? [] : lines.slice(begin + 1, lines.indexOf('COMMIT', begin));
  const policies = new Map<string, string>();
  for (const line of table) {
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (name !== undefined && policy !== undefined) policies.set(name, policy);
  }
  const borders: number[] = [];
  const rules = new Map<string, Rule[]>([...policies.keys()].map((name) => [name, []]));
  for (const line of table.filter((one) => one.startsWith('-A '))) {
    const [, name = '', ...words] = wordsOf(line);
    rules.get(name)?.push(readRule(words, { borders, chains: policies, family }));
  }
  const chains = Object.entries(hooks).flatMap(([name, hook]): readonly BaseChain[] => {
    const policy = policies.get(name);
    if (policy === undefined) return [];
    return [
      {
        hook,
        families: [family],
        policy: policy === 'DROP' ? 'drop' : 'accept',
        rules: rules.get(name) ?? [],
        chains: rules,
      },
    ];
  });
  return { chains, borders, unclear: [] };
}

interface Reading {
  readonly borders: number[];
  readonly chains: ReadonlyMap<string, unknown>;
  readonly family: Packet['family'];
}

/** What stands between quotes is one word. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function readRule(words: readonly string[], reading: Reading): Rule {
  const matches: Match[] = [];
  let isNegated = false;
  for (let at = 0; at < words.length; at += 1) {
    const [word = '', value = ''] = words.slice(at);
    if (word === '!') {
      isNegated = true;
      continue;
    }
    if (word === '-j' || word === '-g') {
      return { matches, verdict: targetOf(word, value, reading) };
    }
    if (word === '-m' && !wordyModules.includes(value)) matches.push(unknownMatch);
    // What follows a word that is not known is passed over as well.
    if (word.startsWith('-') && word !== '-m' && word !== '--comment') {
      const match = matchOf(word, value, reading);
      matches.push(isNegated ? not(match) : match);
    }
    if (word.startsWith('-') && !(words[at + 1] ?? '-').startsWith('-')) at += 1;
    isNegated = false;
  }
  return { matches, verdict: null };
}

function matchOf(word: string, value: string, { borders, family }: Reading): Match {
  const ports = (): readonly PortRange[] =>
    value.split(',').map((part) => {
      const [first = 0, last = first] = part.split(':').map((end, index) => Number(end === '' ? index * 65_535 : end));
      borders.push(first, last + 1);
      return [first, last];
    });
  switch (word) {
    case '-p':
      return protocolIs(value);
    case '-i':
      return interfaceIs('from', value);
    case '-o':
      return interfaceIs('to', value);
    case '-s':
      return addressIs('source', value);
    case '-d':
      return addressIs('destination', value);
    case '--src-range':
      return addressIs('source', value);
    case '--dst-range':
      return addressIs('destination', value);
    case '--dport':
    case '--dports':
      return portIs(ports());
    case '--ctorigdstport':
      return originalPortIs(ports());
    case '--ctstate':
    case '--state':
      return anyOf(value.split(',').map(stateIs));
    case '--icmp-type':
    case '--icmpv6-type':
      return protocolIs(family === 4 ? 'icmp' : 'ipv6-icmp');
    default:
      return unknownMatch;
  }
}

function targetOf(word: string, target: string, { chains }: Reading): Verdict | null {
  if (chains.has(target)) return { kind: word === '-g' ? 'goto' : 'jump', chain: target };
  if (target === 'ACCEPT') return { kind: 'accept' };
  if (target === 'RETURN') return { kind: 'return' };
  if (target === 'DROP' || target === 'REJECT') return { kind: 'drop' };
  return silentTargets.includes(target) ? null : { kind: 'perhaps' };
}
