import type { ScopeEntry, ScopeReport } from '../operations/incidentScope';
import type { IdHolder } from '../storage/identity/accessRecords';

/** Who ids stand for, in words. */
export type Names = ReadonlyMap<string, string>;

const shownOfEach = 20;

/** Every id that may stand for somebody. */
export function idsIn({ actors, newAddresses, access, timeline }: ScopeReport): readonly string[] {
  const entries = [...(newAddresses ?? []), ...access, ...timeline];
  const ids = [...actors.map(({ actor }) => actor), ...entries.flatMap(({ actor, target }) => [actor, target ?? ''])];
  return [...new Set(ids)];
}

export function namesOf(holders: readonly IdHolder[]): Names {
  return new Map(holders.map(({ id, email, isApiKey }) => [id, isApiKey ? `API key of ${email}` : email]));
}

/** As people read it: sums first, then what gave access, then the timeline. An id that has a name is told with it. */
export function describeScope(report: ScopeReport, names: Names = new Map()): string {
  const { actors, actions, refusals, newAddresses, access, timeline, leftOut } = report;
  const named = (id: string): string => (names.has(id) ? `${id} (${names.get(id) ?? ''})` : id);
  const lineOf = (entry: ScopeEntry): string => entryLine(entry, named);
  return [
    `${report.entries} entries.`,
    ...section('Who', actors, ({ actor, entries, refused, ips, addresses, firstAt, lastAt }) => {
      const more = addresses > ips.length ? ` and ${addresses - ips.length} other addresses` : '';
      const from = ips.length === 0 ? 'no address' : `${ips.join(' ')}${more}`;
      return `${named(actor)}  ${entries} entries, ${refused} refused  ${instant(firstAt)} to ${instant(lastAt)}  from ${from}`;
    }),
    ...leftOutLine(leftOut.actors, 'others, none with more entries than these'),
    ...leftOutLine(leftOut.uncountedEntries, 'entries of actors or addresses beyond what can be counted'),
    ...(newAddresses === null
      ? ['', 'Addresses that nobody was known by before: too many to tell; narrow it with --user.']
      : section('Addresses that whoever acted was not known by before', newAddresses, lineOf)),
    ...leftOutLine(leftOut.newAddresses, 'later ones'),
    ...section('What gave or took access', access, lineOf),
    ...leftOutLine(leftOut.access, 'older ones'),
    ...section('What was done, how often', Object.entries(actions), ([name, times]) => `${times}  ${name}`),
    ...leftOutLine(leftOut.actions, 'entries under other names'),
    ...section('What was refused, how often', Object.entries(refusals), ([name, times]) => `${times}  ${name}`),
    ...leftOutLine(leftOut.refusals, 'entries under other names'),
    '',
    'Timeline',
    ...timeline.map((entry) => `  ${lineOf(entry)}`),
    ...describeNextPage(report),
    '',
  ].join('\n');
}

/** The timeline alone, to be put into a post-mortem (docs/incidents/POSTMORTEM.md): that goes from hand to hand, so ids have no names there. */
export function timelineTable(report: ScopeReport): string {
  return [
    '| time (UTC) | entry | who | what | of what | outcome | from |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...report.timeline.map(({ seq, at, actor, action, target, outcome, ip, verified }) => {
      const cells = [instant(at), `${seq}${verified ? '' : ' (not verified)'}`, actor, action, target, outcome, ip];
      return `| ${cells.map((cell) => (cell ?? '–').replaceAll('|', '\\|')).join(' | ')} |`;
    }),
    ...describeNextPage(report),
    '',
  ].join('\n');
}

function describeNextPage({ hasNextPage, timeline }: ScopeReport): readonly string[] {
  return hasNextPage ? ['', `There is more: --after ${timeline.at(-1)?.seq ?? 0}`] : [];
}

function section<Item>(title: string, items: readonly Item[], describe: (item: Item) => string): readonly string[] {
  if (items.length === 0) return ['', `${title}: none`];
  const hidden = items.length - shownOfEach;
  return [
    '',
    title,
    ...items.slice(0, shownOfEach).map((item) => `  ${describe(item)}`),
    ...(hidden > 0 ? [`  … and ${hidden} more: --json tells them`] : []),
  ];
}

/** What no form of the report names. */
function leftOutLine(number: number, what: string): readonly string[] {
  return number === 0 ? [] : [`  left out: ${number} ${what}; narrow it with --since, --until, --user or --ip`];
}

function entryLine(
  { seq, at, actor, action, target, outcome, ip, verified }: ScopeEntry,
  named: (id: string) => string,
): string {
  const mark = verified ? '' : '  NOT VERIFIED';
  const whom = target === null ? '–' : named(target);
  return `${instant(at)}  #${seq}  ${named(actor)}  ${action}  ${whom}  ${outcome}  ${ip ?? '–'}${mark}`;
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
