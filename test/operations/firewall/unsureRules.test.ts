import { judgeFirewall } from '../../../src/operations/firewall/judgeFirewall';
import { FirewallUnseen, parseFirewall } from '../../../src/operations/firewall/readFirewall';

const hooks = ['input', 'forward', 'output'] as const;
const drop = { drop: null };

/** What nft prints of a table that lets nothing through but what the rules of its chain "input" do. */
function nftOf(
  rules: readonly (readonly object[])[],
  { flags, policy = 'accept' }: { readonly flags?: unknown; readonly policy?: string } = {},
): string {
  const place = { family: 'inet', table: 'f' };
  return JSON.stringify({
    nftables: [
      { table: { family: 'inet', name: 'f', ...(flags === undefined ? {} : { flags }) } },
      ...hooks.map((hook) => ({
        chain: { ...place, name: hook, type: 'filter', hook, policy: hook === 'input' ? policy : 'drop' },
      })),
      ...rules.map((expr) => ({ rule: { ...place, chain: 'input', expr } })),
    ],
  });
}

function isPassed(nft: string): boolean {
  return judgeFirewall(parseFirewall({ nft, iptables: '', ip6tables: '' })).passed;
}

describe('nft', () => {
  it('keeps out what a rule drops, whatever comes', () => {
    expect(isPassed(nftOf([[drop]]))).toBe(true);
    expect(isPassed(nftOf([], { policy: 'drop' }))).toBe(true);
  });

  it.each([
    ['a quota', { quota: { val: 100, val_unit: 'mbytes', inv: true } }],
    ['a quota that has a name', { quota: 'much' }],
  ])('keeps nothing out for sure by what %s drops: until then it passes', (_, asked) => {
    expect(isPassed(nftOf([[asked, drop]]))).toBe(false);
  });

  it('keeps nothing out by a table that is switched off, as 1.0 prints that too', () => {
    for (const flags of ['dormant', ['dormant'], ['dormant', 'owner'], 'q'])
      expect(isPassed(nftOf([], { flags, policy: 'drop' }))).toBe(false);
    for (const flags of ['owner', ['owner', 'persist']])
      expect(isPassed(nftOf([], { flags, policy: 'drop' }))).toBe(true);
  });

  it('lets whoever is not tracked through a rule for them: who that is, other rules say', () => {
    const untracked = { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'untracked' } };
    expect(isPassed(nftOf([[untracked, { accept: null }]], { policy: 'drop' }))).toBe(false);
  });
});

describe('iptables', () => {
  const saved = (rule: string): string =>
    `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n-A INPUT ${rule}\nCOMMIT\n`;

  function isKeptOut(rule: string): boolean {
    const [iptables, ip6tables] = [saved(rule), saved('-j DROP')];
    return judgeFirewall(parseFirewall({ nft: '{"nftables":[]}', iptables, ip6tables })).passed;
  }

  it('keeps out what a rule drops, whatever comes', () => {
    expect(isKeptOut('-j DROP')).toBe(true);
    expect(isKeptOut('-m comment --comment "closed to all" -j DROP')).toBe(true);
    expect(isKeptOut('-m conntrack --ctstate NEW -j DROP')).toBe(true);
  });

  it.each(['-m socket', '-m eui64', '-m frag', '-m rpfilter'])(
    'keeps nothing out by "%s", which asks something',
    (asked) => {
      expect(isKeptOut(`${asked} -j DROP`)).toBe(false);
    },
  );
});

it.each(['', 'not JSON', '{"nftables":[{"rule":{"family":"inet"}}]}'])(
  'is not judged by what no nft prints: %s',
  (nft) => {
    expect(() => parseFirewall({ nft, iptables: '', ip6tables: '' })).toThrow(FirewallUnseen);
  },
);
