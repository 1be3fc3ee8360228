import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CalendarError } from './calendarError';

/** Where the project keeps what only people can do, from its own folder. */
export const calendarFile = 'security/calendar.yml';

const oneLine = z.string().trim().min(3).max(300);

const done = z.strictObject({
  on: z.iso.date(),
  /** What was found, in a file of the project. */
  report: z.string().regex(/^security\/reports\/[\w.-]+\.(md|pdf)$/, 'has to be a .md or .pdf in security/reports'),
});

const entry = z.strictObject({
  id: z.string().regex(/^[a-z]+(-[a-z]+)*$/, 'has to be small words with hyphens between them'),
  title: oneLine,
  /** Lines of the checklists that it answers. */
  lines: z.array(z.string().regex(/^[AB]\d{1,3}$/)).min(1),
  /** The role that sees to it: names of people change more often than this file. */
  owner: oneLine,
  every: z.string().regex(/^[1-9]\d? (week|month|year)s?$/, 'has to be like "3 months"'),
  how: oneLine,
  /** A day that it was agreed for. It makes nothing done. */
  planned: z.iso.date().optional(),
  done: z.union([z.literal('never'), done], 'has to be never, or on and report'),
});

const calendar = z.strictObject({
  entries: z
    .array(entry)
    .min(1)
    .superRefine((entries, context) => {
      const ids = entries.map(({ id }) => id);
      for (const id of ids.filter((id, place) => ids.indexOf(id) !== place))
        context.addIssue({ code: 'custom', message: `${id} is there twice` });
    }),
});

export type CalendarEntry = z.infer<typeof entry>;

export type CalendarState = 'done' | 'never' | 'overdue' | 'report missing' | 'in the future';

/** One entry on one day: whether it holds, until when, and what to do where it does not. */
export interface JudgedEntry {
  readonly entry: CalendarEntry;
  readonly state: CalendarState;
  /** The last day on which what was done is enough; null where nothing was. */
  readonly dueOn: string | null;
  readonly sentence: string;
}

/** Throws CalendarError, with everything that is wrong. */
export function parseCalendar(text: string): readonly CalendarEntry[] {
  let value: unknown;
  try {
    value = parse(text, { strict: true, uniqueKeys: true });
  } catch (cause) {
    throw new CalendarError(`${calendarFile} is no YAML: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  const read = calendar.safeParse(value);
  if (read.success) return read.data.entries;
  const faults = read.error.issues.map((issue) => `${issue.path.join('.') || 'the file'} ${issue.message}`);
  throw new CalendarError(`${calendarFile} is wrong: ${faults.join('; ')}.`);
}

/** today: as YYYY-MM-DD. hasReport: whether a report's file is there and holds something. */
export function judgeCalendar(
  entries: readonly CalendarEntry[],
  { today, hasReport }: { readonly today: string; readonly hasReport: (file: string) => boolean },
): readonly JudgedEntry[] {
  return entries.map((entry) => {
    const { done } = entry;
    if (done === 'never') return { entry, state: 'never', dueOn: null, sentence: `Never done. To do: ${entry.how}.` };
    const dueOn = addInterval(done.on, entry.every);
    if (done.on > today)
      return {
        entry,
        state: 'in the future',
        dueOn,
        sentence: `Written down as done on ${done.on}, which has not come yet.`,
      };
    if (!hasReport(done.report))
      return {
        entry,
        state: 'report missing',
        dueOn,
        sentence: `Done on ${done.on}, but its report ${done.report} is missing or empty.`,
      };
    if (dueOn < today)
      return {
        entry,
        state: 'overdue',
        dueOn,
        sentence: `Last done on ${done.on}, due since ${dueOn}. To do: ${entry.how}.`,
      };
    return {
      entry,
      state: 'done',
      dueOn,
      sentence: `Done on ${done.on}: ${done.report}. It holds until the end of ${dueOn}.`,
    };
  });
}

/** Reads and judges the calendar of a checkout. Throws CalendarError. */
export function readCalendar(projectDir: string, today: string): readonly JudgedEntry[] {
  let text: string;
  try {
    text = readFileSync(path.join(projectDir, calendarFile), 'utf8');
  } catch (cause) {
    throw new CalendarError(`${calendarFile} cannot be read: nobody knows what was done.`, { cause });
  }
  return judgeCalendar(parseCalendar(text), { today, hasReport: (file) => hasContent(path.join(projectDir, file)) });
}

/** Which day it is, everywhere the same: UTC. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

/** A month later is the same day of the next month, or its last: 31 January, then 28 February. */
function addInterval(day: string, every: string): string {
  const [, amount = '', unit = ''] = /^(\d+) (\w+?)s?$/.exec(every) ?? [];
  const moment = new Date(`${day}T00:00:00Z`);
  if (unit === 'week') {
    moment.setUTCDate(moment.getUTCDate() + Number(amount) * 7);
    return dayOf(moment);
  }
  const wanted = moment.getUTCDate();
  moment.setUTCDate(1);
  moment.setUTCMonth(moment.getUTCMonth() + Number(amount) * (unit === 'year' ? 12 : 1));
  const last = new Date(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth() + 1, 0)).getUTCDate();
  moment.setUTCDate(Math.min(wanted, last));
  return dayOf(moment);
}

function hasContent(file: string): boolean {
  try {
    const found = statSync(file);
    return found.isFile() && found.size > 0;
  } catch {
    return false;
  }
}
