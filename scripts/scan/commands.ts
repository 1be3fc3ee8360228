import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from './check';

/** What the commands of workflows come down to: one that does nothing has the same name. */
const commands: Readonly<Record<string, string>> = {
  check: 'node scripts/check.mjs',
  test: 'node scripts/test.mjs',
  scan: 'node scripts/scan.mjs',
  sbom: 'node --require @swc-node/register scripts/emitSbom.ts',
  pin: 'node --require @swc-node/register scripts/pin.ts',
  'cloudflare:ranges': 'node --require @swc-node/register scripts/cloudflareRanges.ts',
  'check:controls': 'npm run build && node --require @swc-node/register scripts/checkControls.ts',
  'sec:calendar': 'node scripts/run.mjs securityCalendar',
};

const ciFile = '.ci/run';
/** Lines of it without which a test fails and nobody hears of it. */
const ciLines = [
  /^set -euo pipefail$/,
  /^timeout --kill-after=\d+m \d+m npm run check$/,
  /^timeout --kill-after=\d+m \d+m npm test$/,
];

/** Files by which a scanner of others leaves something out, without a word in the workflow. */
const silencers = [
  ...['.trivyignore', '.trivyignore.yaml', '.trivyignore.yml', 'trivy.yaml', 'trivy.yml'],
  ...['zizmor.yml', 'zizmor.yaml', '.github/zizmor.yml', '.github/zizmor.yaml'],
  ...['.github/actionlint.yml', '.github/actionlint.yaml', '.github/codeql'],
];

/** Where Trivy, zizmor and actionlint look, and the comments that quiet them. */
const looked = ['.github', 'docker', 'nginx'];
const comments = /\b(?:trivy|tfsec|trufflehog):ignore\b|\bzizmor:\s*ignore\b|#\s*shellcheck\s+disable/;

/** What workflows call is what is meant, and nothing beside them makes it blind. */
export function commandFaults(projectDir: string): Finding[] {
  const read = (file: string): string => readFileSync(path.join(projectDir, file), 'utf8');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const lines = read(ciFile).split('\n');
  return [
    ...Object.entries(commands)
      .filter(([name, command]) => scripts[name] !== command)
      .map(([name, command]) => ({ place: 'package.json', sentence: `"npm run ${name}" is not "${command}".` })),
    ...ciLines
      .filter((wanted) => !lines.some((line) => wanted.test(line)))
      .map(({ source }) => ({ place: ciFile, sentence: `lacks the line ${source}.` })),
    ...silencers
      .filter((file) => existsSync(path.join(projectDir, file)))
      .map((file) => ({ place: file, sentence: 'makes a scanner leave something out.' })),
    ...looked
      .flatMap((folder) => filesBelow(projectDir, folder))
      .filter((file) => comments.test(read(file)))
      .map((file) => ({ place: file, sentence: 'has a comment that makes a scanner leave something out.' })),
  ];
}

function filesBelow(projectDir: string, folder: string): string[] {
  const place = path.join(projectDir, folder);
  if (!existsSync(place)) return [];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(projectDir, path.join(entry.parentPath, entry.name)));
}
