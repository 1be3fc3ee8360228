import { execFileSync } from 'node:child_process';
import { findProjectDir } from '../../src/config/processConfig';

/** The scripts are ES modules, which jest does not load: a Node of its own asks. */
function problemOf(version: string): unknown {
  const program = `import('./scripts/nodeVersion.mjs').then((m) => console.log(JSON.stringify(m.nodeProblem(process.argv[1]))))`;
  const said = execFileSync(process.execPath, ['--eval', program, version], { cwd: findProjectDir() });
  return JSON.parse(said.toString());
}

it.each(['20.19.0', '20.20.2', '22.12.0', '22.20.0', '23.0.0', '24.1.0'])('Node %s can run the project', (version) => {
  expect(problemOf(version)).toBeNull();
});

it.each(['18.20.0', '20.18.3', '21.7.0', '22.11.0'])('Node %s cannot, and the sentence says which can', (version) => {
  expect(problemOf(version)).toMatch(/20\.19.*22\.12/);
});
