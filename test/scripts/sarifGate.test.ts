import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { makeTemporaryDir } from '../kit/temporaryDir';

const temporary = makeTemporaryDir();

afterAll(() => {
  temporary.remove();
});

/** Exit status for files of results, each with the properties of its rule. */
function judge(name: string, rules: readonly object[], results: readonly object[]) {
  const dir = path.join(temporary.dir, name);
  mkdirSync(path.join(dir, 'in'), { recursive: true });
  const run = { tool: { driver: { rules: [] }, extensions: [{ rules }] }, results };
  writeFileSync(path.join(dir, 'in', 'a.sarif'), JSON.stringify({ version: '2.1.0', runs: [run] }));
  return ask(dir);
}

function ask(...args: readonly string[]) {
  const script = path.join(findProjectDir(), 'scripts/sarifGate.mjs');
  return spawnSync(process.execPath, [script, '--fail-at', '7', ...args], { encoding: 'utf8' });
}

const rule = (id: string, properties: object, level = 'warning') => ({
  id,
  properties,
  defaultConfiguration: { level },
});
const result = (ruleId: string) => ({
  ruleId,
  message: { text: 'told' },
  locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a.ts' }, region: { startLine: 7 } } }],
});

it.each([
  ['a severity of 7', rule('x', { 'security-severity': '7.0' })],
  ['a severity above', rule('x', { 'security-severity': '9.8' })],
  ['an error of security without a severity', rule('x', { tags: ['security'] }, 'error')],
  ['a rule that is not told', rule('y', {})],
])('fails at %s, and says where', (name, told) => {
  const { status, stderr } = judge(name, [told], [result('x')]);
  expect(status).toBe(1);
  expect(stderr).toContain('src/a.ts:7 x');
});

it.each([
  ['a severity below', [rule('x', { 'security-severity': '6.9' })], [result('x')]],
  ['a matter of style', [rule('x', { tags: ['maintainability'] }, 'error')], [result('x')]],
  ['nothing', [], []],
])('lets %s pass', (name, rules, results) => {
  expect(judge(name, rules, results)).toMatchObject({ status: 0 });
});

it('fails where the scanner left no file, and where none is asked for', () => {
  const empty = path.join(temporary.dir, 'empty');
  mkdirSync(empty);
  expect(ask(empty).status).toBe(1);
  expect(ask().status).toBe(64);
});
