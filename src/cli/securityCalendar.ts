import { findProjectDir } from '../config/processConfig';
import { calendarFile, dayOf, readCalendar, type JudgedEntry } from '../operations/securityCalendar';
import { UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';

/** The longest state, and a gap. */
const stateWidth = 16;

const usage = `Tells what only people can do, when it was last done, and what is due: the records of ${calendarFile}. Changes nothing.

  npm run sec:calendar

  --today DAY   as if it were another day (YYYY-MM-DD), to see what will be due
  --dir DIR     the folder of another checkout
  --json        the same for programs
  --help        this text

What was done is written down there, with its day and the file of its report.

Exit status: 0 everything is done in time, 1 something is overdue, was never done, or lacks its report, 64 the command line is wrong,
65 the file is not as it has to be, and the sentence says where.
`;

const known = {
  today: { type: 'string' },
  dir: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

function run(options: OptionsOf<typeof known>): void {
  const entries = readCalendar(options.dir ?? findProjectDir(), readDay(options.today));
  const open = entries.filter(({ state }) => state !== 'done');
  process.stdout.write(options.json ? describeAsJson(entries) : describe(entries, open.length));
  if (open.length > 0) process.exitCode = 1;
}

function describe(entries: readonly JudgedEntry[], open: number): string {
  const blocks = entries.map(({ entry: { title, every, owner, planned }, state, sentence }) => {
    const plan = planned === undefined ? '' : ` Planned for ${planned}.`;
    return `${state.padEnd(stateWidth)}${title} (every ${every}, ${owner})\n${' '.repeat(stateWidth)}${sentence}${plan}\n`;
  });
  return `${blocks.join('')}\n${entries.length} records, ${open} of them open.\n`;
}

function describeAsJson(entries: readonly JudgedEntry[]): string {
  const told = entries.map(({ entry: { id, title, lines, owner, every, planned, done }, state, dueOn, sentence }) => ({
    id,
    title,
    lines,
    owner,
    every,
    planned: planned ?? null,
    done: done === 'never' ? null : done,
    state,
    dueOn,
    sentence,
  }));
  return `${JSON.stringify(told, null, 2)}\n`;
}

function readDay(text: string = dayOf(new Date())): string {
  const moment = new Date(`${text}T00:00:00Z`);
  // A day that is not in the calendar becomes another one: 30 February, 2 March.
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(moment.getTime()) || dayOf(moment) !== text)
    throw new UsageError(`"${text}" is no day: --today 2027-01-31.`, usage);
  return text;
}

runCommand({ usage, options: known }, run);
