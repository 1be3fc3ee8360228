import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { provingCommands } from '../../scripts/controls/provingCommand';
import { runControls } from '../../scripts/controls/runControls';
import { readSecurityTable } from '../../scripts/controls/securityTable';
import { statusWithin } from '../../scripts/controls/statusWithin';
import { findProjectDir } from '../../src/config/processConfig';
import { eventually } from '../kit/eventually';
import { makeTemporaryDir } from '../kit/temporaryDir';

const temporary = makeTemporaryDir();
const projectDir = temporary.dir;
const ownDir = findProjectDir();
const forEver = 'setInterval(() => undefined, 1_000);';

const files: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    scripts: { good: 'node -e 0', bad: 'node bad.js', hangs: 'node hangs.js' },
  }),
  'bad.js': `console.error('nothing was found'); process.exitCode = 3;`,
  'hangs.js': `require('node:fs').writeFileSync('pid', String(process.pid)); ${forEver}`,
  // What it starts is in another group, and holds on to its output.
  'leaves.js': `require('node:child_process').spawn('sleep', ['10'], { detached: true, stdio: 'inherit' }).unref();`,
  'jest.config.js': `module.exports = { transform: {}, testMatch: ['**/*.test.ts'] };`,
  'test/good.test.ts': `it('is so', () => undefined);`,
  'test/bad.test.ts': `it('is so', () => undefined); it('is not', () => { throw new Error('no'); });`,
  'test/partly.test.ts': `it('is so', () => undefined); it.skip('is not asked', () => undefined);`,
  'test/skipped.test.ts': `it.skip('is not asked', () => undefined);`,
  'test/broken.test.ts': `require('./nothing');`,
  'test/hangs.test.ts': `it('never ends', () => new Promise(() => { ${forEver} }), 1e8);`,
};

beforeAll(() => {
  mkdirSync(path.join(projectDir, 'test'));
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(projectDir, file), text);
  symlinkSync(path.join(ownDir, 'node_modules'), path.join(projectDir, 'node_modules'));
});

afterAll(() => {
  temporary.remove();
});

/** The commands that such a SECURITY.md names. */
function commandsOf(...texts: readonly string[]) {
  const proven = texts.map((text) => `\`${text}\``).join('; ');
  writeFileSync(
    path.join(projectDir, 'SECURITY.md'),
    `| lines | control | where | proven by |\n| --- | --- | --- | --- |\n| A1 | a door | \`src\` | ${proven} |\n`,
  );
  return provingCommands(readSecurityTable(projectDir), projectDir);
}

/** Beside nothing: what these commands need of a server is not what is looked at here. */
async function run(
  boundMs: number,
  ...texts: readonly string[]
): Promise<{ status: number; lines: readonly string[] }> {
  let said = '';
  const status = await runControls(commandsOf(...texts), {
    projectDir,
    bounds: { scriptMs: boundMs, testsMs: boundMs },
    openHouse: () => Promise.resolve({ settings: {}, stop: () => Promise.resolve() }),
    say: (text) => (said += text),
    onProgress: () => undefined,
  });
  const lines = said.trimEnd().split('\n');
  return { status, lines: lines.map((line) => line.trim().replace(/[\d.]+ s\b/, 'N s')) };
}

/** `npm run check:controls`, of that project. */
async function check(...args: readonly string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const program = ['--require', require.resolve('@swc-node/register'), path.join(ownDir, 'scripts/checkControls.ts')];
  const environment = { ...process.env, TS_NODE_PROJECT: path.join(ownDir, 'tsconfig.json') };
  const child = spawn(process.execPath, [...program, ...args], { cwd: projectDir, env: environment });
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  return { status: (await closed)[0], stdout, stderr };
}

it('says of each command whether it passed, and why not', async () => {
  expect(await run(60_000, 'npm run good', 'npm run bad')).toEqual({
    status: 1,
    lines: [
      'ok     npm run good',
      'N s',
      'FAILED npm run bad',
      'exit status 3, N s',
      'nothing was found',
      '2 commands of SECURITY.md: 1 passed, 1 did not.',
    ],
  });
  expect((await run(60_000, 'npm run good')).status).toBe(0);
});

it('takes for proven what a test has shown, and nothing that was skipped or could not be run', async () => {
  const places = ['test/good', 'test/partly', 'test/bad test/good', 'test/skipped', 'test/broken'];
  commandsOf(...places.map((place) => `npx jest ${place}`));
  const { status, stdout } = await check();
  expect(status).toBe(1);
  expect(stdout.split('\n').map((line) => line.trim())).toEqual([
    'ok     npx jest test/good',
    '1 tests passed, 0 failed, 0 skipped',
    'ok     npx jest test/partly',
    '1 tests passed, 0 failed, 1 skipped',
    'FAILED npx jest test/bad test/good',
    '2 tests passed, 1 failed, 0 skipped',
    'not proven by test/bad.test.ts',
    'FAILED npx jest test/skipped',
    '0 tests passed, 0 failed, 1 skipped',
    'not proven by test/skipped.test.ts',
    'FAILED npx jest test/broken',
    '0 tests passed, 0 failed, 0 skipped',
    'not proven by test/broken.test.ts',
    '5 commands of SECURITY.md: 2 passed, 3 did not.',
    '',
  ]);
});

it('ends what hangs, with all that it started, and says so', async () => {
  const boundMs = 2_000;
  const leaving = spawn(process.execPath, ['leaves.js'], { cwd: projectDir, detached: true, stdio: 'pipe' });
  const [script, tests, left] = await Promise.all([
    run(boundMs, 'npm run hangs'),
    run(boundMs, 'npx jest test/hangs'),
    statusWithin(leaving, boundMs),
  ]);
  const sum = '1 commands of SECURITY.md: 0 passed, 1 did not.';
  expect(script).toEqual({ status: 1, lines: ['FAILED npm run hangs', 'ended after N s', sum] });
  const noReport = 'jest was ended after N s, and has left no report';
  expect(tests).toEqual({ status: 1, lines: ['FAILED npx jest test/hangs', noReport, sum] });
  // Whoever holds on to output would keep the runner from ending.
  expect([left, leaving.stdout.destroyed, leaving.stderr.destroyed]).toEqual([null, true, true]);
  const pid = readFileSync(path.join(projectDir, 'pid'), 'utf8');
  // Nothing, too, where nobody has asked how it ended.
  await eventually(() => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '');
});

it.each([
  ['npm run nothing', '"npm run nothing": package.json has no script nothing.'],
  ['npx jest test/good test/nothing', '"npx jest test/good test/nothing": there is no test at test/nothing.'],
  ['make proof', '"make proof" is neither "npm run …" nor "npx jest …".'],
])('runs none where one cannot be run, and says which: %s', (text, sentence) => {
  expect(() => commandsOf('npm run good', text)).toThrow(sentence);
});

it('ends with 1 where it could run none', async () => {
  commandsOf('npm run good');
  const { status, stdout, stderr } = await check('--only', 'npm run better');
  expect([status, stdout, stderr]).toEqual([
    1,
    '',
    'No command of SECURITY.md contains "npm run better": --list prints them all.\n',
  ]);
});
