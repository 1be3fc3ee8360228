import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { getIntrospectionQuery, getOperationAST, print, type DocumentNode } from 'graphql';
import * as generated from '../../src/graphql/operations.generated';
import { roles } from '../../src/identity/principal';
import { TrustedOperations } from '../../src/security/trustedOperations';
import { RawSocket } from '../kit/rawSocket';
import { streamClients } from '../kit/streamClients';
import { eventually } from '../kit/eventually';
import { codesOf, TestServer } from '../kit/testServer';

const documents = Object.values(generated) as readonly DocumentNode[];
const operations = documents.filter((document) => getOperationAST(document) != null);
const kindOf = (document: DocumentNode): string => getOperationAST(document)!.operation;

const btc = 'simulator:BTC/USDT';
const input = { idempotencyKey: 'a', account: 'b', market: btc, type: 'MARKET', side: 'BUY', amount: '1' };
/** Of every operation of schema/operations/; what one of them does not declare is not looked at. */
const variables = {
  market: btc,
  markets: [btc],
  id: btc,
  timeframe: 'M1',
  by: ['MARKET'],
  account: 'b',
  idempotencyKey: 'a',
  input,
};

const refusal = ['OPERATION_NOT_TRUSTED'];
const market = print(generated.MarketDocument);

let server: TestServer;
let authorization: string;

beforeAll(async () => {
  const login = { login: () => Promise.resolve({ accessToken: 't', expiresAt: 0, refreshToken: 'r' }) };
  server = await TestServer.start({ trustedOperations: new TrustedOperations(documents), login });
  authorization = server.bearer('ADMIN', 'TRADER', 'ANALYST', 'AUDITOR', 'VIEWER');
});

afterAll(() => server.stop());

async function overSocket(payload: object, as: string = authorization): Promise<readonly unknown[]> {
  const socket = await RawSocket.connect(server.wsUrl, as);
  socket.send({ id: '1', type: 'subscribe', payload });
  const message = await socket.next();
  socket.close();
  if (message.type === 'error') return codesOf(message.payload as never);
  return codesOf((message.payload as { errors?: [] } | undefined)?.errors);
}

describe('what the build knows', () => {
  it.each(roles)('is let in over the transport that carries it, for whoever may use it: %s', async (role) => {
    const as = server.bearer(role);
    for (const document of operations) {
      const body = { query: print(document), variables };
      const kind = kindOf(document);
      const answers = [
        ...(kind === 'subscription' ? [] : [(await server.post(body, { authorization: as })).codes]),
        ...(kind === 'mutation' ? [] : [await overSocket(body, as)]),
      ];
      const [name] = [getOperationAST(document)?.name?.value];
      for (const codes of answers) expect([name, codes]).not.toEqual([name, expect.arrayContaining(beforeItsField)]);
    }
    expect((await server.post({ query: market, variables }, { authorization: as })).body.data).toMatchObject({
      market: { id: btc },
    });
  });

  it.each([
    ['in one line', market.replace(/\s+/g, ' ')],
    ['with a comment and commas', market.replace('{', '{ # of one market\n,,')],
    ['with __typename in every selection', market.replaceAll(/\{(?=\n)/g, '{ __typename')],
  ])('runs however it is laid out: %s', async (_how, query) => {
    expect((await server.post({ query, variables }, { authorization })).codes).toEqual([]);
    expect(await overSocket({ query, variables })).toEqual([]);
  });

  it('runs with its fragments in front of it or behind it', async () => {
    const { definitions } = generated.OrdersDocument;
    const turned = { ...generated.OrdersDocument, definitions: definitions.toReversed() };
    expect(definitions.length).toBeGreaterThan(1);
    const { codes } = await server.post({ query: print(turned) }, { authorization });
    expect(codes).not.toEqual(refusal);
  });
});

/** Codes of a document that never came as far as its field. */
const beforeItsField = [
  ...refusal,
  'GRAPHQL_VALIDATION_FAILED',
  'GRAPHQL_PARSE_FAILED',
  'QUERY_TOO_COSTLY',
  'BAD_REQUEST',
];

describe('anything else', () => {
  const me = print(generated.MeDocument);

  it.each([
    ['a document of one’s own', '{ serverTime }'],
    ['one under another name', market.replace('query Market', 'query Other')],
    ['one without a name', market.replace('query Market', 'query')],
    ['with a field more', market.replace('{\n    id', '{\n    id settle')],
    ['with a field less', market.replace('    symbol\n', '')],
    ['with an alias', market.replace('    symbol\n', '    s: symbol\n')],
    ['with an alias of __typename', market.replace('    symbol\n', '    symbol a: __typename\n')],
    ['with a directive', market.replace('    symbol\n', '    symbol @skip(if: false)\n')],
    ['with a value in place of a variable', market.replace('($id: MarketId!)', '').replace('$id', JSON.stringify(btc))],
    ['two of the list in one document', `${market} ${me}`],
    ['a fragment of its own beside one of the list', `${me} fragment F on User { id }`],
    ['what would not even be valid', '{ nothing { of: the } schema }'],
    ['what is too deep', '{ a { a { a { a { a { a { a { a { a { a } } } } } } } } } }'],
    ['introspection', getIntrospectionQuery()],
    ['a look at one type', '{ __type(name: "Query") { name } }'],
  ])('is refused over both transports before anything of it is told, or done: %s', async (_what, query) => {
    const [calls, opened] = [server.market.calls, server.market.opened.length];
    const answer = await server.post({ query, variables }, { authorization });
    expect([answer.status, answer.codes]).toEqual([400, refusal]);
    expect(JSON.stringify(answer.body)).not.toMatch(/nothing|schema|Market/);
    expect(await overSocket({ query, variables })).toEqual(refusal);
    expect([server.market.calls, server.market.opened.length]).toEqual([calls, opened]);
  });

  it('is refused to every role, and to whoever is not signed in', async () => {
    for (const as of [...roles.map((role) => server.bearer(role)), undefined]) {
      const { codes } = await server.post({ query: '{ serverTime }' }, as === undefined ? {} : { authorization: as });
      expect(codes).toEqual(refusal);
    }
  });

  it('does not come in by another door: a batch, a hash, a GET', async () => {
    const known = { query: market, variables };
    expect((await server.post([known, { query: '{ serverTime }' }], { authorization })).codes).toEqual([
      'BATCH_REFUSED',
    ]);
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    for (const query of [undefined, '{ serverTime }', market]) {
      const { codes } = await server.post({ query, variables, extensions }, { authorization });
      expect(codes).toEqual(['PERSISTED_QUERY_NOT_SUPPORTED']);
    }
    expect(await overSocket({ query: '{ serverTime }', extensions })).toEqual(refusal);
    const url = `${server.httpUrl}/graphql?query=${encodeURIComponent(me)}`;
    expect((await fetch(url, { headers: { authorization, 'apollo-require-preflight': '1' } })).status).toBe(404);
  });

  it('is open at /auth/graphql, where nothing is to be read and every document is one call', async () => {
    const query = 'mutation { login(email: "a@b.test", password: "c") { accessToken } }';
    expect((await server.post({ query }, { path: '/auth/graphql' })).codes).toEqual([]);
  });
});

describe('the clients that frontends use', () => {
  it('run what is trusted over HTTP as they are, and are told by its code of what is not', async () => {
    const link = new HttpLink({ uri: `${server.httpUrl}/graphql`, headers: { authorization } });
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const found = await client.query({ query: gql(market), variables: { id: btc } });
    // It asks for __typename by itself, in order to know what it has in its cache.
    expect(found.data).toMatchObject({ market: { id: btc, __typename: 'Market' } });
    const refused = await client.query({ query: gql('query Mine { serverTime }') }).catch((error: unknown) => error);
    expect(CombinedGraphQLErrors.is(refused) ? codesOf(refused.errors as never) : refused).toEqual(refusal);
    client.stop();
  });

  it.each(streamClients)(
    'run what is trusted over the WebSocket, and are told by its code of what is not: %s',
    async (_name, open) => {
      const trusted = print(generated.PublicTradesDocument);
      const client = open(server.wsUrl, authorization);
      const stream = client.watch(trusted, { markets: [btc] });
      await eventually(() => stream.events.length > 0);
      const refused = client.watch('subscription { trades(markets: ["simulator:BTC/USDT"]) { meta { kind } } }');
      await eventually(() => refused.errorCodes.length > 0);
      expect([stream.errorCodes, refused.errorCodes]).toEqual([[], refusal]);
      stream.unsubscribe();
      await client.close();
    },
  );
});
