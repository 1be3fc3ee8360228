// `npm run ir:drill`: test/main/incidentDrill.test.ts with Redis and more sockets, and a report.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { prepare, projectDir } from './prepare.mjs';

const usage = `Steals a signing key, a key of an exchange and the database of servers that it starts itself, runs the commands of docs/INCIDENTS.md,
and tells how long each took until what was stolen was worth nothing. Touches no other server. Needs redis-server.

  npm run ir:drill
  npm run ir:drill -- FILE   keeps the report there

  --help   this text

Exit status: 0 every drill went as it has to, 1 one did not, 64 the arguments do not fit.
`;

const { target, isHelp, complaint } = readArguments();
if (isHelp || complaint !== null) {
  if (isHelp) process.stdout.write(usage);
  else process.stderr.write(`${complaint}\n\n${usage}`);
  process.exit(isHelp ? 0 : 64);
}
await prepare({ needsBuild: false, output: 'stderr' });
const folder = mkdtempSync(path.join(tmpdir(), 'ir-drill-'));
const report = path.join(folder, 'report.txt');
const jest = path.join(projectDir, 'node_modules/jest/bin/jest.js');
const run = spawnSync(process.execPath, [jest, '--forceExit', 'test/main/incidentDrill'], {
  cwd: projectDir,
  env: { ...process.env, INCIDENT_DRILL_REPORT: report },
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (existsSync(report)) {
  process.stdout.write(`\n${readFileSync(report, 'utf8')}`);
  if (target !== undefined) copyFileSync(report, target);
}
rmSync(folder, { recursive: true });
process.exitCode = run.status ?? 1;

function readArguments() {
  try {
    const { values, positionals } = parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true });
    const complaint = positionals.length > 1 ? `One file: ${positionals.join(', ')}.` : null;
    return { target: positionals[0], isHelp: values.help === true, complaint };
  } catch (error) {
    return { target: undefined, isHelp: false, complaint: error.message };
  }
}
