import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A row of SECURITY.md's tables. */
export interface SecurityRow {
  /** The first column: lines of the two guides, or a threat. */
  readonly subject: string;
  /** "A26", "B34": none where the subject is a threat. */
  readonly lines: readonly string[];
  readonly control: string;
  /** Files and folders of the project. */
  readonly places: readonly string[];
  readonly commands: readonly string[];
}

/** Every row that ends with a column "proven by". */
export function readSecurityTable(projectDir: string): readonly SecurityRow[] {
  const rows: SecurityRow[] = [];
  let columns: readonly string[] = [];
  for (const line of readFileSync(path.join(projectDir, 'SECURITY.md'), 'utf8').split('\n')) {
    const cells = cellsOf(line);
    if (cells.length === 0) columns = [];
    else if (columns.length === 0) columns = cells;
    else if (columns.at(-1) === 'proven by' && !/^-+$/.test(cells[0] ?? '')) rows.push(rowOf(columns, cells));
  }
  return rows;
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith('|')) return [];
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function rowOf(columns: readonly string[], cells: readonly string[]): SecurityRow {
  const [subject = ''] = cells;
  const cell = (column: string): string => cells[columns.indexOf(column)] ?? '';
  return {
    subject,
    lines: columns[0] === 'lines' ? subject.split(', ').flatMap(linesOf) : [],
    control: cell('control'),
    places: quoted(cell('where')),
    commands: quoted(cell('proven by')),
  };
}

/** "B7–10" is four lines. */
export function linesOf(named: string): readonly string[] {
  const [, letter = '', from = '', to = from] = /^([AB])(\d+)(?:–(\d+))?$/.exec(named) ?? [];
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`);
}

function quoted(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, found]) => found ?? '');
}
