import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderCloudflare } from '../edge/cloudflareRanges';
import type { Clients, Firewall } from './expectations';
import { NetworkNamespace } from './networkNamespace';

const dockerDir = path.resolve(__dirname, '../../docker');
export const fillScript = path.join(dockerDir, 'fillEgress.sh');
export const admitScript = path.join(dockerDir, 'admitCloudflare.sh');

/** One try to reach something. */
export interface Probe {
  /** Who tries. */
  readonly by: 'outside' | 'host' | 'container';
  /** In words: what is tried, for whoever reads the result. */
  readonly what: string;
  readonly to: string;
  readonly port: number;
  readonly over?: 'tcp' | 'udp';
  /** Which of its addresses the one who tries uses. */
  readonly from?: string;
  /** What is open already, to the same port, when it tries. */
  readonly after?: { readonly connections: number; readonly from: string };
}

/** The ports that programs of this project, and those that are often forgotten, listen on. */
export const probedPorts = [22, 80, 443, 2375, 3306, 4000, 5432, 6379, 8080, 9464] as const;

export const addresses = {
  /** Of the host: all of its ports are listened on. */
  host: '203.0.113.3',
  host6: '2001:db8:1::3',
  /** Of the host: what Docker publishes on it is a container's. */
  published: '203.0.113.2',
  /** A stranger, and somebody in the network that may use SSH. */
  stranger: '203.0.113.1',
  stranger6: '2001:db8:1::1',
  operator: '192.0.2.9',
  /** Clients with many connections; one of them has two addresses, as every household of IPv6. */
  office: '192.0.2.41',
  crowd: '192.0.2.42',
  otherCrowd: '192.0.2.43',
  household6: ['2001:db8:42::1', '2001:db8:42::2'],
  /** What passes for Cloudflare here. */
  cloudflare: ['192.0.2.65', '192.0.2.66', '192.0.2.67'],
  cloudflare6: '2001:db8:cf::1',
  container: '172.30.99.2',
  exchange: '198.51.100.10',
  exchange6: '2001:db8:443::10',
  elsewhere: '198.51.100.20',
  elsewhere6: '2001:db8:443::20',
  resolver: '198.51.100.53',
  mail: '198.51.100.25',
  clock: '198.51.100.123',
  metadata: '169.254.169.254',
} as const;

/** The ranges of those that pass for Cloudflare. */
const cloudflareRanges = ['192.0.2.64/28', '2001:db8:cf::/48'];

/** Names that nobody but the resolver knows, which is behind the firewall. */
const names = {
  'exchange.example': [addresses.exchange, addresses.exchange6],
  'mail.example': [addresses.mail],
  'clock.example': [addresses.clock],
};

/** A port that somebody published by mistake: Docker has rewritten it to the container's database. */
export const publishedByMistake = 5433;

/** What the outside listens on, at all of its addresses. */
const outsidePorts = [25, 53, 80, 123, 443, 465, 8443];

/**
 * A host between the outside and a container: three namespaces, joined as Docker joins them, with a network interface in place of
 * a bridge. Somebody listens at every port that is probed, so that only a firewall keeps anybody out.
 */
export class FirewalledHost {
  private constructor(
    private readonly dir: string,
    private readonly spaces: Readonly<Record<Probe['by'], NetworkNamespace>>,
  ) {}

  /** dir: where it may write. */
  static async make(dir: string): Promise<FirewalledHost> {
    const made: NetworkNamespace[] = [];
    try {
      for (let index = 0; index < 3; index += 1) made.push(await NetworkNamespace.make());
      const [outside, host, container] = made as [NetworkNamespace, NetworkNamespace, NetworkNamespace];
      await join({ outside, host, container });
      const listen = (ports: readonly number[], known = {}): readonly string[] => [
        process.execPath,
        path.join(__dirname, 'listen.mjs'),
        ...[known, ...ports].map((argument) => JSON.stringify(argument)),
      ];
      await Promise.all([
        outside.start(...listen(outsidePorts, names)),
        host.start(...listen(probedPorts)),
        container.start(...listen([8080, 8443, 5432])),
      ]);
      return new FirewalledHost(dir, { outside, host, container });
    } catch (error) {
      await Promise.all(made.map((space) => space.close()));
      throw error;
    }
  }

  /** Runs lines of a shell on the host. */
  async onHost(lines: string): Promise<string> {
    return this.spaces.host.runLines(lines);
  }

  /** Puts a firewall of docker/ to use as an operator does. rules: another file in place of docker/nftables.conf. */
  async load(
    firewall: Firewall,
    {
      clients = 'everybody',
      rules = path.join(dockerDir, 'nftables.conf'),
    }: { clients?: Clients; rules?: string } = {},
  ): Promise<void> {
    const ranges = path.join(this.dir, 'cloudflare.conf');
    writeFileSync(ranges, renderCloudflare({ origin: 'fetched on 2026-11-23 from a test', ranges: cloudflareRanges }));
    const cloudflare = clients === 'cloudflare' ? ranges : null;
    await (firewall === 'nftables' ? this.#loadNftables(rules, cloudflare) : this.#loadUfw(cloudflare));
  }

  /** The sets are filled from names, by a resolver that the rules themselves have to let out first, with no more in the environment than cron gives. */
  async #loadNftables(rules: string, cloudflare: string | null): Promise<void> {
    const [included, list] = [path.join(this.dir, 'included'), path.join(this.dir, 'egress.txt')];
    const clientsDir = path.join(included, 'tickgate/clients');
    mkdirSync(clientsDir, { recursive: true });
    const file = (name: string, text: string): string => {
      writeFileSync(path.join(this.dir, name), text);
      return path.join(this.dir, name);
    };
    const known = Object.keys(names).map((name, index) => `${['https', 'mail', 'time'][index] ?? ''} ${name}\n`);
    writeFileSync(list, `# A list\n\n${known.join('')}dns ${addresses.resolver}\n`);
    await this.onHost(`
      mount --bind '${file('hosts', '127.0.0.1 localhost\n')}' /etc/hosts
      mount --bind '${file('resolv.conf', `nameserver ${addresses.resolver}\noptions timeout:1 attempts:1\n`)}' /etc/resolv.conf
      mount --bind '${file('nsswitch.conf', 'hosts: files dns\n')}' /etc/nsswitch.conf
      ${cloudflare === null ? '' : `'${admitScript}' '${cloudflare}' > '${clientsDir}/cloudflare.nft'`}
      nft -I '${included}' -f '${rules}'
      env -i PATH=/usr/bin:/bin '${fillScript}' '${list}'`);
  }

  /**
   * On files of its own: ufw keeps what it is told in /etc. Open to everybody at first, as with one who goes over to Cloudflare, and SSH to another
   * network, that is not named any more. Then Docker starts, and asks DOCKER-USER before it accepts what it forwards.
   */
  async #loadUfw(cloudflare: string | null): Promise<void> {
    const { dir } = this;
    const script = path.join(dockerDir, 'ufw.sh');
    await this.onHost(`
      cp -a /etc/ufw '${dir}/ufw'
      cp -a /etc/default/ufw '${dir}/default'
      mount --bind '${dir}/ufw' /etc/ufw
      mount --bind '${dir}/default' /etc/default/ufw
      mount -t tmpfs tmpfs /run
      '${script}' ${cloudflare === null ? addresses.operator : addresses.stranger}/32
      ${cloudflare === null ? '' : `'${script}' --cloudflare '${cloudflare}' ${addresses.operator}/32`}
      iptables -I FORWARD 1 -j DOCKER-USER
      iptables -I FORWARD 2 -i br-+ -j ACCEPT
      iptables -I FORWARD 3 -o br-+ -j ACCEPT`);
  }

  /** For each probe, whether it was answered. */
  async probe(probes: readonly Probe[]): Promise<readonly boolean[]> {
    const answers = new Map<Probe, boolean>();
    await Promise.all(
      Object.entries(this.spaces).map(async ([by, space]) => {
        const own = probes.filter((probe) => probe.by === by);
        if (own.length === 0) return;
        const said = await space.run(process.execPath, path.join(__dirname, 'probe.mjs'), JSON.stringify(own));
        (JSON.parse(said) as boolean[]).forEach((isOpen, index) => {
          const probe = own[index];
          if (probe !== undefined) answers.set(probe, isOpen);
        });
      }),
    );
    return probes.map((probe) => answers.get(probe) ?? false);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.spaces).map((space) => space.close()));
  }
}

async function join(spaces: Readonly<Record<Probe['by'], NetworkNamespace>>): Promise<void> {
  const { outside, host, container } = spaces;
  await host.runLines(`
    ip link add eth0 type veth peer name eth0 netns ${outside.pid}
    ip link add br-tickgate type veth peer name eth0 netns ${container.pid}
    ip address add ${addresses.published}/24 dev eth0
    ip address add ${addresses.host}/24 dev eth0
    ip address add ${addresses.host6}/64 dev eth0 nodad
    ip address add 172.30.99.1/24 dev br-tickgate
    ip link set eth0 up
    ip link set br-tickgate up
    sysctl -qw net.ipv4.ip_forward=1`);
  await container.runLines(`
    ip address add ${addresses.container}/24 dev eth0
    ip link set eth0 up
    ip route add default via 172.30.99.1`);
  const beyond = [
    addresses.exchange,
    addresses.elsewhere,
    addresses.resolver,
    addresses.mail,
    addresses.clock,
    addresses.metadata,
    addresses.office,
    addresses.crowd,
    addresses.otherCrowd,
    ...addresses.cloudflare,
  ];
  const beyond6 = [addresses.exchange6, addresses.elsewhere6, ...addresses.household6, addresses.cloudflare6];
  await outside.runLines(`
    ip address add ${addresses.stranger}/24 dev eth0
    ip address add ${addresses.operator}/32 dev eth0
    ip address add ${addresses.stranger6}/64 dev eth0 nodad
    ip link set eth0 up
    ${beyond.map((address) => `ip address add ${address}/32 dev lo`).join('\n')}
    ${beyond6.map((address) => `ip -6 address add ${address}/128 dev lo nodad`).join('\n')}`);
  await host.runLines(`
    ip route add default via ${addresses.stranger}
    ip -6 route add default via ${addresses.stranger6}
    # As Docker publishes ports and lets containers out.
    nft -f - <<'END'
table ip docker_nat {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr ${addresses.published} tcp dport 80 dnat to ${addresses.container}:8080
    ip daddr ${addresses.published} tcp dport 443 dnat to ${addresses.container}:8443
    ip daddr ${addresses.published} tcp dport ${publishedByMistake} dnat to ${addresses.container}:5432
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr 172.30.99.0/24 oifname "eth0" masquerade
  }
}
END`);
}
