import { execFileSync, spawnSync } from 'node:child_process';
import { findProjectDir } from '../../src/config/processConfig';
import { advisories } from '../../scripts/scan/advisories';
import type { Check } from '../../scripts/scan/check';
import { checks } from '../../scripts/scan/checks';
import { ignored } from '../../scripts/scan/ignored';
import { isAllowed } from '../../scripts/scan/licences';
import { isGood, runCheck, type Line } from '../../scripts/scan/report';
import { runSelfTest } from '../../scripts/scan/selfTest/selfTest';
import { plantedSecrets } from '../../scripts/scan/selfTest/plantedSecrets';
import { historySecrets, treeSecrets } from '../../scripts/scan/secrets';
import { workflowRules } from '../../scripts/scan/workflowRules';
import { describeWith } from '../kit/needs';

const projectDir = findProjectDir();

/** Those that ask git. Known vulnerabilities are the registry's to tell: CI asks it, a test of sources does not hang on it. */
const ofRepository: readonly Check[] = [treeSecrets, historySecrets, ignored];
const ofFiles = checks.filter((check) => check !== advisories && !ofRepository.includes(check));

function expectNoFault(check: Check): void {
  expect(runCheck(check, projectDir).findings).toEqual([]);
}

describeWith('history', 'this repository', () => {
  it.each(ofRepository.map((check) => [check.name, check] as const))('has no fault: %s', (_, check) => {
    expectNoFault(check);
  });
});

it.each(ofFiles.map((check) => [check.name, check] as const))('this project has no fault: %s', (_, check) => {
  expectNoFault(check);
});

describeWith('git', 'the self-test', () => {
  it('finds every fault that it plants', () => {
    const lines = runSelfTest().map((run) => run());
    expect(lines.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(12);
  });

  it('plants more than twenty secrets, of more than ten kinds', () => {
    expect(plantedSecrets.length).toBeGreaterThanOrEqual(20);
    expect(new Set(plantedSecrets.map(({ rule }) => rule)).size).toBeGreaterThanOrEqual(10);
  });

  it('has a reason for every rule of workflows', () => {
    for (const { because } of Object.values(workflowRules)) expect(because).toMatch(/^[a-z"].{20}/);
  });
});

describe('an expression of licences', () => {
  const allowed = new Set(['MIT', 'ISC', 'Apache-2.0']);

  it.each(['MIT', '(MIT)', 'MIT OR GPL-3.0-only', '(GPL-2.0-only OR (MIT AND ISC))', 'MIT AND (ISC OR GPL-3.0-only)'])(
    'allows %s',
    (expression) => {
      expect(isAllowed(expression, allowed)).toBe(true);
    },
  );

  it.each([
    ['nothing', ''],
    ['what is not listed', 'GPL-3.0-only'],
    ['what is only half listed', 'MIT AND GPL-3.0-only'],
    ['AND before OR', 'GPL-3.0-only AND MIT OR GPL-2.0-only'],
    ['an exception', 'MIT WITH Bison-exception-2.2'],
    ['words', 'SEE LICENSE IN LICENSE'],
    ['an open parenthesis', '(MIT'],
    ['a parenthesis too many', 'MIT)'],
    ['two names', 'MIT ISC'],
  ])('refuses %s', (_, expression) => {
    expect(isAllowed(expression, allowed)).toBe(false);
  });
});

describe('what a check says', () => {
  const line = (outcome: Partial<Line>): Line =>
    runCheck({ name: 'a', run: () => ({ figures: '', findings: [], ...outcome }) }, projectDir);
  const finding = { place: 'a', sentence: 'b' };

  it('fails where something was found, and where the check itself could not be made', () => {
    expect(isGood(line({ findings: [finding] }), false)).toBe(false);
    const broken = runCheck(
      {
        name: 'broken',
        run: () => {
          throw new Error('no git');
        },
      },
      projectDir,
    );
    expect(broken).toMatchObject({ status: 'FAILED', findings: [{ sentence: 'no git' }] });
  });

  it.each([
    ['what is open', { open: [finding] }, 'open'],
    ['what could not be looked at here', { notRun: 'no network' }, 'not run'],
  ] as const)('tells %s, and keeps a release back for it', (_, outcome, status) => {
    expect(line(outcome).status).toBe(status);
    expect(isGood(line(outcome), false)).toBe(true);
    expect(isGood(line(outcome), true)).toBe(false);
  });

  it('says by its exit status that a release waits for pins that nobody has looked up', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/scan.mjs', '--release', '--only', 'workflows'], {
      cwd: projectDir,
      encoding: 'utf8',
    });
    const open = /(\d+) pins unresolved/.exec(stdout)?.[1];
    expect(status).toBe(open === '0' ? 0 : 1);
  });
});

it('writes a bill of materials in CycloneDX 1.6 with every package of the lock', () => {
  const text = execFileSync(process.execPath, ['--require', '@swc-node/register', 'scripts/emitSbom.ts'], {
    cwd: projectDir,
    maxBuffer: 64 * 1024 * 1024,
  }).toString();
  const bill = JSON.parse(text) as { specVersion: string; metadata: { component: { name: string } } };
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { name: 'tickgate' } },
  });
});
