import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { makeTemporaryDir } from '../kit/temporaryDir';

const projectDir = findProjectDir();
const temporary = makeTemporaryDir();

beforeAll(() => {
  mkdirSync(path.join(temporary.dir, 'test'));
  const suites = {
    // Not even jest can end it: nothing else runs in its process.
    circle: `console.error('in a circle'); it('goes round', () => { for (;;) Math.random(); });`,
    short: `it('ends', () => undefined);`,
  };
  for (const [name, text] of Object.entries(suites))
    writeFileSync(path.join(temporary.dir, `test/${name}.test.js`), text);
});

afterAll(() => {
  temporary.remove();
});

it('says which file a run was at that is ended from outside, with the numbers by then, and leaves no process', async () => {
  const config = {
    rootDir: temporary.dir,
    maxWorkers: 2,
    reporters: ['default', path.join(projectDir, 'test/kit/hangReporter.js')],
  };
  const args = [path.join(projectDir, 'node_modules/jest/bin/jest.js'), '--config', JSON.stringify(config)];
  const child = spawn(process.execPath, args, { cwd: projectDir });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/PASS .*short/.test(text)) child.kill('SIGTERM');
    });
  }
  // It closes when no process holds its streams any more.
  const [status] = (await once(child, 'close')) as [number];
  expect(status).toBe(1);
  expect(text).toMatch(/FAIL .*test\/circle\.test\.js: running for \d+ s\nThe run was ended from outside\.\n/);
  expect(text.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed');
});
