// `npm run check`: everything a machine can say about the sources without running them. All checks run; any failure fails the whole.
import { spawn } from 'node:child_process';
import { prepare, projectDir } from './prepare.mjs';

const program = (file, ...args) => [`node_modules/${file}`, ...args];

/** Name → what Node runs. Generated files are compared with what would be generated now. */
const checks = {
  types: program('typescript/bin/tsc', '-p', 'tsconfig.json'),
  lint: program('eslint/bin/eslint.js', '.'),
  format: program('prettier/bin/prettier.cjs', '--check', '.'),
  rooms: program('dependency-cruiser/bin/dependency-cruise.mjs', 'src', 'migrations', 'ormconfig.ts'),
  'dead code': program('knip/bin/knip.js'),
  '.env.template': ['--require', '@swc-node/register', 'src/cli/envTemplate.ts', '--check'],
  'schema/*.graphql': ['--require', '@swc-node/register', 'scripts/emitSchema.ts', '--check'],
  'schema/permissions.*': ['--require', '@swc-node/register', 'scripts/emitPermissions.ts', '--check'],
  'src/graphql/operations.generated.ts': program(
    '@graphql-codegen/cli/cjs/bin.js',
    '--config',
    'codegen.yml',
    '--check',
  ),
  'package-lock.json': ['scripts/completeLockfile.mjs', '--check'],
};

const atOnce = 2;

await prepare({ needsBuild: false, output: 'stderr' });
const waiting = Object.entries(checks);
const failed = [];
await Promise.all(Array.from({ length: atOnce }, work));
if (failed.length > 0) {
  process.stdout.write(`\nFailed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}

async function work() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await check(...next);
}

async function check(name, args) {
  const startedAt = Date.now();
  const child = spawn(process.execPath, args, { cwd: projectDir, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  if (status !== 0) {
    failed.push(name);
    process.stdout.write(`${said}\n`);
  }
}
