// Fails where a scanner's SARIF files tell of something severe: CodeQL itself only reports.
// Usage: node scripts/sarifGate.mjs --fail-at 7 FOLDER
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ options: { 'fail-at': { type: 'string' } }, allowPositionals: true });
const failAt = Number(values['fail-at']);
if (!(failAt > 0) || positionals.length !== 1) {
  process.stderr.write('Usage: node scripts/sarifGate.mjs --fail-at 7 FOLDER\n');
  process.exit(64);
}
const files = sarifFiles(positionals[0]);
// A folder without results is a scanner that did not run.
if (files.length === 0) fail(`${positionals[0]} holds no SARIF file.`);

let count = 0;
for (const file of files) {
  for (const run of JSON.parse(readFileSync(file, 'utf8')).runs) {
    for (const result of run.results ?? []) {
      count += 1;
      const severity = severityOf(run, result);
      if (severity < failAt) continue;
      const place = result.locations?.[0]?.physicalLocation;
      fail(
        `${place?.artifactLocation?.uri ?? file}:${place?.region?.startLine ?? 1} ${result.ruleId} (${severity}): ${result.message?.text}`,
      );
    }
  }
}
if (process.exitCode === undefined)
  process.stdout.write(`${files.length} files, ${count} results, none of ${failAt} or more.\n`);

/** From 0 to 10, as the rule says it. A rule of security that says nothing, or a result whose rule is not told, counts as 10. */
function severityOf({ tool }, { ruleId, rule, level }) {
  const rules = [tool.driver, ...(tool.extensions ?? [])].flatMap(({ rules }) => rules ?? []);
  const found = rules.find(({ id }) => id === (ruleId ?? rule?.id));
  if (found === undefined) return 10;
  const told = found.properties?.['security-severity'];
  if (told !== undefined) return Number(told);
  const isSecurity = (found.properties?.tags ?? []).includes('security');
  return isSecurity && (level ?? found.defaultConfiguration?.level) === 'error' ? 10 : 0;
}

function sarifFiles(place) {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true })
    .filter((name) => name.endsWith('.sarif'))
    .map((name) => path.join(place, name));
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
