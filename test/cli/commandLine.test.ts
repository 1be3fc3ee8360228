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
async function callEach(argument: string): Promise<ReadonlyMap<string, Called>> {
  const names = [...commands.keys()];
  const called = new NodeProcess([...fromSource(), 'test/cli/fixtures/callEach.ts', argument, ...names]);
  expect([await called.ended, called.stderr]).toEqual([0, '']);
  return new Map(Object.entries(JSON.parse(called.stdout) as Readonly<Record<string, Called>>));
}

it('--help tells of every command how it is called, and does nothing', async () => {
  expect(commands.size).toBeGreaterThan(12);
  for (const [name, { stdout, stderr, status }] of await callEach('--help')) {
    expect([name, status, stderr]).toEqual([name, 0, '']);
    expect(stdout).toContain(`npm run ${commands.get(name) ?? ''}`);
    expect(stdout.endsWith('\n')).toBe(true);
  }
});

it('an option that a command does not have ends it with 64: it names the option, and tells how it is called', async () => {
  const usages = await callEach('--help');
  for (const [name, { stdout, stderr, status }] of await callEach('--no-such-option')) {
    expect([name, status, stdout]).toEqual([name, 64, '']);
    const [sentence = '', ...usage] = stderr.split('\n\n');
    expect(sentence).toContain("Unknown option '--no-such-option'");
    expect(usage.join('\n\n')).toBe(usages.get(name)?.stdout);
  }
});
