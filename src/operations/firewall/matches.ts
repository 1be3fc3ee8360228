import type { Match, Packet, Side } from './packet';

/** From the first to the last. */
export type PortRange = readonly [number, number];

export const unknownMatch: Match = () => null;

/** The rule asks for the opposite. */
export function not(match: Match): Match {
  return (packet) => {
    const found = match(packet);
    return found === null ? null : !found;
  };
}

export function anyOf(matches: readonly Match[]): Match {
  return (packet) => {
    const found = matches.map((match) => match(packet));
    if (found.includes(true)) return true;
    return found.includes(null) ? null : false;
  };
}

/** name: "tcp", "udp", "icmp" …, or their numbers. */
export function protocolIs(name: string): Match {
  if (['all', '0', 'ip'].includes(name)) return () => true;
  const known = { '6': 'tcp', '17': 'udp' }[name] ?? name;
  return ({ protocol }) => protocol === known;
}

export function familyIs(family: Packet['family']): Match {
  return (packet) => packet.family === family;
}

/** Where it goes to by then: nobody knows that of one that was rewritten. */
export function portIs(ranges: readonly PortRange[]): Match {
  return ({ port, isRewritten }) => (isRewritten ? null : isWithin(port, ranges));
}

export function originalPortIs(ranges: readonly PortRange[]): Match {
  return ({ port }) => isWithin(port, ranges);
}

function isWithin(port: number, ranges: readonly PortRange[]): boolean {
  return ranges.some(([first, last]) => port >= first && port <= last);
}

/** Connection tracking, of the first packet of a connection. name: "new", "established", "dnat" … */
export function stateIs(name: string): Match {
  const state = name.toLowerCase();
  if (state === 'dnat') return ({ isRewritten }) => isRewritten;
  if (state === 'new') return () => true;
  // Not "untracked": which connections are not tracked, other rules say.
  return ['established', 'related', 'invalid'].includes(state) ? () => false : unknownMatch;
}

/** name: of an interface; with * or + at its end, of all that begin so. */
export function interfaceIs(end: 'from' | 'to', name: string): Match {
  const begins = /[*+]$/.test(name) ? name.slice(0, -1) : null;
  return (packet) => {
    if (begins === '') return true;
    const side: Side | null = packet[end];
    // A packet of this host has no interface that it came by.
    if (side === null) return null;
    const isBridge = name === 'docker0' || name.startsWith('br-');
    if (side === 'outside') return name === 'lo' || isBridge ? false : null;
    // One of several bridges: not every rule for one is for all of them.
    return isBridge || begins !== null ? null : false;
  };
}

/** How many bits of an address a network fixes, at least, so that it names somebody: wider ones are as good as everybody. */
const namingBits = { 4: 8, 6: 16 } as const;

/** network: 192.0.2.0/24, an address, or 192.0.2.1-192.0.2.9. */
export function addressIs(end: 'source' | 'destination', network: string): Match {
  const family = network.includes(':') ? 6 : 4;
  const isMulticast = /^(2(2[4-9]|3\d)\.|ff)/.test(network);
  return ({ family: own, other }) => {
    if (own !== family) return false;
    // Of the host's own address nothing is known but that it is one machine's.
    if (other.end !== end) return isMulticast ? false : null;
    if (network.endsWith('/0')) return true;
    return other.address === 'anybody' && fixedBits(network, family) >= namingBits[family] ? false : null;
  };
}

function fixedBits(network: string, family: 4 | 6): number {
  const whole = family === 4 ? 32 : 128;
  const [address = '', length] = network.split('/');
  if (length !== undefined) return /^\d+$/.test(length) ? Number(length) : 0;
  const [first = '', last] = address.split('-');
  if (last === undefined) return whole;
  // Of a range, what its two ends have in common.
  const [a, b] = [bitsOf(first, family), bitsOf(last, family)];
  const differs = Array.from(a, (bit, index) => bit === b[index]).indexOf(false);
  return differs === -1 ? whole : differs;
}

function bitsOf(address: string, family: 4 | 6): string {
  if (family === 4) {
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  }
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<string>(zeros).fill('0'), ...after]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}
