import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { probes, openThrough } from '../../../scripts/firewall/expectations';
import { addresses, FirewalledHost } from '../../../scripts/firewall/firewalledHost';
import { NetworkNamespace } from '../../../scripts/firewall/networkNamespace';
import { findProjectDir } from '../../../src/config/processConfig';
import { boxes } from '../../../src/operations/doctor/boxes';
import { machineId } from '../../../src/operations/doctor/machine';
import { judgeFirewall } from '../../../src/operations/firewall/judgeFirewall';
import { mayPass } from '../../../src/operations/firewall/packet';
import { parseFirewall, type FirewallTexts } from '../../../src/operations/firewall/readFirewall';
import { fromSource } from '../../kit/fromSource';
import { describeWith } from '../../kit/needs';
import { makeTemporaryDir } from '../../kit/temporaryDir';

const ours = readFileSync(path.join(findProjectDir(), 'docker/nftables.conf'), 'utf8');
const temporary = makeTemporaryDir();

afterAll(() => {
  temporary.remove();
});

function put(name: string, text: string): string {
  const file = path.join(temporary.dir, name);
  writeFileSync(file, text);
  return file;
}

describeWith('nft', 'the rules of a host', () => {
  describeWith('root', 'as its kernel has them', () => {
    let host: NetworkNamespace;

    beforeAll(async () => {
      host = await NetworkNamespace.make();
    });

    afterAll(() => host.close());

    async function textsOf(read: (line: string) => Promise<string>): Promise<FirewallTexts> {
      const [nft = '', iptables = '', ip6tables = ''] = await Promise.all(
        ['nft -j list ruleset', 'iptables-save || true', 'ip6tables-save || true'].map(read),
      );
      return { nft, iptables, ip6tables };
    }

    async function judge(rules: string): Promise<ReturnType<typeof judgeFirewall>> {
      await host.runLines(`nft flush ruleset; nft -f '${put('rules.nft', rules)}'`);
      return judgeFirewall(parseFirewall(await textsOf((line) => host.runLines(line))));
    }

    /** docker/nftables.conf, with something put before or in place of something. */
    function changed(from: string, to: string): string {
      expect(ours).toContain(from);
      return ours.replace(from, to);
    }

    const before = (rule: string): string =>
      changed('jump neighbours\n\t\ticmp', `${rule}\n\t\tjump neighbours\n\t\ticmp`);

    it('pass where they are those of this project, with what they leave open', async () => {
      expect(await judge(ours)).toEqual({
        passed: true,
        evidence:
          'beside DHCP, open is at most: in, for anybody: tcp 80 443; in, for addresses that are named: tcp 22 80 443; ' +
          'in, for containers: tcp 80 443; through, at ports that are rewritten: tcp 80 443',
      });
    });

    it('do not pass where there are none', async () => {
      const { passed, evidence } = await judge('');
      expect([passed, evidence]).toEqual([false, 'nothing is kept out: not in, not through, not on its way out']);
    });

    it.each<readonly [string, string, string]>([
      [
        'a database',
        changed('dport { 80, 443 } accept\n\t\ttcp dport 22', 'dport { 80, 443, 5432 } accept\n\t\ttcp dport 22'),
        'in, for anybody: tcp 5432',
      ],
      ['a range of ports', before('tcp dport 8000-8010 accept'), 'in, for anybody: tcp 8000-8010'],
      ['a port over IPv6 alone', before('meta nfproto ipv6 tcp dport 6379 accept'), 'tcp 6379 over IPv6'],
      ['a port by a map', before('tcp dport vmap { 23 : accept, 24 : drop }'), 'in, for anybody: tcp 23'],
      [
        'a port by a map that has a name',
        before('tcp dport vmap @doors').replace(
          'chain input',
          'map doors { type inet_service : verdict; elements = { 25 : accept }; }\n\tchain input',
        ),
        'in, for anybody: tcp 25',
      ],
      [
        'ports by a set that has a name',
        before('udp dport @doors accept').replace(
          'chain input',
          'set doors { type inet_service; elements = { 161, 162 }; }\n\tchain input',
        ),
        'in, for anybody: udp 161-162',
      ],
      ['SSH for everybody', before('tcp dport 22 accept'), 'in, for anybody: tcp 22'],
      [
        'SSH for half of the world',
        before('ip saddr 0.0.0.0/1 tcp dport 22 accept'),
        'in, for anybody: tcp 22 over IPv4',
      ],
      [
        'SSH for all but some',
        before('ip saddr != 198.51.100.0/24 tcp dport 22 accept'),
        'in, for anybody: tcp 22 over IPv4',
      ],
      [
        'a database for named addresses',
        before('ip saddr 192.0.2.7 tcp dport 5432 accept'),
        'in, for addresses that are named: tcp 5432 over IPv4',
      ],
      ['whoever chooses a source port', before('tcp sport 443 accept'), 'in, for anybody: tcp 1-79 81-442 444-65535'],
      ['whoever comes by an interface', before('iifname "eth0" accept'), 'in, for anybody: everything'],
      ['whoever does not come by another', before('iifname != "eth1" accept'), 'in, for anybody: everything'],
      ['what is within a rate', before('limit rate 10/second accept'), 'in, for anybody: everything'],
      [
        'what comes slower than a rate that is dropped',
        before('limit rate over 10/second drop\n\t\ttcp dport 5432 accept'),
        'in, for anybody: tcp 5432',
      ],
      [
        'a database at addresses of the host’s own',
        before('ip daddr 223.0.0.7 tcp dport 5432 accept; ip6 daddr fd00::7 tcp dport 5432 accept'),
        'in, for anybody: tcp 5432; ',
      ],
      [
        'what a chain of its own accepts',
        before('jump extra').replace('chain input', 'chain extra { tcp dport 9464 accept; }\n\tchain input'),
        'in, for anybody: tcp 9464',
      ],
      [
        'what nobody here understands',
        before('tcp flags & (syn | ack) == syn accept'),
        'not understood, and so taken to let through: ',
      ],
      ['another protocol', before('meta l4proto != tcp accept'), 'protocols that nobody named'],
      [
        'everything in',
        changed('hook input priority filter; policy drop', 'hook input priority filter; policy accept'),
        'in, for containers',
      ],
      [
        'everything out',
        changed('hook output priority filter; policy drop', 'hook output priority filter; policy accept').replace(
          /\t\treject with icmpx admin-prohibited\n(\t}\n\n\t#.*\n\tchain clients)/,
          '$1',
        ),
        'out, to anybody: everything',
      ],
      [
        'one port out',
        changed('udp dport 123 ip daddr @time4 accept', 'tcp dport 25 accept'),
        'out, to anybody: tcp 25',
      ],
      [
        'containers that go anywhere',
        changed('iifname "br-*" jump egress', 'iifname "br-*" accept'),
        'out of containers, to anybody: everything',
      ],
      [
        'every port that Docker rewrites',
        changed(' ct original proto-dst { 80, 443 } accept', ' accept'),
        'through, at ports that are rewritten: tcp 1-79',
      ],
      [
        'whatever Docker rewrites to a port of a container',
        changed(' ct original proto-dst { 80, 443 } accept', ' tcp dport { 80, 443 } accept'),
        'through, at ports that are rewritten: tcp 1-79',
      ],
      [
        'routes to containers',
        changed('iifname "docker0" jump egress', 'oifname "docker0" accept'),
        'through, to containers: everything',
      ],
      [
        'a firewall of IPv4 alone',
        ['input', 'forward', 'output']
          .map((hook) => `table ip ${hook} { chain every { type filter hook ${hook} priority 0; policy drop; }; }`)
          .join('\n'),
        'in, for anybody: everything over IPv6',
      ],
    ])('do not pass where they let in or out %s', async (_name, rules, fault) => {
      const { passed, evidence } = await judge(rules);
      expect([passed, evidence]).toEqual([false, expect.stringContaining(fault)]);
    });

    it.each<readonly [string, string]>([
      [
        'a database out, at addresses that are named',
        changed('udp dport 123 ip daddr @time4 accept', 'ip daddr 10.0.0.0/24 tcp dport 5432 accept'),
      ],
      [
        'Cloudflare’s addresses alone',
        changed('tcp dport { 80, 443 } accept\n', 'ip saddr 198.51.100.0/22 tcp dport { 80, 443 } accept\n'),
      ],
      [
        'what is told to all neighbours at once',
        before('ip daddr { 224.0.0.251, 239.255.255.250 } accept; ip6 daddr ff02::fb accept'),
      ],
      [
        'whom a rule before has sent away',
        before('ip saddr != 192.0.2.0/24 tcp dport 22 drop; tcp dport 22 ip saddr 0.0.0.0/0 accept'),
      ],
      [
        'what another table closes',
        `${before('tcp dport 5432 accept')}\ntable inet other { chain input { type filter hook input priority 10; tcp dport 5432 drop; }; }`,
      ],
      [
        'what a chain returns from',
        before('jump extra').replace('chain input', 'chain extra { return; tcp dport 9464 accept; }\n\tchain input'),
      ],
    ])('pass where they let through no more than %s', async (_name, rules) => {
      expect(await judge(rules)).toMatchObject({ passed: true });
    });

    it('are judged as packets find them', async () => {
      await host.runLines(`nft flush ruleset; nft -f '${put('rules.nft', ours)}'`);
      const ruleset = parseFirewall(await textsOf((line) => host.runLines(line)));
      const strangers = probes.filter(
        ({ by, to, from }) => by === 'outside' && to !== addresses.published && from === undefined,
      );
      expect(strangers.length).toBe(20);
      const open = strangers.filter(({ to, port }) =>
        mayPass(
          {
            ...{
              family: to === addresses.host6 ? 6 : 4,
              protocol: 'tcp',
              port,
              isRewritten: false,
              from: 'outside',
              to: null,
            },
            other: { end: 'source', address: 'anybody' },
          },
          'input',
          ruleset,
        ),
      );
      expect(open).toEqual(strangers.filter((probe) => openThrough('nftables', 'everybody').includes(probe)));
    });

    /** A server on this machine for which every box passed but the two of the firewall. */
    function reportOf(machine: string | null): string {
      const checks = boxes.map(({ name, title }) => ({
        ...{ name, title, passed: !['firewall', 'firewallRules'].includes(name), evidence: 'seen' },
      }));
      return JSON.stringify({ mode: 'production', machine, checks });
    }

    async function doctor(report: string): Promise<readonly [string, readonly string[]]> {
      const command = [process.execPath, ...fromSource(), 'src/cli/doctor.ts', '--read', '--production'].join(' ');
      const said = await host.runLines(`${command} < '${put('report.json', report)}' || echo "status $?"`);
      return [said.split('\n').at(-2) ?? '', said.split('\n').filter((line) => line.startsWith('NOT '))];
    }

    it('end a gate with 0 where all else has passed, and with 1 where they are not there', async () => {
      await host.runLines(`nft flush ruleset; nft -f '${put('rules.nft', ours)}'`);
      expect(await doctor(reportOf(machineId()))).toEqual(['26 of 26 boxes passed.', []]);
      const firewall = ['NOT     Firewall rules are in place', 'NOT     Firewall rules configured'];
      expect(await doctor(reportOf('another'))).toEqual(['status 1', firewall]);
      await host.runLines('nft flush ruleset');
      expect(await doctor(reportOf(machineId()))).toEqual(['status 1', firewall]);
    });

    describeWith('ufw', 'as ufw makes them', () => {
      it('pass, and do not once a port is allowed', async () => {
        const ufwHost = await FirewalledHost.make(temporary.dir);
        try {
          const judged = async (): Promise<ReturnType<typeof judgeFirewall>> =>
            judgeFirewall(parseFirewall(await textsOf((line) => ufwHost.onHost(line))));
          await ufwHost.load('ufw');
          const found = await judged();
          expect(found).toMatchObject({ passed: true });
          expect(found.evidence).toContain('out, to anybody: tcp 53 443 465 587, udp 53 123');
          await ufwHost.onHost('ufw allow 5432/tcp; ufw allow in on eth0 to any port 6379; ufw allow out 25/tcp');
          const { passed, evidence } = await judged();
          expect(passed).toBe(false);
          for (const fault of ['in, for anybody: tcp 5432 6379', 'out, to anybody: tcp 25'])
            expect(evidence).toContain(fault);
        } finally {
          await ufwHost.close();
        }
      });
    });
  });
});
