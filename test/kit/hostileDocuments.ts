/** A document that must be refused before anything runs, and the code it is refused with. */
export interface HostileDocument {
  readonly name: string;
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly code: string;
  /** Set where the frame is over the payload limit of a WebSocket, which then closes with 1009. */
  readonly isOverSocketPayload?: boolean;
}

/** Written as JSON nested so deep that whatever recurses over it runs out of stack; `JSON.stringify` of the test itself would, too. */
class DeepValue {
  constructor(private readonly depth: number) {}

  toJSON(): unknown {
    return `deep:${this.depth}`;
  }
}

/** The JSON of a request, deep values written out. */
export function toRequestText(request: unknown): string {
  return JSON.stringify(request).replace(
    /"deep:(\d+)"/g,
    (_text, depth: string) => `${'['.repeat(Number(depth))}${']'.repeat(Number(depth))}`,
  );
}

/** node(id) → Market → … cannot nest by itself, so depth is made of inline fragments and `node` in fragments. */
function nested(depth: number): string {
  // __type nests without end: ofType { ofType { … } }
  return `{ __type(name: "Ticker") ${'{ ofType '.repeat(depth - 2)}{ name }${' }'.repeat(depth - 2)} }`;
}

function fragmentChain(links: number): string {
  const chain = Array.from(
    { length: links },
    (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`,
  );
  return `{ ...F0 } ${chain.join(' ')} fragment F${links} on Query { serverTime }`;
}

function aliases(count: number): string {
  return `{ ${Array.from({ length: count }, (_, index) => `a${index}: serverTime`).join(' ')} }`;
}

const market = '"simulator:BTC/USDT"';

export const hostileDocuments: readonly HostileDocument[] = [
  { name: 'nesting, one level too deep', query: nested(9), code: 'QUERY_TOO_DEEP' },
  {
    name: 'nesting hidden in fragments',
    query: `{ __type(name: "Ticker") { ...A } } fragment A on __Type { ofType { ofType { ...B } } } fragment B on __Type { ofType { ofType { ...C } } } fragment C on __Type { ofType { ofType { ofType { name } } } }`,
    code: 'QUERY_TOO_DEEP',
  },
  {
    name: 'cost by a literal',
    query: `{ markets(first: 500) { id feed { stale } ticker { last } } node(id: "x") { id } candles(market: ${market}, timeframe: M1, first: 1000) { open } trades(market: ${market}, first: 1000) { id } }`,
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost by a variable',
    query: 'query ($n: Int) { markets(first: $n) { ticker { last } feed { stale } } }',
    variables: { n: 2_000 },
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost by the default of a variable',
    query: 'query ($n: Int = 2000) { markets(first: $n) { ticker { last } feed { stale } } }',
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost by a list in a variable',
    query: 'query ($m: [MarketId!]!) { tickers(markets: $m) { last } }',
    variables: { m: Array.from({ length: 1_001 }, (_, index) => `simulator:A${index}/USDT`) },
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost behind an include that holds',
    query:
      'query ($yes: Boolean!) { ... @include(if: $yes) { markets(first: 2000) { ticker { last } feed { stale } } } }',
    variables: { yes: true },
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost multiplied by fragments',
    query: `{ markets(first: 500) { ...M } } fragment M on Market { ticker { last } feed { stale } ...N } fragment N on Market { ticker { bid } }`,
    code: 'QUERY_TOO_COSTLY',
  },
  { name: 'a fragment bomb that doubles 11 times', query: fragmentChain(11), code: 'QUERY_TOO_COSTLY' },
  { name: 'a fragment bomb that doubles 15 times', query: fragmentChain(15), code: 'QUERY_TOO_COSTLY' },
  { name: 'a fragment bomb that doubles 40 times', query: fragmentChain(40), code: 'QUERY_TOO_COSTLY' },
  {
    name: 'a circle of fragments',
    query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    code: 'GRAPHQL_VALIDATION_FAILED',
  },
  { name: '16 aliases', query: aliases(16), code: 'QUERY_TOO_MANY_ALIASES' },
  { name: '1,000 aliases', query: aliases(1_000), code: 'QUERY_TOO_LARGE' },
  {
    name: '21 directives',
    query: `{ ${'serverTime @skip(if: false) '.repeat(11)} ... @skip(if: false) { ${'serverTime @skip(if: false) '.repeat(10)} } }`,
    code: 'QUERY_TOO_MANY_DIRECTIVES',
  },
  { name: 'one field 21 times', query: `{ ${'serverTime '.repeat(21)} }`, code: 'QUERY_TOO_COSTLY' },
  { name: '1,001 tokens', query: `{ ${'serverTime '.repeat(999)} }`, code: 'QUERY_TOO_LARGE' },
  { name: '16,385 bytes', query: `{ serverTime } #${' '.repeat(16_385)}`, code: 'QUERY_TOO_LARGE' },
  { name: '200,000 tokens', query: '{'.repeat(200_000), code: 'QUERY_TOO_LARGE', isOverSocketPayload: true },
  {
    name: 'a string of 20 MB',
    query: `{ market(id: "${'x'.repeat(20_000_000)}") { id } }`,
    code: 'QUERY_TOO_LARGE',
    isOverSocketPayload: true,
  },
  {
    name: 'cost by a null that stands for the default',
    query: `{ ${Array.from({ length: 11 }, (_, index) => `a${index}: candles(market: ${market}, timeframe: M1, first: null) { open }`).join(' ')} }`,
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost by a null in a variable',
    query: `query ($n: Int) { ${Array.from({ length: 11 }, (_, index) => `a${index}: candles(market: ${market}, timeframe: M1, first: $n) { open }`).join(' ')} }`,
    variables: { n: null },
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost by how many of the end',
    query: '{ orders(last: 3000) { edges { node { id } } } }',
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost of lists in lists',
    query: '{ orders(first: 500) { edges { node { trades(first: 500) { id } history(first: 500) { at } } } } }',
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost behind includes on the way, that hold',
    query:
      'query ($yes: Boolean!) { markets(first: 2000) { ticker @include(if: $yes) { last } feed @include(if: $yes) { stale } } }',
    variables: { yes: true },
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'cost behind a skip that does not hold',
    query: 'query ($no: Boolean = false) { markets(first: 2000) @skip(if: $no) { ticker { last } feed { stale } } }',
    code: 'QUERY_TOO_COSTLY',
  },
  {
    name: 'a variable with 4,000 fields that are not there',
    query: `query ($r: TimeRange) { candles(market: ${market}, timeframe: M1, range: $r) { open } }`,
    variables: { r: Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`k${index}`, 1])) },
    code: 'BAD_USER_INPUT',
  },
  {
    name: 'a variable nested 33 deep',
    query: 'query ($id: MarketId!) { market(id: $id) { id } }',
    variables: { id: JSON.parse(`${'['.repeat(33)}${']'.repeat(33)}`) as unknown },
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'a variable nested 16,000 deep',
    query: 'query ($id: MarketId!) { market(id: $id) { id } }',
    variables: { id: new DeepValue(16_000) },
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'a subscription whose field is skipped',
    query: 'subscription { tickers(markets: ["simulator:BTC/USDT"]) @skip(if: true) { meta { seq } } }',
    code: 'GRAPHQL_VALIDATION_FAILED',
  },
  {
    name: 'a subscription whose field is skipped in a fragment',
    query:
      'subscription { ...A } fragment A on Subscription { ... @include(if: false) { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } } } }',
    code: 'GRAPHQL_VALIDATION_FAILED',
  },
  { name: 'two operations', query: 'query A { serverTime } query B { serverTime }', code: 'BATCH_REFUSED' },
  { name: 'broken syntax', query: '{ serverTime', code: 'GRAPHQL_PARSE_FAILED' },
  { name: 'an empty document', query: '', code: 'GRAPHQL_PARSE_FAILED' },
  { name: 'a field that is not there', query: '{ serverTim }', code: 'GRAPHQL_VALIDATION_FAILED' },
  {
    name: 'an argument of the wrong shape',
    query: '{ market(id: "no market") { id } }',
    code: 'GRAPHQL_VALIDATION_FAILED',
  },
  {
    name: 'a variable of the wrong type',
    query: 'query ($n: Int) { markets(first: $n) { id } }',
    variables: { n: 'many' },
    code: 'BAD_USER_INPUT',
  },
  {
    name: 'a variable that is missing',
    query: 'query ($id: MarketId!) { market(id: $id) { id } }',
    code: 'BAD_USER_INPUT',
  },
];
