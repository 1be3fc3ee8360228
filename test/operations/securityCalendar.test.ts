import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CalendarError } from '../../src/operations/calendarError';
import { findProjectDir } from '../../src/config/processConfig';
import {
  calendarFile,
  judgeCalendar,
  parseCalendar,
  readCalendar,
  type CalendarEntry,
} from '../../src/operations/securityCalendar';
import { Command } from '../kit/command';
import { makeTemporaryDir } from '../kit/temporaryDir';

const report = 'security/reports/2027-01-31-review.md';

/** A calendar of one entry, with other values where they are given. */
function yaml(changes: Readonly<Record<string, unknown>> = {}): string {
  const entry = {
    id: 'review',
    title: 'A review',
    lines: ['A68'],
    owner: 'security officer',
    every: '1 month',
    how: 'look at it',
    done: { on: '2027-01-31', report },
    ...changes,
  };
  return JSON.stringify({ entries: [entry] });
}

function judge(changes: Readonly<Record<string, unknown>>, today: string, hasReport = true) {
  const [judged] = judgeCalendar(parseCalendar(yaml(changes)), { today, hasReport: () => hasReport });
  return judged!;
}

describe('one record', () => {
  it.each([
    ['1 week', '2027-01-31', '2027-02-07'],
    ['1 month', '2027-01-31', '2027-02-28'],
    ['1 month', '2028-01-31', '2028-02-29'],
    ['3 months', '2027-11-30', '2028-02-29'],
    ['6 months', '2027-03-31', '2027-09-30'],
    ['1 year', '2028-02-29', '2029-02-28'],
    ['12 weeks', '2027-01-01', '2027-03-26'],
  ])('that is done every %s, on %s, holds until the end of %s', (every, on, due) => {
    const changes = { every, done: { on, report } };
    const dayAfter = new Date(Date.parse(due) + 86_400_000).toISOString().slice(0, 10);
    expect(judge(changes, due)).toMatchObject({ state: 'done', dueOn: due });
    expect(judge(changes, dayAfter)).toMatchObject({ state: 'overdue', dueOn: due });
  });

  it('that was never done is open, and says what to do', () => {
    const judged = judge({ done: 'never' }, '2027-01-01');
    expect(judged).toMatchObject({ state: 'never', dueOn: null });
    expect(judged.sentence).toContain('look at it');
  });

  it('is not done where its report is missing', () => {
    expect(judge({}, '2027-02-01', false)).toMatchObject({ state: 'report missing' });
  });

  it('is not done tomorrow', () => {
    expect(judge({}, '2027-01-30')).toMatchObject({ state: 'in the future' });
  });

  it('is not done by having been planned', () => {
    expect(judge({ planned: '2027-06-01', done: 'never' }, '2027-02-01')).toMatchObject({ state: 'never' });
  });
});

describe('the file', () => {
  it.each<[string, string]>([
    ['no YAML', 'entries: ['],
    ['nothing', ''],
    ['no entries', 'entries: []'],
    ['a key twice', 'entries: []\nentries: []'],
    ['an unknown key', yaml({ reviewer: 'somebody' })],
    ['a key that is missing', yaml({ owner: undefined })],
    ['an empty owner', yaml({ owner: ' ' })],
    ['an interval of nothing', yaml({ every: '0 months' })],
    ['an interval of days', yaml({ every: '90 days' })],
    ['an interval of words', yaml({ every: 'quarterly' })],
    ['a day that does not exist', yaml({ done: { on: '2027-02-30', report } })],
    ['a day as people write it', yaml({ done: { on: '31.1.2027', report } })],
    ['done without a report', yaml({ done: { on: '2027-01-31' } })],
    ['done, by word of mouth', yaml({ done: true })],
    ['a report elsewhere', yaml({ done: { on: '2027-01-31', report: '/etc/passwd' } })],
    ['a report outside', yaml({ done: { on: '2027-01-31', report: 'security/reports/../calendar.md' } })],
    ['a line of no checklist', yaml({ lines: ['C1'] })],
    [
      'an entry twice',
      JSON.stringify({ entries: [1, 2].map(() => (JSON.parse(yaml()) as { entries: object[] }).entries[0]) }),
    ],
  ])('is refused with %s', (_, text) => {
    expect(() => parseCalendar(text)).toThrow(CalendarError);
    expect(() => parseCalendar(text)).toThrow(calendarFile);
  });

  it('of this project has an owner, an interval and lines for everything, and claims nothing that has no report', () => {
    const entries: readonly CalendarEntry[] = parseCalendar(
      readFileSync(path.join(findProjectDir(), calendarFile), 'utf8'),
    );
    const lines = entries.flatMap((entry) => entry.lines);
    // What the checklists leave to people.
    for (const line of [
      'A68',
      'A86',
      'A92',
      'A93',
      'A94',
      'B22',
      'B47',
      'B48',
      'B49',
      'B50',
      'B81',
      'B82',
      'B84',
      'B85',
      'B86',
      'B93',
    ])
      expect(lines).toContain(line);
    const states = readCalendar(findProjectDir(), '2026-11-23').map(({ state }) => state);
    expect(states.filter((state) => state === 'report missing' || state === 'in the future')).toEqual([]);
  });
});

describe('npm run sec:calendar', () => {
  const temporary = makeTemporaryDir();

  afterAll(() => {
    temporary.remove();
  });

  /** The folder of a checkout with a calendar of its own. */
  function checkout(name: string, text: string): string {
    const dir = path.join(temporary.dir, name);
    mkdirSync(path.join(dir, 'security/reports'), { recursive: true });
    writeFileSync(path.join(dir, calendarFile), text);
    return dir;
  }

  async function run(...args: readonly string[]) {
    const command = new Command('securityCalendar', args, {});
    await command.ended;
    return command;
  }

  it('lists every record and fails where one is open', async () => {
    const { status, stdout } = await run('--today', '2026-11-23');
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^never +Penetration test \(every 1 year, security officer\)\n +Never done\. To do: have it done/m,
    );
    expect(stdout).toMatch(/\d+ records, \d+ of them open\.\n$/);
  });

  it('is content where everything was done in time and has its report, until the report is empty', async () => {
    const dir = checkout('done', yaml());
    writeFileSync(path.join(dir, report), 'found nothing');
    const asked = ['--dir', dir, '--today', '2027-02-28'];
    const content = await run(...asked);
    expect(content.status).toBe(0);
    expect(content.stdout).toContain('1 records, 0 of them open');
    writeFileSync(path.join(dir, report), '');
    const empty = await run(...asked);
    expect(empty.status).toBe(1);
    expect(empty.stdout).toMatch(/^report missing/);
  });

  it('says what is wrong with the file, and where it is missing', async () => {
    const wrong = await run('--dir', checkout('wrong', yaml({ every: 'quarterly' })));
    expect([wrong.status, wrong.stderr]).toEqual([
      65,
      expect.stringContaining('entries.0.every has to be like "3 months"'),
    ]);
    const missing = await run('--dir', temporary.dir);
    expect(missing.status).toBe(65);
    expect(missing.stderr).toContain('cannot be read');
  });

  it('tells the same to programs', async () => {
    const { status, stdout } = await run('--json', '--today', '2026-11-23');
    const told = JSON.parse(stdout) as { id: string; state: string; dueOn: string | null }[];
    expect(status).toBe(1);
    expect(told.find(({ id }) => id === 'access-review')).toMatchObject({
      owner: 'security officer',
      every: '3 months',
      lines: ['B91', 'B92', 'B93'],
    });
  });

  it.each(['2027-02-30', 'tomorrow', '2027-1-1', '27-01-01'])('knows no day %s', async (day) => {
    const { status, stderr } = await run('--today', day);
    expect([status, stderr.split('\n')[0]]).toEqual([64, `"${day}" is no day: --today 2027-01-31.`]);
  });
});
