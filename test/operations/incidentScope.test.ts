import { describeScope } from '../../src/cli/scopeReport';
import { IncidentScope, type ScopeFilter } from '../../src/operations/incidentScope';
import type { LinkedRecord } from '../../src/storage/audit/auditRecords';

const noon = Date.UTC(2026, 0, 31, 12);
const [ada, eve] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000e'];
const everything: ScopeFilter = { since: noon, until: null, userId: null, ip: null };

type Entry = Partial<NonNullable<LinkedRecord['record']>> & { readonly minute: number };

/** A log of these entries, the first of which stands at place 1. */
function linksOf(entries: readonly Entry[]): readonly LinkedRecord[] {
  return entries.map(({ minute, ...rest }, index) => ({
    seq: index + 1,
    hash: '',
    prevHash: '',
    record: {
      atUs: String((noon + minute * 60_000) * 1000),
      actor: ada,
      action: 'order.create',
      target: null,
      outcome: 'stored',
      ip: '192.0.2.1',
      userAgent: null,
      before: null,
      after: null,
      ...rest,
    },
  }));
}

function look(entries: readonly Entry[], filter: Partial<ScopeFilter> = {}, page = { after: 0, first: 100 }) {
  const scope = new IncidentScope({ ...everything, ...filter }, page);
  for (const link of linksOf(entries)) scope.note(link, true);
  return scope.report();
}

const seqs = (entries: readonly { readonly seq: number }[] | null) => entries?.map(({ seq }) => seq);

it('tells who did what from where, of the time that is asked for', () => {
  const report = look(
    [
      { minute: -1 },
      { minute: 0 },
      { minute: 1, outcome: 'refused: FORBIDDEN', ip: '198.51.100.7' },
      { minute: 2, actor: eve, action: 'login', outcome: 'challenged', ip: null },
      { minute: 3 },
    ],
    { until: noon + 3 * 60_000 },
  );
  expect(report).toMatchObject({
    entries: 3,
    actors: [
      { actor: ada, entries: 2, refused: 1, ips: ['192.0.2.1', '198.51.100.7'], firstAt: noon, lastAt: noon + 60_000 },
      { actor: eve, entries: 1, refused: 0, ips: [] },
    ],
    actions: { login: 1, 'order.create': 2 },
    refusals: { 'order.create FORBIDDEN': 1 },
  });
  expect(seqs(report.timeline)).toEqual([2, 3, 4]);
});

it('tells an address as new once, where whoever acts was not known by it before', () => {
  const report = look([
    { minute: -9, ip: '192.0.2.1' },
    { minute: -8, actor: eve, ip: '192.0.2.2' },
    { minute: 1, ip: '192.0.2.1' },
    { minute: 2, ip: '192.0.2.2' },
    { minute: 3, ip: '192.0.2.2' },
    { minute: 4, actor: eve, ip: '192.0.2.2' },
    { minute: 5, actor: 'anonymous', ip: '192.0.2.9' },
  ]);
  expect(seqs(report.newAddresses)).toEqual([4]);
});

it('tells of a user what they did, by their keys too, and what was done to what is theirs', () => {
  const [key, account, session] = ['key-1', 'account-1', 'session-1'];
  const report = look(
    [
      { minute: -30, action: 'apiKey.create', target: key },
      { minute: -20, action: 'account.create', target: account },
      { minute: 1, actor: key },
      { minute: 2, actor: 'operator:root', action: 'user.roles', target: ada },
      { minute: 3, actor: 'keys', action: 'account.halt', target: account },
      { minute: 4, actor: eve },
      { minute: 5, actor: eve, action: 'apiKey.create', target: 'key-of-eve' },
      { minute: 6, actor: 'key-of-eve' },
      { minute: 7, action: 'session.begin', target: session },
      { minute: 8, actor: 'operator:root', action: 'session.end', target: session },
    ],
    { userId: ada },
  );
  expect(seqs(report.timeline)).toEqual([3, 4, 5, 9, 10]);
  expect(seqs(report.access)).toEqual([4]);
});

it('tells of one address alone where one is asked for', () => {
  const report = look([{ minute: 1 }, { minute: 2, ip: '192.0.2.2' }, { minute: 3, ip: null }], { ip: '192.0.2.2' });
  expect([report.entries, seqs(report.timeline)]).toEqual([1, [2]]);
});

it('gives the timeline in pages that follow each other, and sums of all of it on each', () => {
  const entries = Array.from({ length: 7 }, (_, minute) => ({ minute }));
  const pages = [0, 3, 6].map((after) => look(entries, {}, { after, first: 3 }));
  expect(pages.map(({ timeline }) => seqs(timeline))).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  expect(pages.map(({ hasNextPage }) => hasNextPage)).toEqual([true, true, false]);
  expect(pages.map(({ entries: count }) => count)).toEqual([7, 7, 7]);
});

it('keeps no more than it says, however much there is', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => ({
    minute: 1,
    actor: `actor-${index}`,
    action: 'apiKey.create',
    ip: `2001:db8::${index.toString(16)}`,
    outcome: `refused: CODE_${index}`,
  }));
  const report = look(many);
  expect([report.entries, report.actors.length, report.access.length, report.newAddresses?.length]).toEqual([
    3_000, 200, 1_000, 1_000,
  ]);
  expect(Object.keys(report.refusals)).toHaveLength(500);
  expect(report.leftOut).toEqual({
    actors: 2_800,
    uncountedEntries: 0,
    newAddresses: 2_000,
    access: 2_000,
    actions: 0,
    refusals: 2_500,
  });
  // The newest of what gave access.
  expect(report.access.at(-1)?.seq).toBe(3_000);
});

it('names whoever did the most, and the addresses of most entries, however late they come, and how many others there are', () => {
  const report = look([
    ...Array.from({ length: 300 }, (_, index) => ({ minute: 1, actor: `actor-${index}`, ip: null })),
    ...Array.from({ length: 1_000 }, (_, index) => ({ minute: 2, actor: 'anonymous', ip: `2001:db8::${index}` })),
    ...Array.from({ length: 5 }, () => ({ minute: 3, actor: 'anonymous', ip: '198.51.100.7' })),
    ...Array.from({ length: 5_000 }, () => ({ minute: 4, actor: eve, ip: '192.0.2.66' })),
  ]);
  const [first, second, ...others] = report.actors;
  expect(first).toMatchObject({ actor: eve, entries: 5_000, ips: ['192.0.2.66'], addresses: 1 });
  expect(second).toMatchObject({ actor: 'anonymous', entries: 1_005, addresses: 1_001 });
  expect([second?.ips[0], second?.ips.length, others.length]).toEqual(['198.51.100.7', 20, 198]);
  expect(report.leftOut.actors).toBe(102);
  const text = describeScope(report);
  expect(text).toMatch(/anonymous {2}1005 entries.* and 981 other addresses\n/);
  expect(text).toContain('left out: 102 others, none with more entries than these');
});

it('says of how much nobody can tell whose it is, where there were more than can be counted', () => {
  const scope = new IncidentScope(everything, { after: 0, first: 0 });
  const entries = Array.from({ length: 100_003 }, (_, index) => ({ minute: 1, actor: `actor-${index}`, ip: null }));
  for (const link of linksOf(entries)) scope.note(link, true);
  const report = scope.report();
  expect([report.entries, report.leftOut.actors, report.leftOut.uncountedEntries]).toEqual([100_003, 99_800, 3]);
  expect(describeScope(report)).toContain('left out: 3 entries of actors or addresses beyond what can be counted');
});

it('counts 500,000 addresses, and tells of those behind them how many entries they are of, and none as new', () => {
  const scope = new IncidentScope(everything, { after: 0, first: 0 });
  const [link] = linksOf([{ minute: 1, actor: 'bot' }]);
  const note = (ip: string): void => {
    scope.note({ ...link!, record: { ...link!.record!, ip } }, true);
  };
  for (let index = 0; index < 500_000; index += 1) note(`2001:db8::${index}`);
  for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.2']) note(ip);
  // One that is counted already goes on to be.
  note('2001:db8::0');
  const report = scope.report();
  expect(report).toMatchObject({ entries: 500_004, newAddresses: null, leftOut: { uncountedEntries: 3 } });
  expect(report.actors).toMatchObject([{ entries: 500_004, addresses: 500_000, ips: { 0: '2001:db8::0' } }]);
  const text = describeScope(report);
  expect(text).toContain('left out: 3 entries of actors or addresses beyond what can be counted');
  expect(text).toContain('too many to tell; narrow it with --user');
});

it('marks what stands behind a place that is wrong', () => {
  const scope = new IncidentScope(everything, { after: 0, first: 10 });
  for (const [index, link] of linksOf([{ minute: 1 }, { minute: 2 }]).entries()) scope.note(link, index === 0);
  scope.note({ seq: 3, hash: '', prevHash: '', record: null }, false);
  expect(scope.report().timeline.map(({ verified }) => verified)).toEqual([true, false]);
});
