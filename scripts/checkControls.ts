import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ControlHouse } from './controls/controlHouse';
import { provingCommands, type ProvingCommand } from './controls/provingCommand';
import { runScript } from './controls/runScript';
import { readSecurityTable } from './controls/securityTable';

const usage = `Runs every command of the tables of SECURITY.md, beside a server of its own, and says of each whether it passed.

  npm run check:controls

  --only TEXT   only commands that contain TEXT
  --list        prints the commands and runs none
  --help        this text

What the commands need: redis-server, nginx, sslscan, testssl.sh, nft, ufw, shellcheck, psql and the user postgres (postgresql-client,
postgresql-common), and root for the firewall and the image. All of them take twenty minutes.

Exit status: 0 every command passed, 1 one did not, or could not be run.
`;

const projectDir = path.resolve(__dirname, '..');
const scriptTimeoutMs = 20 * 60_000;
/** Of what a command said, where it did not pass. */
const lastLines = 12;

type Script = Extract<ProvingCommand, { kind: 'script' }>;
type Tests = Extract<ProvingCommand, { kind: 'tests' }>;

/** The part of jest's --json that is read here. */
interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

async function main(): Promise<void> {
  const { only, list, help } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const commands = provingCommands(readSecurityTable(projectDir), projectDir).filter(({ text }) => text.includes(only));
  if (commands.length === 0) throw new Error(`No command of SECURITY.md contains "${only}": --list prints them all.`);
  if (list) {
    process.stdout.write(commands.map(({ text }) => `${text}\n`).join(''));
    return;
  }
  const scripts = commands.filter((command) => command.kind === 'script');
  const tests = commands.filter((command) => command.kind === 'tests');
  const passed = [...(await runScripts(scripts)), ...(await runTests(tests))];
  const failed = commands.length - passed.length;
  process.stdout.write(`${commands.length} commands of SECURITY.md: ${passed.length} passed, ${failed} did not.\n`);
  if (failed > 0) process.exitCode = 1;
}

async function runScripts(scripts: readonly Script[]): Promise<readonly Script[]> {
  if (scripts.length === 0) return [];
  const house = await ControlHouse.open();
  try {
    const passed: Script[] = [];
    for (const script of scripts) {
      process.stderr.write(`running ${script.text} …\n`);
      const startedAt = Date.now();
      const { status, said } = await runScript(script, { settings: house.settings, timeoutMs: scriptTimeoutMs });
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      if (status === 0) {
        passed.push(script);
        say('ok', script, `${seconds} s`);
      } else {
        const end = said.trimEnd().split('\n').slice(-lastLines);
        const why = status === null ? `ended after ${seconds} s` : `exit status ${status}, ${seconds} s`;
        say('FAILED', script, [why, ...end].join('\n         '));
      }
    }
    return passed;
  } finally {
    await house.stop();
  }
}

/** In one run, because many of them name the same tests. */
async function runTests(commands: readonly Tests[]): Promise<readonly Tests[]> {
  if (commands.length === 0) return [];
  const files = [...new Set(commands.flatMap((command) => command.files))];
  process.stderr.write(`running jest on ${files.length} files …\n`);
  const folder = mkdtempSync(path.join(tmpdir(), 'check-controls-'));
  try {
    const reportFile = path.join(folder, 'report.json');
    const jest = path.join(projectDir, 'node_modules/jest/bin/jest.js');
    const child = spawn(process.execPath, [jest, '--forceExit', '--json', `--outputFile=${reportFile}`, ...files], {
      cwd: projectDir,
      // What jest says of itself is progress here; its report is read from the file.
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(child, 'close');
    const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport;
    const results = new Map(testResults.map((result) => [path.relative(projectDir, result.name), result]));
    return commands.filter((command) => judge(command, results));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A test that was skipped has proven nothing, but a file may hold some that need what is not here. */
function judge(command: Tests, results: ReadonlyMap<string, JestReport['testResults'][number]>): boolean {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const wrong: string[] = [];
  for (const file of command.files) {
    const statuses = results.get(file)?.assertionResults.map(({ status }) => status) ?? [];
    const passed = statuses.filter((status) => status === 'passed').length;
    const skipped = statuses.filter((status) => status === 'pending').length;
    counts.passed += passed;
    counts.skipped += skipped;
    counts.failed += statuses.length - passed - skipped;
    if (results.get(file)?.status !== 'passed' || passed === 0) wrong.push(file);
  }
  const { passed, failed, skipped } = counts;
  const sum = `${passed} tests passed, ${failed} failed, ${skipped} skipped`;
  if (wrong.length === 0) say('ok', command, sum);
  else say('FAILED', command, [sum, ...wrong.map((file) => `not proven by ${file}`)].join('\n         '));
  return wrong.length === 0;
}

function say(outcome: 'ok' | 'FAILED', { text }: ProvingCommand, detail: string): void {
  process.stdout.write(`${outcome.padEnd(7)}${text}\n         ${detail}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
