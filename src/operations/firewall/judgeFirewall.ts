import { mayPass, protocols, type BaseChain, type Packet, type Ruleset } from './packet';
import type { PortRange } from './matches';

/** What a firewall was found to be, as the boxes of the checklist want it. */
export interface FirewallFinding {
  readonly passed: boolean;
  readonly evidence: string;
}

/** A kind of packet that comes or goes, and the ports that may be open to it: those of docker/nftables.conf. */
interface Way {
  readonly name: string;
  readonly hook: BaseChain['hook'];
  readonly packet: Pick<Packet, 'from' | 'to' | 'isRewritten' | 'other'>;
  readonly may: Readonly<Partial<Record<Packet['protocol'], readonly number[]>>>;
}

/** What gives a host its address; nobody else listens there. */
const leases = [67, 68, 546, 547];
const published = { tcp: [80, 443] };
/** Names, https, mail and time, where rules cannot follow names (ufw). */
const leaving = { tcp: [53, 443, 465, 587], udp: [53, 123, ...leases] };

const anybody = { end: 'source', address: 'anybody' } as const;
const anywhere = { end: 'destination', address: 'anybody' } as const;
const incoming = { hook: 'input', to: null, isRewritten: false } as const;

const ways: readonly Way[] = [
  way({ ...incoming, name: 'in, for anybody', from: 'outside', other: anybody, may: { ...published, udp: leases } }),
  way({
    ...incoming,
    name: 'in, for addresses that are named',
    from: 'outside',
    other: { ...anybody, address: 'named' },
    may: { tcp: [22, ...published.tcp], udp: leases },
  }),
  way({
    ...incoming,
    name: 'in, for containers',
    from: 'containers',
    other: anybody,
    may: { ...published, udp: leases },
  }),
  ...(['containers', 'outside'] as const).flatMap((to) => {
    const through = { hook: 'forward', from: 'outside', to, other: { ...anybody, address: 'named' } } as const;
    return [
      way({
        ...through,
        name: `through, to ${to === 'outside' ? 'elsewhere' : 'containers'}`,
        isRewritten: false,
        may: {},
      }),
      way({ ...through, name: 'through, at ports that are rewritten', isRewritten: true, may: published }),
    ];
  }),
  way({
    hook: 'output',
    name: 'out, to anybody',
    from: null,
    to: 'outside',
    isRewritten: false,
    other: anywhere,
    may: leaving,
  }),
  way({
    hook: 'forward',
    name: 'out of containers, to anybody',
    from: 'containers',
    to: 'outside',
    isRewritten: false,
    other: anywhere,
    may: leaving,
  }),
];

function way({ name, hook, may, ...packet }: Omit<Way, 'packet'> & Way['packet']): Way {
  return { name, hook, may, packet };
}

const lastPort = 65_535;
const families = [4, 6] as const;

/** Holds the rules of a host against what docker/nftables.conf lets through; `npm run check:firewall` tries the same with packets. */
export function judgeFirewall(ruleset: Ruleset): FirewallFinding {
  const own = ways.flatMap(({ may }) => Object.values(may).flat());
  const borders = [1, ...ruleset.borders, ...own.flatMap((port) => [port, port + 1])];
  const begins = [...new Set(borders)].filter((port) => port >= 1 && port <= lastPort).sort((a, b) => a - b);
  const pieces = begins.map((first, index): PortRange => [first, (begins[index + 1] ?? lastPort + 1) - 1]);
  const found = ways.map((one) => lookAlong(one, { pieces, ruleset }));
  const faults = new Set(found.flatMap((one) => one.faults));
  if (faults.size === 0) {
    const open = new Set(found.flatMap((one) => one.open));
    return { passed: true, evidence: `beside DHCP, open is at most: ${[...open].join('; ')}` };
  }
  const isWhole = found.every(
    (one) => one.faults.every((fault) => fault.endsWith(': everything')) && one.faults.length > 0,
  );
  if (isWhole) return { passed: false, evidence: 'nothing is kept out: not in, not through, not on its way out' };
  const unclear = ruleset.unclear.slice(0, 3).join(', ');
  const reason = unclear === '' ? '' : `; not understood, and so taken to let through: ${unclear}`;
  return { passed: false, evidence: `open, and should not be: ${[...faults].join('; ')}${reason}` };
}

/** What is open to a kind of packet, and what of it should not be: a line each, none where there is nothing. */
function lookAlong(
  { name, hook, packet, may }: Way,
  { pieces, ruleset }: { readonly pieces: readonly PortRange[]; readonly ruleset: Ruleset },
): { readonly open: readonly string[]; readonly faults: readonly string[] } {
  const open = families.map((family) =>
    protocols.map((protocol) =>
      pieces.filter(([port]) => mayPass({ ...packet, family, protocol, port }, hook, ruleset)),
    ),
  );
  const tell = (isTold: (protocol: Packet['protocol'], port: number) => boolean): readonly string[] => {
    const texts = open.map((ofFamily) => {
      if (ofFamily.every((ranges) => ranges.length === pieces.length)) return 'everything';
      const parts = protocols.map((protocol, at) =>
        describe(
          protocol,
          (ofFamily[at] ?? []).filter(([port]) => isTold(protocol, port)),
        ),
      );
      return parts.filter((text) => text !== '').join(', ');
    });
    const isSame = texts.every((text) => text === texts[0]);
    const told = isSame
      ? texts.slice(0, 1)
      : texts.map((text, at) => text && `${text} over IPv${String(families[at])}`);
    const shown = told.filter((text) => text !== '');
    return shown.length === 0 ? [] : [`${name}: ${shown.join(', ')}`];
  };
  return {
    open: tell((protocol, port) => protocol !== 'udp' || !leases.includes(port)),
    faults: tell((protocol, port) => !(may[protocol] ?? []).includes(port)),
  };
}

/** "tcp 80 443"; neighbours are one range. */
function describe(protocol: Packet['protocol'], ranges: readonly PortRange[]): string {
  if (protocol === 'other') return ranges.length > 0 ? 'protocols that nobody named' : '';
  const joined: [number, number][] = [];
  for (const [first, last] of ranges) {
    const before = joined.at(-1);
    if (before?.[1] === first - 1) before[1] = last;
    else joined.push([first, last]);
  }
  const shown = joined.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
  return shown.length > 0 ? `${protocol} ${shown.join(' ')}` : '';
}
