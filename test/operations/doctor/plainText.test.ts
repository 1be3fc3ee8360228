import path from 'node:path';
import { NetworkNamespace } from '../../../scripts/firewall/networkNamespace';
import type { PlainText } from '../../../src/operations/doctor/plainText';
import { fromSource } from '../../kit/fromSource';
import { describeWith } from '../../kit/needs';
import type { Asked } from './fixtures/askInPlainText';

const host = { v4: '203.0.113.1', v6: 'fd00::1' };
const asking = { v4: '203.0.113.2', v6: 'fd00::2', other: '203.0.113.3' };
const takingPort = 8484;

/** Ways in which a firewall of the one who asks says no at a port, before anything leaves. */
const rules = `table inet own {
  chain output {
    type filter hook output priority 0;
    oif lo accept
    tcp dport 81 reject with icmpx port-unreachable
    tcp dport 82 reject with tcp reset
    tcp dport 83 reject with icmpx admin-prohibited
    ip6 nexthdr tcp tcp dport 84 reject with icmpv6 no-route
  }
  chain redirected {
    type nat hook output priority -100;
    ip daddr 192.0.2.1 tcp dport 85 redirect to :${takingPort}
  }
}`;

describeWith('nft', 'plain text', () => {
  describeWith('root', 'of a host where nobody listens', () => {
    let spaces: readonly NetworkNamespace[] = [];
    let found: readonly PlainText[];
    const cases: readonly (readonly [string, Asked, RegExp | null])[] = [
      ['is refused by that host', [[host.v4], 80], null],
      ['is refused by that host over IPv6', [[host.v6], 80], null],
      ['is refused by both of its addresses', [[host.v4, host.v6], 80], null],
      ['is refused by the machine itself that asks', [[asking.other], 81], null],
      ['is refused by its own loopback', [['127.0.0.9'], 81], null],
      ['is refused in its name', [[host.v4], 81], /^port 81 is refused or taken at 192\.0\.2\.1, too, .+ firewall/],
      ['is refused in its name over IPv6', [[host.v6], 81], /^port 81 is refused or taken at 2001:db8::1, too/],
      ['is reset in its name', [[host.v4], 82], /^port 82 is refused or taken at 192\.0\.2\.1, too/],
      ['is taken for others on the way', [[host.v4], 85], /^port 85 is refused or taken at 192\.0\.2\.1, too/],
      ['is prohibited on the way', [[host.v4], 83], /EHOSTUNREACH/],
      ['is refused by one of its addresses, and has no way to the other', [[host.v4, host.v6], 84], /ENETUNREACH/],
    ];

    beforeAll(async () => {
      spaces = [await NetworkNamespace.make(), await NetworkNamespace.make()];
      const [there, here] = spaces as [NetworkNamespace, NetworkNamespace];
      await there.runLines(`
        ip link add eth0 type veth peer name eth0 netns ${here.pid}
        ip address add ${host.v4}/24 dev eth0
        ip address add ${host.v6}/64 dev eth0 nodad
        ip link set eth0 up
        sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
        ip route add unreachable 192.0.2.0/24
        ip -6 route add unreachable 2001:db8::/32`);
      await here.runLines(`
        ip address add ${asking.v4}/24 dev eth0
        ip address add ${asking.v6}/64 dev eth0 nodad
        ip address add ${asking.other}/32 dev lo
        ip link set eth0 up
        ip route add default via ${host.v4}
        ip -6 route add default via ${host.v6}
        nft -f - <<'END'\n${rules}\nEND`);
      const program = [...fromSource(), path.join(__dirname, 'fixtures/askInPlainText.ts')];
      const asked = JSON.stringify([takingPort, cases.map(([, one]) => one)]);
      found = JSON.parse(await here.run(process.execPath, ...program, asked)) as readonly PlainText[];
    });

    afterAll(async () => {
      await Promise.all(spaces.map((space) => space.close()));
    });

    it.each(cases.map(([name, , failure], index) => [name, index, failure] as const))('%s', (_name, index, failure) => {
      expect(found[index]).toEqual({
        answer: null,
        failure: failure === null ? null : (expect.stringMatching(failure) as unknown),
      });
    });
  });
});
