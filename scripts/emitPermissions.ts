import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { tabulate } from '../src/cli/permissionTable';
import { limits } from '../src/security/limits';
import { describePermissions, usualSettings, type PermissionCell } from '../src/security/permissionMatrix';
import { authTable, mainTable, scopeMeanings } from '../src/security/permissions';
import { subjects } from '../src/security/subjects';

/**
 * Writes what the permission table decides to schema/permissions.md, for people, and schema/permissions.json, for the test that asks a
 * running server for every cell; with `--check`, fails where the committed files differ.
 * Usage: npm run generate:permissions [-- --check]
 */
function main(): void {
  const cells = describePermissions(subjects, usualSettings);
  const files = { 'permissions.md': renderPage(cells), 'permissions.json': renderCells(cells) };
  const drifted = Object.entries(files).filter(([name, text]) => !emit(name, text));
  if (drifted.length === 0) return;
  const names = drifted.map(([name]) => `schema/${name}`).join(', ');
  process.stderr.write(`${names} differs from the code. Run \`npm run generate\` and commit the result.\n`);
  process.exitCode = 1;
}

/** False where the file differs from the code under `--check`. */
function emit(name: string, text: string): boolean {
  const file = resolve(__dirname, '..', 'schema', name);
  if (process.argv.includes('--check')) return readFileSync(file, 'utf8') === text;
  writeFileSync(file, text);
  return true;
}

/** A line a field, so that a change of the table is a change of few lines. */
function renderCells(cells: readonly PermissionCell[]): string {
  const fields = new Map<string, { type: string; field: string; rule: string; cost: number; decisions: object }>();
  for (const { type, field, subject, decision, rule, cost } of cells) {
    const name = `${type}.${field}`;
    const decisions = { ...fields.get(name)?.decisions, [subject]: decision };
    fields.set(name, { type, field, rule, cost, decisions });
  }
  return `[\n${[...fields.values()].map((field) => `  ${JSON.stringify(field)}`).join(',\n')}\n]\n`;
}

function renderPage(cells: readonly PermissionCell[]): string {
  return [
    '<!-- Generated from src/security/permissions.ts by `npm run generate:permissions`; do not edit. -->',
    '',
    '# Who may do what',
    '',
    'Every root field of both endpoints, for everybody who can ask for it. What is not listed does not exist: a field without a row in',
    '[src/security/permissions.ts](../src/security/permissions.ts) keeps the server from starting. The table decides in one place',
    '([src/security/access.ts](../src/security/access.ts)), before a resolver runs, before a source is opened, and again for every event of a',
    'stream.',
    '',
    '- `npm run permissions` prints it, `npm run permissions -- --subject VIEWER` for one; it asks no server.',
    '- `{ permissionMatrix(subject: VIEWER) { type field decision rule } }` tells what a running deployment decides.',
    '- `explainAccess(document, subject, variables)` tells what would become of a document, and why, without running it.',
    '- `npx jest test/security/permissionMatrix.test.ts` asks a running server for every cell below, over HTTP and WebSocket, and',
    '  compares the answer with [permissions.json](permissions.json), the same cells for programs.',
    '- `npm run check` fails where this page is not what the code says.',
    '',
    '## How to read it',
    '',
    '| mark | meaning |',
    '| --- | --- |',
    '| ✓ | allowed, on whatever the field reaches |',
    '| own | allowed on what is theirs: their accounts and what belongs to them, their sessions, themselves. Of what is another’s they are told what they would be told of nothing |',
    '| own, granted | also on accounts whose owner let them read (`grantAccess`); on all where the deployment says `ANALYSTS_SEE_ALL=true` |',
    '| – | refused: `UNAUTHENTICATED` to whoever is not signed in, `MFA_REQUIRED` to an admin without a second factor, `FORBIDDEN` to everybody else. Nothing runs, nothing is opened, no rate is spent |',
    '',
    '- The page is that of `PUBLIC_MARKET_DATA=false` and `INTROSPECTION=true`. With `PUBLIC_MARKET_DATA=true` market data is also for the',
    '  signed out; with `INTROSPECTION=false` (production) an API key alone reads `__schema` and `__type`.',
    '- **Roles add up**: whoever has several may do what any of them may. ADMIN is no trader by itself.',
    '- **ADMIN counts once a second factor was proven** in the session; until then (the column ADMIN_WITHOUT_MFA) there is enrolling one and',
    '  nothing else. Where a rule asks for a second factor proven within 5 minutes, the columns are of somebody who has just proven it; others',
    '  are refused with `STEP_UP_REQUIRED`, or `MFA_REQUIRED` where they have none.',
    '- **An API key needs both**: a scope that opens the field, and an owner who may use it now. A column `key: …` is a key with that one',
    '  scope whose owner has every role, so it shows what the scope itself allows; of accounts a key reaches its owner’s own alone. A key',
    '  never administers.',
    '- **cost** is what the field adds to the cost of its document; `5 × markets` is 5, and what is asked of an item, for each entry of the',
    `  argument. A document may cost ${limits.cost.signedIn}, ${limits.cost.apiKey} where an API key asks, ${limits.cost.anonymous} signed out; all of a`,
    `  minute ${limits.cost.documentsAMinute} times as much. **rate** counts for each user and field, or each address of the`,
    '  signed out. Every other limit: [src/security/limits.ts](../src/security/limits.ts).',
    '',
    ...tabulate(cells).flatMap(({ type, header, rows }) => [
      `## ${headingOf(type)}`,
      '',
      lineOf(header),
      lineOf(header.map(() => '---')),
      ...rows.map(([field = '', ...rest]) => lineOf([`\`${field}\``, ...rest])),
      '',
    ]),
    '## Scopes of API keys',
    '',
    '| scope | lets a key |',
    '| --- | --- |',
    ...Object.entries(scopeMeanings).map(([scope, meaning]) => lineOf([scope, meaning])),
    '',
    '## What is reached through a field',
    '',
    'Whoever is let in at a root field may read what it gives; types have no rules of their own, and are reached in no other way. Only what is',
    'of an account (balances, positions, executions) is asked for again: a key that may change an account, and lacks `ACCOUNT_READ`, does not',
    'read it in the answer to a mutation.',
    'A type without a row keeps the server from starting.',
    '',
    ...[mainTable, authTable].flatMap(({ objectTypes }, index) => [
      `- \`${['/graphql', '/auth/graphql'][index] ?? ''}\`: ${Object.keys(objectTypes).sort().join(', ')}`,
    ]),
    '',
  ].join('\n');
}

function headingOf(type: string): string {
  const [endpoint, root] = type.startsWith('auth/')
    ? ['/auth/graphql', type.slice('auth/'.length)]
    : ['/graphql', type];
  return `${root} of \`${endpoint}\``;
}

function lineOf(words: readonly string[]): string {
  return `| ${words.join(' | ')} |`;
}

main();
