import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SecurityRow } from './securityTable';

/** A command of the column "proven by": tests of this project, or a script of package.json. */
export type ProvingCommand =
  | { readonly text: string; readonly kind: 'tests'; readonly files: readonly string[] }
  | { readonly text: string; readonly kind: 'script'; readonly script: string; readonly args: readonly string[] };

export type ProvingScript = Extract<ProvingCommand, { kind: 'script' }>;
export type ProvingTests = Extract<ProvingCommand, { kind: 'tests' }>;

/** Each command of the table once, in the order of the table. Throws a sentence for one that nobody could run. */
export function provingCommands(rows: readonly SecurityRow[], projectDir: string): readonly ProvingCommand[] {
  const [tests, scripts] = [testsOf(projectDir), scriptsOf(projectDir)];
  return [...new Set(rows.flatMap(({ commands }) => commands))].map((text) => readCommand(text, { tests, scripts }));
}

function testsOf(projectDir: string): readonly string[] {
  return readdirSync(path.join(projectDir, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file}`)
    .sort();
}

function scriptsOf(projectDir: string): readonly string[] {
  const manifest = readFileSync(path.join(projectDir, 'package.json'), 'utf8');
  return Object.keys((JSON.parse(manifest) as { readonly scripts: object }).scripts);
}

function readCommand(
  text: string,
  { tests, scripts }: { readonly tests: readonly string[]; readonly scripts: readonly string[] },
): ProvingCommand {
  const [program = '', verb = '', ...rest] = text.split(' ');
  if (program === 'npm' && verb === 'run' && rest[0] !== undefined) {
    const [script, ...args] = rest;
    if (!scripts.includes(script)) throw new Error(`"${text}": package.json has no script ${script}.`);
    return { text, kind: 'script', script, args: args.filter((arg) => arg !== '--') };
  }
  if (program !== 'npx' || verb !== 'jest' || rest.length === 0) {
    throw new Error(`"${text}" is neither "npm run …" nor "npx jest …".`);
  }
  return { text, kind: 'tests', files: rest.flatMap(alternatives).flatMap((place) => filesAt(place, text, tests)) };
}

/** "test/{a,b}*" is two paths. */
function alternatives(place: string): readonly string[] {
  const [, before = '', words, after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(place) ?? [];
  return words === undefined ? [place] : words.split(',').map((word) => `${before}${word}${after}`);
}

/** A path begins the names of tests. One that begins none proves nothing, though jest would be content with the others. */
function filesAt(place: string, text: string, tests: readonly string[]): readonly string[] {
  const found = tests.filter((test) => test.startsWith(place.replace(/\*$/, '')));
  if (found.length === 0) throw new Error(`"${text}": there is no test at ${place}.`);
  return found;
}
