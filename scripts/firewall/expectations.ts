import { addresses, probedPorts, publishedByMistake, type Probe } from './firewalledHost';

/** A probe and whether the firewall has to let it through. */
export interface Expectation {
  readonly probe: Probe;
  readonly isOpen: boolean;
}

const { exchange, exchange6, elsewhere, elsewhere6, resolver, mail, clock, metadata } = addresses;
type Destination = readonly [what: string, to: string, port: number, over: 'tcp' | 'udp', isOpen: boolean];

/** What a host, and a container on it, may and may not reach. */
const egress: readonly Destination[] = [
  ['a listed exchange', exchange, 443, 'tcp', true],
  ['its other ports', exchange, 8443, 'tcp', false],
  ['a listed exchange without TLS', exchange, 80, 'tcp', false],
  ['an address that is not listed', elsewhere, 443, 'tcp', false],
  ['the resolver', resolver, 53, 'udp', true],
  ['the resolver over TCP', resolver, 53, 'tcp', true],
  ['another resolver', elsewhere, 53, 'udp', false],
  ['the mail server', mail, 465, 'tcp', true],
  ['the mail server without TLS', mail, 25, 'tcp', false],
  ['a mail server that is not listed', elsewhere, 465, 'tcp', false],
  ['the clock', clock, 123, 'udp', true],
  ['another clock', elsewhere, 123, 'udp', false],
  ['the metadata of a cloud', metadata, 80, 'tcp', false],
];
const egress6: readonly Destination[] = [
  ['a listed exchange over IPv6', exchange6, 443, 'tcp', true],
  ['an address of IPv6 that is not listed', elsewhere6, 443, 'tcp', false],
];

/** What docker/nftables.conf promises. */
export const expectations: readonly Expectation[] = [
  ...[addresses.host, addresses.host6].flatMap((to) =>
    probedPorts.map((port) => ({
      probe: { by: 'outside' as const, what: 'the host', to, port },
      isOpen: [80, 443].includes(port),
    })),
  ),
  {
    probe: {
      by: 'outside',
      what: 'SSH, from the network for it',
      to: addresses.host,
      port: 22,
      from: addresses.operator,
    },
    isOpen: true,
  },
  ...[80, 443, publishedByMistake].map((port) => ({
    probe: { by: 'outside' as const, what: 'a port that a container publishes', to: addresses.published, port },
    isOpen: port !== publishedByMistake,
  })),
  ...(['host', 'container'] as const).flatMap((by) =>
    [...egress, ...(by === 'host' ? egress6 : [])].map(([what, to, port, over, isOpen]) => ({
      probe: { by, what, to, port, over },
      isOpen,
    })),
  ),
  { probe: { by: 'host', what: 'itself', to: '127.0.0.1', port: 4000 }, isOpen: true },
  { probe: { by: 'host', what: 'a container', to: addresses.container, port: 8443 }, isOpen: true },
  ...[4000, 22].map((port) => ({
    probe: { by: 'container' as const, what: 'the host', to: '172.30.99.1', port },
    isOpen: false,
  })),
];

export function describeProbe({ by, what, to, port, over = 'tcp', from }: Probe): string {
  return `${by} → ${what}: ${to} ${over}/${port}${from === undefined ? '' : ` from ${from}`}`;
}
