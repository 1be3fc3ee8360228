import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fromSource } from '../kit/fromSource';
import { NodeProcess } from '../kit/nodeProcess';
import type { Called } from './fixtures/callEach';

const { scripts } = JSON.parse(readFileSync(path.resolve('package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** What `npm run` calls each command, by its file. The simulator is a program of its own; .env.template is made by the build. */
const commands = new Map(
  Object.entries(scripts).flatMap(([script, line]) => {
    const name = /^node scripts\/run\.mjs (\w+)$/.exec(line)?.[1];
    return name === undefined || ['simulator', 'envTemplate'].includes(name) ? [] : [[name, script] as const];
  }),
);

/** In one process, because each costs a second to start. */
async function callEach(calls: readonly (readonly string[])[]): Promise<readonly Called[]> {
  const process = new NodeProcess([...fromSource(), 'test/cli/fixtures/callEach.ts', JSON.stringify(calls)]);
  expect([await process.ended, process.stderr]).toEqual([0, '']);
  return JSON.parse(process.stdout) as readonly Called[];
}

const names = [...commands.keys()];
const withEach = (argument: string) => callEach(names.map((name) => [name, argument]));

it('--help tells of every command how it is called, and does nothing', async () => {
  expect(names.length).toBeGreaterThan(12);
  for (const [index, { stdout, stderr, status }] of (await withEach('--help')).entries()) {
    const name = names[index]!;
    expect([name, status, stderr]).toEqual([name, 0, '']);
    expect(stdout).toContain(`npm run ${commands.get(name)!}`);
    expect(stdout.endsWith('\n')).toBe(true);
  }
});

it('an option that a command does not have ends it with 64: it names the option, and tells how it is called', async () => {
  const usages = await withEach('--help');
  for (const [index, { stdout, stderr, status }] of (await withEach('--no-such-option')).entries()) {
    expect([names[index], status, stdout]).toEqual([names[index], 64, '']);
    const [sentence = '', ...usage] = stderr.split('\n\n');
    expect(sentence).toContain("Unknown option '--no-such-option'");
    expect(usage.join('\n\n')).toBe(usages[index]?.stdout);
  }
});

it('what the commands of an incident cannot do ends them with 64: they say what is wrong, and how they are called', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['irLockdown', '--level', 'nearly'], /--level no-trading\|readonly\|full/],
    [['irLockdown', '--level', 'full', '--lift'], /not both/],
    [['irLockdown', '--lift', '--reason', 'x'.repeat(501)], /at most 500 characters/],
    [['irLockdown', '--reason', 'odd orders'], /^Nothing was locked: say how far/],
    [['irLockdown', '--yes'], /^Nothing was locked: say how far/],
    [['irRevoke', '--all', '--user', 'ada@example.org'], /--user E, or --all/],
    [['irRotateAll', '--everything'], /everything/],
    [['irScope'], /--since 24h/],
    [['irScope', '--since', 'yesterday'], /"yesterday" is no time/],
    [['irScope', '--since', '2026-13-45'], /"2026-13-45" is no time/],
    [['irScope', '--since', '2026-02-30'], /"2026-02-30" is no time/],
    [['irScope', '--since', '1h', '--until', '2h'], /before --until/],
    [['irScope', '--since', '2999-01-01'], /before now/],
    [['irScope', '--since', '1h', '--ip', '300.1.1.1'], /"300.1.1.1" is no address/],
    [['irScope', '--since', '1h', '--first', '10001'], /from 0 to 10000/],
    [['irScope', '--since', '1h', '--json', '--markdown'], /not both/],
    [['irNotify', '--all'], /--template FILE/],
  ];
  const called = await callEach(wrong.map(([call]) => call));
  for (const [index, { stdout, stderr, status }] of called.entries()) {
    const [call, sentence] = wrong[index]!;
    expect([call, status, stdout]).toEqual([call, 64, '']);
    expect(stderr.split('\n\n')[0]).toMatch(sentence);
    expect(stderr).toContain(`npm run ${commands.get(call[0]!)!}`);
  }
});
