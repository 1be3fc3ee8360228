import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';

const projectDir = findProjectDir();
const text = readFileSync(path.join(projectDir, 'SECURITY.md'), 'utf8');

interface Row {
  readonly lines: readonly string[];
  readonly control: string;
  readonly where: string;
  readonly provenBy: string;
}

/** Every row of the tables whose first column names lines of the two guides. */
const rows: readonly Row[] = text.split('\n').flatMap((line) => {
  const cells = /^\| *([^|]+?) *\| *([^|]+?) *\| *([^|]+?) *\| *([^|]+?) *\|$/.exec(line);
  if (cells === null || !/^[AB]\d/.test(cells[1] ?? '')) return [];
  const [, named = '', does = '', places = '', commands = ''] = cells;
  return [{ lines: named.split(', ').flatMap(linesOf), control: does, where: places, provenBy: commands }];
});

/** "B7–10" is four lines. */
function linesOf(named: string): string[] {
  const [, letter = '', from = '', to = from] = /^([AB])(\d+)(?:–(\d+))?$/.exec(named) ?? [];
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`);
}

function quoted(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, found]) => found ?? '');
}

/** Lines of the guides that ask for something; the others are titles and sentences between. */
const asking: Readonly<Record<'A' | 'B', readonly (readonly [number, number])[]>> = {
  A: [
    [7, 7],
    [9, 11],
    [15, 20],
    [26, 30],
    [36, 39],
    [45, 49],
    [53, 53],
    [55, 59],
    [65, 68],
    [74, 77],
    [83, 86],
    [92, 94],
    [100, 109],
  ],
  B: [
    [7, 10],
    [12, 15],
    [19, 22],
    [27, 30],
    [33, 36],
    [41, 44],
    [47, 50],
    [55, 58],
    [61, 65],
    [70, 77],
    [80, 86],
    [91, 94],
    [97, 100],
    [105, 109],
    [112, 116],
  ],
};

it('has a row for every line of both guides that asks for something', () => {
  const named = new Set(rows.flatMap(({ lines }) => lines));
  const missing = (['A', 'B'] as const).flatMap((letter) =>
    asking[letter].flatMap(([from, to]) => linesOf(`${letter}${from}–${to}`).filter((line) => !named.has(line))),
  );
  expect(missing).toEqual([]);
});

it('names places that are there', () => {
  const missing = rows.flatMap(({ where }) => quoted(where)).filter((place) => !isThere(place));
  expect(missing).toEqual([]);
});

/** A star stands for the rest of a name. */
function isThere(place: string): boolean {
  if (!place.includes('*')) return existsSync(path.join(projectDir, place));
  const [folder, name] = [path.dirname(place), path.basename(place)];
  const pattern = new RegExp(`^${name.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$`);
  return readdirSync(path.join(projectDir, folder)).some((file) => pattern.test(file));
}

it('proves each control by a command that is there, and says so where there is none', () => {
  const wrong = rows.flatMap(({ lines, control, provenBy }) => {
    const commands = quoted(provenBy);
    if (commands.length === 0) return control.includes('**not built**') ? [] : [`${lines.join()}: no command`];
    return commands.filter((command) => !isCommand(command));
  });
  expect(wrong).toEqual([]);
});

const { scripts } = JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const tests = readdirSync(path.join(projectDir, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => `test/${file}`);

/** Each path given to jest begins the name of a test. */
function isCommand(command: string): boolean {
  const [program = '', verb = '', ...rest] = command.split(' ');
  if (program === 'npm' && verb === 'run') return rest[0] !== undefined && rest[0] in scripts;
  if (program !== 'npx' || verb !== 'jest') return false;
  return rest.flatMap(alternatives).every((place) => tests.some((test) => test.startsWith(place)));
}

/** "test/{a,b}*" is two paths. */
function alternatives(place: string): readonly string[] {
  const [, before = '', words = '', after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(place) ?? [];
  const places = words === '' ? [place] : words.split(',').map((word) => `${before}${word}${after}`);
  return places.map((one) => one.replace(/\*$/, ''));
}
