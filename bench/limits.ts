import 'reflect-metadata';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'graphql';
import { buildMainSchema } from '../src/graphql/buildSchemas';
import { Admission } from '../src/security/admission';
import { mainTable } from '../src/security/permissions';
import { OperationCost, type RequestContext } from '../src/security/requestContext';
import { TrustedOperations } from '../src/security/trustedOperations';

/*
 * How long it takes to decide about a document, against its size. Each family of hostile documents is decided at a base
 * size and at twice, four and eight times that; a family is sound where time grows no faster than size.
 * The named baseline is graphql-js's own parse of a plain document of the same number of bytes, in the same run,
 * so that the ratio says what deciding costs beyond reading.
 * Usage: npm run bench:limits [-- --write]      (--write puts the table into bench/RESULTS.md)
 */

const rounds = 41;
const factors = [1, 2, 4, 8] as const;
/** Noise of a shared machine: growth within it counts as "no faster". */
const tolerance = 1.35;

interface Family {
  readonly name: string;
  readonly make: (size: number) => string;
  /** What is hostile in the variables of a document that is not. */
  readonly makeVariables?: (size: number) => Record<string, unknown>;
  readonly base: number;
}

const repeat = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ');

const families: Family[] = [
  { name: 'nesting', base: 12, make: (n) => `{ __type(name: "T") ${'{ ofType '.repeat(n)}{ name }${' }'.repeat(n)} }` },
  { name: 'aliases', base: 40, make: (n) => `{ ${repeat(n, (index) => `a${index}: serverTime`)} }` },
  { name: 'the same field again', base: 120, make: (n) => `{ ${repeat(n, () => 'serverTime')} }` },
  {
    name: 'the same field with arguments',
    base: 18,
    make: (n) => `{ ${repeat(n, () => 'market(id: "a:B") { id }')} }`,
  },
  { name: 'directives', base: 30, make: (n) => `{ ${repeat(n, () => 'serverTime @skip(if: false)')} }` },
  {
    name: 'fragments that double',
    base: 8,
    make: (n) =>
      `{ ...F0 } ${repeat(n, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F${n} on Query { serverTime }`,
  },
  {
    name: 'a circle of fragments',
    base: 8,
    make: (n) => `{ ...F0 } ${repeat(n, (index) => `fragment F${index} on Query { ...F${(index + 1) % n} }`)}`,
  },
  { name: 'unknown fields', base: 100, make: (n) => `{ ${repeat(n, (index) => `x${index}`)} }` },
  { name: 'tokens beyond the limit', base: 2_000, make: (n) => `{ ${'a '.repeat(n)} }` },
  { name: 'bytes beyond the limit', base: 16_000, make: (n) => `{ serverTime } #${'x'.repeat(n)}` },
  {
    name: 'cost in a literal',
    base: 10,
    make: (n) => `{ ${repeat(n, () => 'markets(first: 500) { ticker { last } }')} }`,
  },
];

const range = 'query ($r: TimeRange) { candles(market: "a:B", timeframe: M1, range: $r) { open } }';
const list = 'query ($m: [MarketId!]!) { tickers(markets: $m) { last } }';
families.push(
  {
    name: 'unknown fields in a variable',
    base: 500,
    make: () => range,
    makeVariables: (n) => ({ r: Object.fromEntries(Array.from({ length: n }, (_, index) => [`k${index}`, 1])) }),
  },
  {
    name: 'wrong items in a variable',
    base: 1_000,
    make: () => list,
    makeVariables: (n) => ({ m: new Array<number>(n).fill(7) }),
  },
  {
    name: 'items beyond the cost in a variable',
    base: 1_001,
    make: () => list,
    makeVariables: (n) => ({ m: Array.from({ length: n }, (_, index) => `a:B${index}`) }),
  },
);

const admission = new Admission({
  schema: buildMainSchema(),
  table: mainTable,
  settings: { publicMarketData: false, introspection: true, clock: Date.now },
  trustedOperations: new TrustedOperations(null),
});
const context: RequestContext = {
  cost: new OperationCost(),
  principal: {
    userId: 'u',
    roles: ['TRADER'],
    tokenId: 't',
    credential: { kind: 'session', id: 's' },
    scopes: null,
    verifiedAt: null,
    issuedAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
  },
  rateKey: 'user:u',
  ip: '127.0.0.1',
  userAgent: null,
  transport: 'ws',
  requestId: 'r',
};

let turn = 0;

interface Request {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  /** Bytes of both. */
  readonly size: number;
}

function makeRequest(family: Family, factor: number): Request {
  const query = family.make(family.base * factor);
  const variables = family.makeVariables?.(family.base * factor) ?? {};
  const size = query.length + (family.makeVariables === undefined ? 0 : JSON.stringify(variables).length);
  return { query, variables, size };
}

/** True where the request was refused. */
function decide({ query, variables }: Request): boolean {
  try {
    admission.assertText(query, variables);
    // Text that differs by a space is new to it: nothing is answered from memory.
    turn = (turn + 1) % 1_000;
    const document = admission.parse(`${query}${' '.repeat(turn)}`);
    return admission.refusalsOf(document, { variables, operationName: null }, context).length > 0;
  } catch {
    return true;
  }
}

function timeMs(work: () => void): number {
  const startedAt = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - startedAt) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** As many bytes of harmless GraphQL. */
function plainDocument(bytes: number): string {
  return `{ ${'serverTime '.repeat(Math.ceil(bytes / 11))} }`;
}

interface Row {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly decisionMs: readonly number[];
  readonly baselineMs: readonly number[];
  /** Growth of time over growth of size, from the second size to the last: 1 is in step. */
  readonly growth: number;
}

function measure(family: Family): Row {
  const requests = factors.map((factor) => makeRequest(family, factor));
  const plain = requests.map(({ size }) => plainDocument(size));
  for (const request of requests.slice(-1)) {
    if (!decide(request)) throw new Error(`${family.name}: the largest request was let through`);
  }
  for (let round = 0; round < 20; round += 1) for (const request of requests) decide(request);
  const samples = requests.map(() => ({ decision: [] as number[], baseline: [] as number[] }));
  // Interleaved, so that a slow moment of the machine meets all alike.
  for (let round = 0; round < rounds; round += 1) {
    requests.forEach((request, index) => {
      samples[index]?.decision.push(timeMs(() => decide(request)));
      samples[index]?.baseline.push(timeMs(() => parse(plain[index] ?? '')));
    });
  }
  const decisionMs = samples.map(({ decision }) => median(decision));
  const sizes = requests.map(({ size }) => size);
  const growthOf = (values: readonly number[]): number => (values.at(-1) ?? 1) / (values[1] ?? 1);
  return {
    name: family.name,
    sizes,
    decisionMs,
    baselineMs: samples.map(({ baseline }) => median(baseline)),
    growth: growthOf(decisionMs) / growthOf(sizes),
  };
}

function toMarkdown(rows: readonly Row[]): string {
  const lines = rows.map(({ name, sizes, decisionMs, baselineMs, growth }) => {
    const ratio = (decisionMs.at(-1) ?? 0) / (baselineMs.at(-1) ?? 1);
    return `| ${name} | ${sizes[1] ?? 0} → ${sizes.at(-1) ?? 0} | ${(decisionMs[1] ?? 0).toFixed(2)} → ${(decisionMs.at(-1) ?? 0).toFixed(2)} | ${growth.toFixed(2)} | ${ratio.toFixed(2)} |`;
  });
  return [
    '## Deciding about hostile documents',
    '',
    `\`npm run bench:limits\`: median of ${rounds} rounds, all sizes interleaved; Node ${process.versions.node}.`,
    'Growth: how much faster time grows than size (1 = in step, less = slower). Ratio: deciding over graphql-js parsing as many bytes of a plain document, at the largest size.',
    '',
    '| family | bytes | ms to decide | growth | ratio to parsing |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function writeResults(section: string): void {
  const file = resolve(__dirname, 'RESULTS.md');
  const old = existsSync(file)
    ? readFileSync(file, 'utf8')
    : '# Results\n\nEach section is written by the command that it names.\n\n';
  const [before = '', rest = ''] = old.split('## Deciding about hostile documents');
  const after = rest.includes('\n## ') ? rest.slice(rest.indexOf('\n## ') + 1) : '';
  writeFileSync(file, `${before}${section}${after === '' ? '' : `\n${after}`}`);
}

const rows = families.map(measure);
const section = toMarkdown(rows);
process.stdout.write(section);
if (process.argv.includes('--write')) writeResults(section);
const faster = rows.filter(({ growth }) => growth > tolerance);
if (faster.length > 0) {
  process.stdout.write(`\nTime grows faster than size: ${faster.map(({ name }) => name).join(', ')}.\n`);
  process.exitCode = 1;
}
