import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { linesOf, readSecurityTable } from '../../scripts/controls/securityTable';
import { findProjectDir } from '../../src/config/processConfig';

const projectDir = findProjectDir();
const rows = readSecurityTable(projectDir).filter(({ lines }) => lines.length > 0);

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
  const missing = rows.flatMap(({ places }) => places).filter((place) => !isThere(place));
  expect(missing).toEqual([]);
});

/** A star stands for the rest of a name. */
function isThere(place: string): boolean {
  if (!place.includes('*')) return existsSync(path.join(projectDir, place));
  const [folder, name] = [path.dirname(place), path.basename(place)];
  const pattern = new RegExp(`^${name.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$`);
  return readdirSync(path.join(projectDir, folder)).some((file) => pattern.test(file));
}

it('proves each control by a command, and says so where there is none', () => {
  const wrong = rows.filter(({ control, commands }) => commands.length === 0 && !control.includes('**not built**'));
  expect(wrong.map(({ subject }) => subject)).toEqual([]);
});
