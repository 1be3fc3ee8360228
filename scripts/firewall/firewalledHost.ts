import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Firewall } from './expectations';
import { NetworkNamespace } from './networkNamespace';

const dockerDir = path.resolve(__dirname, '../../docker');
export const fillScript = path.join(dockerDir, 'fillEgress.sh');

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
      const listen = (ports: readonly number[]): readonly string[] => [
        process.execPath,
        path.join(__dirname, 'listen.mjs'),
        ...ports.map(String),
      ];
      await Promise.all([
        outside.start(...listen(outsidePorts)),
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
  async load(firewall: Firewall, rules = path.join(dockerDir, 'nftables.conf')): Promise<void> {
    await (firewall === 'nftables' ? this.#loadNftables(rules) : this.#loadUfw());
  }

  /** The sets are filled from names, which a list of hosts of its own knows. */
  async #loadNftables(rules: string): Promise<void> {
    const [hosts, list] = [path.join(this.dir, 'hosts'), path.join(this.dir, 'egress.txt')];
    const names = {
      exchange: [addresses.exchange, addresses.exchange6],
      mail: [addresses.mail],
      clock: [addresses.clock],
    };
    writeFileSync(
      hosts,
      Object.entries(names)
        .flatMap(([name, all]) => all.map((address) => `${address} ${name}.example\n`))
        .join(''),
    );
    writeFileSync(
      list,
      `# A list\n\ndns ${addresses.resolver}\nhttps exchange.example\nmail mail.example\ntime clock.example\n`,
    );
    await this.onHost(`mount --bind '${hosts}' /etc/hosts; nft -f '${rules}'; '${fillScript}' '${list}'`);
  }

  /** On files of its own: ufw keeps what it is told in /etc. Then Docker starts, and asks DOCKER-USER before it accepts what it forwards. */
  async #loadUfw(): Promise<void> {
    const { dir } = this;
    await this.onHost(`
      cp -a /etc/ufw '${dir}/ufw'
      cp -a /etc/default/ufw '${dir}/default'
      mount --bind '${dir}/ufw' /etc/ufw
      mount --bind '${dir}/default' /etc/default/ufw
      mount -t tmpfs tmpfs /run
      '${path.join(dockerDir, 'ufw.sh')}' ${addresses.operator}/32
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
  ];
  await outside.runLines(`
    ip address add ${addresses.stranger}/24 dev eth0
    ip address add ${addresses.operator}/32 dev eth0
    ip address add ${addresses.stranger6}/64 dev eth0 nodad
    ip link set eth0 up
    ${beyond.map((address) => `ip address add ${address}/32 dev lo`).join('\n')}
    ip -6 address add ${addresses.exchange6}/128 dev lo nodad
    ip -6 address add ${addresses.elsewhere6}/128 dev lo nodad`);
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
