import { parse } from 'graphql';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import { AccessReview, type AccessExplanation } from '../../src/security/accessReview';
import { limits } from '../../src/security/limits';
import { mainTable } from '../../src/security/permissions';
import type { Subject } from '../../src/security/subjects';
import { TrustedOperations } from '../../src/security/trustedOperations';
import { hostileDocuments, toRequestText } from '../kit/hostileDocuments';
import { TestServer } from '../kit/testServer';

const schema = buildMainSchema();
const access = { publicMarketData: false, introspection: true, clock: Date.now };

function open(trusted: readonly string[] | null = null, settings: Partial<typeof access> = {}): AccessReview {
  const trustedOperations = new TrustedOperations(trusted?.map((text) => parse(text)) ?? null);
  return new AccessReview({ schema, table: mainTable, settings: { ...access, ...settings }, trustedOperations });
}

function explain(document: string, subject: Subject, variables: Record<string, unknown> = {}): AccessExplanation {
  return open().explain({ document, subject, variables });
}

const codes = ({ refusals }: AccessExplanation): readonly string[] => refusals.map(({ code }) => code);

describe('an explanation', () => {
  it('names every field that would be refused by its place in the answer, and lets the others stand', () => {
    const document = `query { time: serverTime mine: me { id } ...Rest }
      fragment Rest on Query { accounts { id } left: me @skip(if: true) { id } again: accounts @include(if: true) { id } }`;
    const said = explain(document, 'AUDITOR');
    expect(said.rules.map(({ field, decision }) => [field, decision])).toEqual([
      ['serverTime', 'ALLOW'],
      ['me', 'ALLOW'],
      ['accounts', 'FORBIDDEN'],
      ['accounts', 'FORBIDDEN'],
    ]);
    expect(said.refusals.map(({ code, path }) => [code, path])).toEqual([
      ['FORBIDDEN', ['accounts']],
      ['FORBIDDEN', ['again']],
    ]);
    expect(said.allowed).toBe(false);
    expect(explain(document, 'TRADER')).toMatchObject({ allowed: true, refusals: [] });
  });

  it('counts depth and cost with the variables, beside what the subject may have', () => {
    const document = 'query ($n: Int) { markets(first: $n) { ticker { last } } }';
    const figures = (subject: Subject, n: number) => {
      const { depth, maxDepth, cost, maxCost, allowed, refusals } = explain(document, subject, { n });
      return { depth, maxDepth, cost, maxCost, allowed, codes: refusals.map(({ code }) => code) };
    };
    const same = { depth: 3, maxDepth: limits.document.maxDepth };
    const [signedIn, anonymous] = [limits.cost.signedIn, limits.cost.anonymous];
    expect(figures('VIEWER', 200)).toEqual({ ...same, cost: 1_200, maxCost: signedIn, allowed: true, codes: [] });
    const tooCostly = ['QUERY_TOO_COSTLY'];
    expect(figures('ANONYMOUS', 200)).toEqual({
      ...same,
      cost: 1_200,
      maxCost: anonymous,
      allowed: false,
      codes: tooCostly,
    });
    expect(figures('VIEWER', 1_000)).toMatchObject({ cost: 6_000, allowed: false, codes: tooCostly });
  });

  it.each([
    ['', 'GRAPHQL_PARSE_FAILED'],
    ['   ', 'GRAPHQL_PARSE_FAILED'],
    ['what may I do?', 'GRAPHQL_PARSE_FAILED'],
    ['{ serverTime', 'GRAPHQL_PARSE_FAILED'],
    ['fragment Alone on Query { serverTime }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ nothingOfThatName }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query ($n: Int!) { markets(first: $n) { id } }', 'BAD_USER_INPUT'],
    ['query A { serverTime } query B { serverTime }', 'BATCH_REFUSED'],
    ['subscription { orders(account: "a") { orders { history { seq } } } }', 'NOT_STREAMABLE'],
    [
      'subscription { orders(account: "a") { orders { id } } balances(account: "a") { accountId } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [`{ ${'serverTime '.repeat(600)} }`, 'QUERY_TOO_COSTLY'],
    [`# ${'long '.repeat(4_000)}`, 'QUERY_TOO_LARGE'],
  ])('of what is no good document says which code it is refused with: %.40s', (document, code) => {
    const said = explain(document, 'ADMIN');
    expect([said.allowed, said.rules, codes(said)[0]]).toEqual([false, [], code]);
    expect(said.refusals.every(({ path, message }) => path === null && message !== '')).toBe(true);
  });

  it('tells whether the operation allow-list lets it pass', () => {
    const review = open(['{ serverTime }']);
    const ask = (document: string) => review.explain({ document, subject: 'ANONYMOUS', variables: {} });
    expect(ask('{ serverTime # with a comment\n }')).toMatchObject({ trusted: true, allowed: true });
    expect(ask('{ time: serverTime }')).toMatchObject({
      trusted: false,
      allowed: false,
      refusals: [{ code: 'OPERATION_NOT_TRUSTED' }],
    });
  });

  it('knows where reading the schema is switched off, and for whom it is not', () => {
    const review = open(null, { introspection: false });
    const ask = (subject: Subject) =>
      review.explain({ document: '{ __schema { types { name } } }', subject, variables: {} });
    expect(codes(ask('ADMIN'))).toEqual(['FORBIDDEN']);
    expect(ask('ADMIN').rules).toMatchObject([{ field: '__schema', decision: 'FORBIDDEN' }]);
    expect(ask('KEY_SCHEMA_READ').allowed).toBe(true);
    expect(codes(ask('KEY_MARKET_READ'))).toEqual(['FORBIDDEN']);
  });
});

describe('what a server refuses', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  it.each(hostileDocuments)('is explained with the same codes: $name', async ({ query, variables }) => {
    const text = toRequestText({ query, variables });
    const answer = await server.post(text, { authorization: server.bearer('TRADER') });
    const request = JSON.parse(text) as { readonly variables?: Record<string, unknown> };
    expect(codes(explain(query, 'TRADER', request.variables))).toEqual(answer.codes);
  });

  const ask = async (authorization: string, variables: unknown) => {
    const query = `query ($document: String!, $subject: Subject!, $variables: JSON) {
      explainAccess(document: $document, subject: $subject, variables: $variables) { allowed cost refusals { code } }
      permissionMatrix(subject: $subject) { type field subject decision }
    }`;
    return server.post({ query, variables }, { authorization });
  };

  it('is told to those who review it', async () => {
    const document = 'query ($n: Int!) { markets(first: $n) { id } }';
    const { body } = await ask(server.bearer('AUDITOR'), { document, subject: 'VIEWER', variables: { n: 7 } });
    expect(body.data?.['explainAccess']).toEqual({ allowed: true, cost: 7, refusals: [] });
    expect(body.data?.['permissionMatrix']).toContainEqual({
      type: 'Query',
      field: 'accounts',
      subject: 'VIEWER',
      decision: 'ALLOW',
    });
    const literal = `{ explainAccess(document: "query ($n: Int!) { markets(first: $n) { id } }", subject: VIEWER, variables: { n: 7 }) { cost } }`;
    const written = await server.post({ query: literal }, { authorization: server.bearer('ADMIN') });
    expect(written.body.data).toEqual({ explainAccess: { cost: 7 } });
  });

  it.each([[[1]], ['text'], [7]])('is not told of variables that are none: %p', async (variables) => {
    const { codes: refused } = await ask(server.bearer('ADMIN'), { document: '{ x }', subject: 'VIEWER', variables });
    expect(refused).toEqual(['BAD_USER_INPUT']);
  });
});
