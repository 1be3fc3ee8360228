import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { makeTemporaryDir } from '../kit/temporaryDir';

const projectDir = findProjectDir();
const temporary = makeTemporaryDir();
const emptyPath = path.join(temporary.dir, 'empty');

const suite = `
const { describeWith } = require(${JSON.stringify(path.join(projectDir, 'test/kit/needs.ts'))});
describeWith('chromium', 'the console', () => {
  it('is drawn', () => undefined);
  it('is clicked', () => undefined);
});
describeWith('shared-data', 'a recorded day', () => {
  it('is replayed', () => undefined);
});
it('needs nothing', () => undefined);
`;

beforeAll(() => {
  mkdirSync(emptyPath);
  mkdirSync(path.join(temporary.dir, 'test'));
  writeFileSync(path.join(temporary.dir, 'test/kit.test.ts'), suite);
});

afterAll(() => {
  temporary.remove();
});

/** Runs jest with our reporter on the suite above, where no program is to be found. */
async function runSuite(environment: Readonly<Record<string, string>>) {
  const config = {
    rootDir: temporary.dir,
    testEnvironment: 'node',
    transform: { '^.+\\.ts$': path.join(projectDir, 'node_modules/@swc/jest') },
    reporters: ['default', path.join(projectDir, 'test/kit/closingReporter.js')],
  };
  const args = [path.join(projectDir, 'node_modules/jest/bin/jest.js'), '--config', JSON.stringify(config)];
  const child = spawn(process.execPath, args, { cwd: projectDir, env: { PATH: emptyPath, ...environment } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, stdout, stderr };
}

it('skips by name what lacks a program, says how to get it, and ends with the numbers', async () => {
  const { status, stdout, stderr } = await runSuite({});
  expect(status).toBe(0);
  expect(stderr).toMatch(/chromium: apt-get install -y chromium\n {4}the console \(2 tests\)/);
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ passed, 0 failed, \d+ skipped$/);
});

it('fails with CI=true where a program is missing, but not for want of recorded data', async () => {
  const { status, stdout, stderr } = await runSuite({ CI: 'true' });
  expect(status).toBe(1);
  expect(stderr).toContain('chromium is missing: apt-get install -y chromium');
  expect(stderr).not.toContain('shared-data is missing');
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d passed, 1 failed(, \d skipped)?$/);
});
