// `npm run ir:drill`: what is stolen in test/main/incidentDrill.test.ts, with Redis and more sockets, and a report of how long each took,
// which `npm run ir:drill -- FILE` keeps.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { prepare, projectDir } from './prepare.mjs';

await prepare({ needsBuild: false, output: 'stderr' });
const folder = mkdtempSync(path.join(tmpdir(), 'ir-drill-'));
const report = path.join(folder, 'report.txt');
const jest = path.join(projectDir, 'node_modules/jest/bin/jest.js');
const run = spawnSync(process.execPath, [jest, '--forceExit', 'test/main/incidentDrill'], {
  cwd: projectDir,
  env: { ...process.env, INCIDENT_DRILL_REPORT: report },
  stdio: ['ignore', 'inherit', 'inherit'],
});
const [target] = process.argv.slice(2);
if (existsSync(report)) {
  process.stdout.write(`\n${readFileSync(report, 'utf8')}`);
  if (target !== undefined) copyFileSync(report, target);
}
rmSync(folder, { recursive: true });
process.exitCode = run.status ?? 1;
