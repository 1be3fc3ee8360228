import { json } from 'node:stream/consumers';
import { loadProcessConfig } from '../config/processConfig';
import type { SecurityCheck, SecurityReport } from '../operations/doctor/doctor';
import { withHostView } from '../operations/doctor/hostView';
import { parseReport } from '../operations/doctor/parseReport';
import { CommandError, UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';

const usage = `Looks at a running server, box by box of both security checklists, and says what it saw. Changes nothing.

  npm run doctor
  npm run doctor -- --production   as the gate before a deployment: the server has to be one for production as well

  --json     the same for programs
  --report   what the server alone says, for --read
  --read     reads that from standard input, where the server is in a container and its port is not to be reached:
             docker compose -f docker/compose.yaml exec -T app /nodejs/bin/node dist/src/cli/doctor.js --report | npm run doctor -- --read
  --help     this text

Run it where the server runs, with its settings: it is asked on METRICS_PORT, on loopback. As root it sees the firewall of the host, too.
Auditors see the rest by the query securityChecks.

A109, B73 (alerts) and B74 (backups) cannot pass in this version: docs/DEPLOYMENT.md says what to do until then.

Exit status: 0 every box passed, 1 some did not, or nobody can tell, 64 a wrong option, 69 no server answers, 78 a setting is wrong.
`;

/** sysexits.h: a service is not there. */
const unavailableExitStatus = 69;
const timeoutMs = 30_000;

const known = {
  production: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  read: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

async function run(options: OptionsOf<typeof known>): Promise<void> {
  const report = options.read ? await readReport() : await askServer();
  if (options.report) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const { mode, checks } = await withHostView(report);
  const gate = {
    name: 'productionMode',
    title: 'This is a server for production',
    passed: mode === 'production',
    evidence:
      mode === 'production' ? 'NODE_ENV=production' : 'it runs for development: start it with NODE_ENV=production',
  };
  const all = options.production ? [gate, ...checks] : checks;
  process.stdout.write(options.json ? `${JSON.stringify(all, null, 2)}\n` : describe(all));
  if (all.some(({ passed }) => !passed)) process.exitCode = 1;
}

async function readReport(): Promise<SecurityReport> {
  if (process.stdin.isTTY) throw new UsageError('--read wants what --report wrote on its standard input.', usage);
  const written: unknown = await json(process.stdin).catch(() => null);
  const report = parseReport(written);
  if (report !== null) return report;
  throw new UsageError(
    'What stands on standard input is no report of a server of this version: --report writes one.',
    usage,
  );
}

async function askServer(): Promise<SecurityReport> {
  const { host, port } = (await loadProcessConfig()).metrics;
  const url = `http://${host}:${port}/security`;
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  } catch {
    throw new CommandError(
      `No server answers at ${url}: start it, and run this with its METRICS_PORT.`,
      unavailableExitStatus,
    );
  }
  const report = parseReport(await response.json().catch(() => null));
  if (report !== null) return report;
  throw new CommandError(
    `What answers at ${url} is no server of this version: look at METRICS_PORT.`,
    unavailableExitStatus,
  );
}

function describe(checks: readonly SecurityCheck[]): string {
  const blocks = checks.map(
    ({ title, passed, evidence }) => `${passed ? 'passed' : 'NOT   '}  ${title}\n        ${evidence}\n`,
  );
  const open = checks.filter(({ passed }) => !passed).length;
  return `${blocks.join('')}\n${checks.length - open} of ${checks.length} boxes passed.\n`;
}

runCommand({ usage, options: known }, run);
