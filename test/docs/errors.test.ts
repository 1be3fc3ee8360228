import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { catalogue } from '../../src/errors/catalogue';

const root = path.join(__dirname, '..', '..');
const document = readFileSync(path.join(root, 'docs/ERRORS.md'), 'utf8');
const [refusals = '', thrown = ''] = document.split('## Thrown codes');

/** Failures of an exchange that are told as refusals where it was asked about a key. */
const passedOn = ['CREDENTIALS_REFUSED', 'EXCHANGE_UNAVAILABLE', 'EXCHANGE_RATE_LIMITED'];

/** Unions whose members are codes of refusals. */
const unions = [
  ['src/domain/checkMarketRules.ts', 'MarketRuleCode'],
  ['src/trading/keyPolicy.ts', 'KeyViolationCode'],
] as const;

function sourcesOf(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(root, folder, name), 'utf8'));
}

function membersOf(file: string, union: string): readonly string[] {
  const source = readFileSync(path.join(root, file), 'utf8');
  const [, members = ''] = new RegExp(`type ${union} =([^;]+);`).exec(source) ?? [];
  return [...members.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code!);
}

function told(section: string): readonly string[] {
  return [...section.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!);
}

function sorted(codes: Iterable<string>): readonly string[] {
  return [...new Set(codes)].toSorted();
}

it('tells every code that trading refuses with, and none that it does not', () => {
  const written = sourcesOf('src/trading').flatMap((source) =>
    [...source.matchAll(/refuse\(\s*'([A-Z_]+)'/g)].map(([, code]) => code!),
  );
  const members = unions.map(([file, union]) => membersOf(file, union));
  for (const codes of [written, ...members]) expect(codes.length).toBeGreaterThan(3);
  expect(sorted(told(refusals))).toEqual(sorted([...written, ...members.flat(), ...passedOn]));
});

it('tells every code that can be thrown at a client, and none that cannot', () => {
  expect(sorted(told(thrown))).toEqual(sorted(Object.keys(catalogue)));
});
