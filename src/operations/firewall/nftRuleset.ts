import { z } from 'zod';
import {
  addressIs,
  anyOf,
  familyIs,
  interfaceIs,
  not,
  originalPortIs,
  portIs,
  protocolIs,
  stateIs,
  unknownMatch,
  type PortRange,
} from './matches';
import type { BaseChain, Match, Rule, Ruleset, Verdict } from './packet';

const listing = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) });
const tableShape = z.object({ family: z.string(), name: z.string(), flags: z.unknown().optional() });
const chainShape = z.object({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  type: z.string().optional(),
  hook: z.string().optional(),
  policy: z.string().optional(),
});
const ruleShape = z.object({
  family: z.string(),
  table: z.string(),
  chain: z.string(),
  expr: z.array(z.record(z.string(), z.unknown())),
});
const setShape = z.object({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  elem: z.array(z.unknown()).default([]),
});
const matchShape = z.object({ op: z.string(), left: z.unknown(), right: z.unknown() });
const mapShape = z.object({ key: z.unknown(), data: z.unknown() });
const payloadShape = z.object({ protocol: z.string(), field: z.string() });
type Payload = z.output<typeof payloadShape>;
const leftShape = z.union([
  z.object({ payload: payloadShape }),
  z.object({ meta: z.object({ key: z.string() }) }),
  z.object({ ct: z.object({ key: z.string(), dir: z.string().optional() }) }),
]);

const familiesOf: Readonly<Record<string, BaseChain['families']>> = { inet: [4, 6], ip: [4], ip6: [6] };
/** What only counts, marks, or writes down. */
const silent = ['counter', 'log', 'mangle', 'notrack', 'set', 'map', 'ct helper', 'ct timeout'];
/** What is about a packet that nobody knows here: how many there were, what it looked like on the way. */
const openQuestions = [
  'limit',
  'quota',
  'fib',
  'rt',
  'socket',
  'exthdr',
  'ipsec',
  'numgen',
  'osf',
  'connlimit',
  'ct count',
];
/** Flags of a table that is asked all the same. One that is dormant is not, and 1.0 misspells that. */
const awakeFlags = ['owner', 'persist'];

/** Writing an address down asks something too, where it counts by address: how many connections it has. */
const writingShape = z.object({ stmt: z.array(z.record(z.string(), z.unknown())) });

function isOpenQuestion(kind: string, value: unknown): boolean {
  if (openQuestions.includes(kind)) return true;
  const writing = writingShape.safeParse(value);
  const asked = kind === 'set' && writing.success ? writing.data.stmt.flatMap((one) => Object.keys(one)) : [];
  return asked.some((each) => openQuestions.includes(each));
}

type Named = Readonly<Record<string, readonly unknown[]>>;

/** What `nft -j list ruleset` prints. Throws where that is something else. */
export function readNftables(text: string): Ruleset {
  const { nftables } = listing.parse(JSON.parse(text));
  const pick = <Shape extends z.ZodType>(kind: string, shape: Shape): readonly z.output<Shape>[] =>
    nftables.flatMap((entry) => (Object.hasOwn(entry, kind) ? [shape.parse(entry[kind])] : []));
  const rules = pick('rule', ruleShape);
  const dormant = pick('table', tableShape).filter(({ flags }) => !isAwake(flags));
  const isDormant = (one: { readonly family: string; readonly table: string }): boolean =>
    dormant.some(({ family, name }) => family === one.family && name === one.table);
  const chains = pick('chain', chainShape).filter((chain) => !isDormant(chain));
  const sets = [...pick('set', setShape), ...pick('map', setShape)];
  const reading = new Reading();
  const read = chains.flatMap(({ family, table, type, hook, policy, name }) => {
    const families = familiesOf[family];
    if (families === undefined || type !== 'filter') return [];
    if (hook !== 'input' && hook !== 'forward' && hook !== 'output') return [];
    const isHere = (one: { readonly family: string; readonly table: string }): boolean =>
      one.family === family && one.table === table;
    const named: Named = Object.fromEntries(sets.filter(isHere).map((set) => [set.name, set.elem]));
    const rulesOf = (chain: string): readonly Rule[] =>
      rules.filter((rule) => isHere(rule) && rule.chain === chain).flatMap(({ expr }) => reading.rules(expr, named));
    const others = chains.filter((chain) => isHere(chain) && chain.hook === undefined);
    return [
      {
        hook,
        families,
        policy: policy === 'drop' ? ('drop' as const) : ('accept' as const),
        rules: rulesOf(name),
        chains: new Map(others.map((chain) => [chain.name, rulesOf(chain.name)])),
      } satisfies BaseChain,
    ];
  });
  return { chains: read, borders: reading.borders, unclear: [...reading.unclear] };
}

function isAwake(flags: unknown): boolean {
  return flags === undefined || [flags].flat().every((flag) => awakeFlags.some((awake) => awake === flag));
}

class Reading {
  readonly borders: number[] = [];
  readonly unclear = new Set<string>();

  /** A map of verdicts is a rule for each of its keys. */
  rules(expressions: readonly Readonly<Record<string, unknown>>[], named: Named): readonly Rule[] {
    const matches: Match[] = [];
    for (const expression of expressions) {
      const [kind = '', value] = Object.entries(expression)[0] ?? [];
      if (kind === 'match') matches.push(this.#match(value, named));
      else if (kind === 'vmap')
        return this.#map(value, named).map((rule) => ({ ...rule, matches: [...matches, ...rule.matches] }));
      else if (isOpenQuestion(kind, value)) matches.push(unknownMatch);
      else if (kind === 'xt') {
        // What iptables-nft keeps here is read from iptables-save; here it may be anything.
        if (JSON.stringify(value).includes('"target"')) return [{ matches, verdict: { kind: 'perhaps' } }];
        matches.push(unknownMatch);
      } else if (!silent.includes(kind)) {
        const verdict = verdictOf(expression);
        if (verdict !== null) return [{ matches, verdict }];
        this.#notUnderstood(expression);
        matches.push(unknownMatch);
      }
    }
    return [{ matches, verdict: null }];
  }

  #map(value: unknown, named: Named): readonly Rule[] {
    const { key, data } = mapShape.parse(value);
    return elementsOf(data, named).map((element) => {
      const [from, verdict] = Array.isArray(element) ? (element as unknown[]) : [];
      return { matches: [this.#value(key, from)], verdict: verdictOf(verdict) ?? { kind: 'perhaps' } };
    });
  }

  #match(value: unknown, named: Named): Match {
    const { op, left, right } = matchShape.parse(value);
    if (openQuestions.some((kind) => fieldOf(left, kind) !== undefined)) return unknownMatch;
    if (!['==', '!=', 'in'].includes(op)) {
      this.#notUnderstood({ match: value });
      return unknownMatch;
    }
    const found = anyOf(elementsOf(right, named).map((one) => this.#value(left, one)));
    // A rule for TCP's ports that are not these is none for UDP.
    const isAbout = aboutOf(left);
    return op === '!=' ? (packet) => (isAbout(packet) === false ? false : not(found)(packet)) : found;
  }

  /** Whether one field has one value. */
  #value(left: unknown, right: unknown): Match {
    const read = leftShape.safeParse(left);
    const text = textOf(right);
    if (!read.success || text === null) {
      this.#notUnderstood({ left, right });
      return unknownMatch;
    }
    if ('payload' in read.data) return this.#payload(read.data.payload, text);
    if ('meta' in read.data) return this.#meta(read.data.meta.key, text);
    const { key, dir } = read.data.ct;
    if (key === 'state' || key === 'status') return stateIs(text);
    if (key === 'proto-dst' && dir === 'original') return this.#port(text, originalPortIs);
    return unknownMatch;
  }

  #payload({ protocol, field }: Payload, text: string): Match {
    if (protocol === 'ip' || protocol === 'ip6') {
      if (field === 'saddr') return addressIs('source', text);
      if (field === 'daddr') return addressIs('destination', text);
      if (field === 'protocol' || field === 'nexthdr') return protocolIs(text);
    }
    const isAbout = aboutPayload(protocol);
    const value = field === 'dport' ? this.#port(text, portIs) : unknownMatch;
    return (packet) => (isAbout(packet) === false ? false : value(packet));
  }

  #meta(key: string, text: string): Match {
    if (key === 'l4proto') return protocolIs(text);
    if (key === 'iif' || key === 'iifname') return interfaceIs('from', text);
    if (key === 'oif' || key === 'oifname') return interfaceIs('to', text);
    if (key === 'nfproto') return familyIs(text === 'ipv6' ? 6 : 4);
    if (key === 'protocol') return familyIs(text === 'ip6' ? 6 : 4);
    return unknownMatch;
  }

  #port(text: string, match: (ranges: readonly PortRange[]) => Match): Match {
    // 1.0 prints some as "0x50 [invalid type]".
    const [first = NaN, last = first] = text.split('-').map((part) => Number.parseInt(part));
    if (Number.isNaN(first) || Number.isNaN(last)) return unknownMatch;
    this.borders.push(first, last + 1);
    return match([[first, last]]);
  }

  #notUnderstood(what: unknown): void {
    this.unclear.add(JSON.stringify(what));
  }
}

/** The packets that a field is of at all. */
function aboutOf(left: unknown): Match {
  const read = leftShape.safeParse(left);
  return read.success && 'payload' in read.data ? aboutPayload(read.data.payload.protocol) : () => true;
}

function aboutPayload(protocol: string): Match {
  if (protocol === 'ip') return familyIs(4);
  if (protocol === 'ip6') return familyIs(6);
  return protocol === 'th' ? ({ protocol: own }) => own !== 'other' : protocolIs(protocol);
}

/** "@name" stands for what is in it. */
function elementsOf(value: unknown, named: Named): readonly unknown[] {
  if (typeof value === 'string' && value.startsWith('@')) return named[value.slice(1)] ?? [null];
  if (Array.isArray(value)) return value as unknown[];
  const set = fieldOf(value, 'set');
  return set === undefined ? [value] : elementsOf(set, named);
}

/** One value as text: a range as 1-9, a network as 192.0.2.0/24; null where it is none of these. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const element = fieldOf(value, 'elem');
  if (element !== undefined) return textOf(fieldOf(element, 'val'));
  const range = fieldOf(value, 'range');
  if (Array.isArray(range)) return range.map(String).join('-');
  const network = fieldOf(value, 'prefix');
  return network === undefined ? null : `${String(fieldOf(network, 'addr'))}/${String(fieldOf(network, 'len'))}`;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function verdictOf(value: unknown): Verdict | null {
  if (typeof value !== 'object' || value === null) return null;
  const [kind = '', target] = Object.entries(value)[0] ?? [];
  if (kind === 'jump' || kind === 'goto') return { kind, chain: String(fieldOf(target, 'target')) };
  if (kind === 'accept' || kind === 'drop' || kind === 'return') return { kind };
  if (kind === 'reject') return { kind: 'drop' };
  return kind === 'queue' || kind === 'tproxy' ? { kind: 'perhaps' } : null;
}
