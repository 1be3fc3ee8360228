import { addresses, probedPorts, publishedByMistake, type Probe } from './firewalledHost';

/** docker/nftables.conf, or docker/ufw.sh, which lets out by port alone. */
export type Firewall = 'nftables' | 'ufw';

/** Who may come to nginx. */
export type Clients = 'everybody' | 'cloudflare';

/**
 * unlisted: closed by its address, which ufw does not look at. direct: of a client itself, which may come unless Cloudflare alone does.
 * proxied: more than one client may have, which is open to Cloudflare alone.
 */
type Fate = 'open' | 'closed' | 'unlisted' | 'direct' | 'proxied';

/** Connections that one address may have open. */
const atOnce = 256;

interface Expectation {
  readonly probe: Probe;
  readonly fate: Fate;
}

const { exchange, exchange6, elsewhere, elsewhere6, resolver, mail, clock, metadata } = addresses;
type Destination = readonly [what: string, to: string, port: number, over: 'tcp' | 'udp', fate: Fate];

/** What a host, and a container on it, may and may not reach. */
const egress: readonly Destination[] = [
  ['a listed exchange', exchange, 443, 'tcp', 'open'],
  ['its other ports', exchange, 8443, 'tcp', 'closed'],
  ['a listed exchange without TLS', exchange, 80, 'tcp', 'closed'],
  ['an address that is not listed', elsewhere, 443, 'tcp', 'unlisted'],
  ['the resolver', resolver, 53, 'udp', 'open'],
  ['the resolver over TCP', resolver, 53, 'tcp', 'open'],
  ['another resolver', elsewhere, 53, 'udp', 'unlisted'],
  ['the mail server', mail, 465, 'tcp', 'open'],
  ['the mail server without TLS', mail, 25, 'tcp', 'closed'],
  ['a mail server that is not listed', elsewhere, 465, 'tcp', 'unlisted'],
  ['the clock', clock, 123, 'udp', 'open'],
  ['another clock', elsewhere, 123, 'udp', 'unlisted'],
  ['the metadata of a cloud', metadata, 80, 'tcp', 'closed'],
];
const egress6: readonly Destination[] = [
  ['a listed exchange over IPv6', exchange6, 443, 'tcp', 'open'],
  ['an address of IPv6 that is not listed', elsewhere6, 443, 'tcp', 'unlisted'],
];

const { host, host6, published, office, crowd, otherCrowd, household6, cloudflare, cloudflare6 } = addresses;
const [first6, second6] = household6;
const [proxy, busyProxy, busyProxy2] = cloudflare;

/** Who comes to nginx by many connections, and who through Cloudflare. */
const clients: readonly (readonly [what: string, probe: Pick<Probe, 'to' | 'from' | 'after'>, fate: Fate])[] = [
  [
    `the last of ${atOnce} connections of one address`,
    { to: host, from: office, after: { connections: atOnce - 1, from: office } },
    'direct',
  ],
  ['one more', { to: host, from: crowd, after: { connections: atOnce, from: crowd } }, 'closed'],
  [
    'one more, to what a container publishes',
    { to: published, from: otherCrowd, after: { connections: atOnce, from: otherCrowd } },
    'closed',
  ],
  [
    'one more of a household of IPv6, by another of its addresses',
    { to: host6, from: second6, after: { connections: atOnce, from: first6 } },
    'closed',
  ],
  ['Cloudflare', { to: host, from: proxy }, 'open'],
  ['Cloudflare, to what a container publishes', { to: published, from: proxy }, 'open'],
  ['Cloudflare over IPv6', { to: host6, from: cloudflare6 }, 'open'],
  [
    'Cloudflare for many clients',
    { to: host, from: busyProxy, after: { connections: atOnce, from: busyProxy } },
    'proxied',
  ],
  [
    'Cloudflare for many clients, to what a container publishes',
    { to: published, from: busyProxy2, after: { connections: atOnce, from: busyProxy2 } },
    'proxied',
  ],
];

/** Who may reach what, and who not. */
const expectations: readonly Expectation[] = [
  ...[addresses.host, addresses.host6].flatMap((to) =>
    probedPorts.map((port) => ({
      probe: { by: 'outside' as const, what: 'the host', to, port },
      fate: [80, 443].includes(port) ? ('direct' as const) : ('closed' as const),
    })),
  ),
  ...clients.map(([what, probe, fate]) => ({ probe: { by: 'outside' as const, what, port: 443, ...probe }, fate })),
  {
    probe: {
      by: 'outside',
      what: 'SSH, from the network for it',
      to: addresses.host,
      port: 22,
      from: addresses.operator,
    },
    fate: 'open',
  },
  ...[80, 443, publishedByMistake].map((port) => ({
    probe: { by: 'outside' as const, what: 'a port that a container publishes', to: addresses.published, port },
    fate: port === publishedByMistake ? ('closed' as const) : ('direct' as const),
  })),
  ...(['host', 'container'] as const).flatMap((by) =>
    [...egress, ...(by === 'host' ? egress6 : [])].map(([what, to, port, over, fate]) => ({
      probe: { by, what, to, port, over },
      fate,
    })),
  ),
  { probe: { by: 'host', what: 'itself', to: '127.0.0.1', port: 4000 }, fate: 'open' },
  { probe: { by: 'host', what: 'a container', to: addresses.container, port: 8443 }, fate: 'open' },
  ...[4000, 22].map((port) => ({
    probe: { by: 'container' as const, what: 'the host', to: '172.30.99.1', port },
    fate: 'closed' as const,
  })),
];

/** Everything that is tried. */
export const probes: readonly Probe[] = expectations.map(({ probe }) => probe);

/** What of it a firewall has to let through. */
export function openThrough(firewall: Firewall, admitted: Clients): readonly Probe[] {
  const isOpen: Readonly<Record<Fate, boolean>> = {
    open: true,
    closed: false,
    unlisted: firewall === 'ufw',
    direct: admitted === 'everybody',
    proxied: admitted === 'cloudflare',
  };
  return expectations.filter(({ fate }) => isOpen[fate]).map(({ probe }) => probe);
}

export function describeProbe({ by, what, to, port, over = 'tcp', from, after }: Probe): string {
  const before = after === undefined ? '' : `, after ${after.connections} from ${after.from}`;
  return `${by} → ${what}: ${to} ${over}/${port}${from === undefined ? '' : ` from ${from}`}${before}`;
}
