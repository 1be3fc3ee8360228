import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import type { Principal } from '../../src/identity/principal';
import type { ServerParts } from '../../src/server/serverParts';
import { RawSocket } from '../kit/rawSocket';
import { codesOf, TestServer, type GraphqlAnswer } from '../kit/testServer';

type Body = GraphqlAnswer['body'];

/** Ways to be told what a schema holds, for one who knows nothing of it. */
const probes: readonly (readonly [string, string, string])[] = [
  ['__schema', '{ __schema { types { name fields { name } } } }', 'FORBIDDEN'],
  ['__type', '{ __type(name: "Query") { fields { name args { name } } } }', 'FORBIDDEN'],
  ['an alias', '{ x: __schema { queryType { fields { name } } } __typename }', 'FORBIDDEN'],
  [
    'a fragment in a fragment',
    'query { ...A } fragment A on Query { ... { ...B } } fragment B on Query { __schema { mutationType { fields { name } } } }',
    'FORBIDDEN',
  ],
  [
    'misspelt names',
    '{ serverTim login mee { i } ticke(marke: 1) { lst } markt(i: "x") { bas } __schem { type } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
];

let server: TestServer;
let tokens: ServerParts['tokens'];

beforeAll(async () => {
  server = await TestServer.start({
    access: { introspection: false },
    verifier: { verify: (token, ip) => (token === keyOfSchema ? principalOfKey : tokens.verify(token, ip)) },
  });
  ({ tokens } = server);
});

afterAll(() => server.stop());

const keyOfSchema = 'tg_key_of_the_schema';
const principalOfKey: Principal = {
  userId: 'f7f8fe2c-cb8b-42bf-8ba8-bdf4b075983d',
  roles: ['ANALYST'],
  tokenId: 'k1',
  credential: { kind: 'apiKey', id: 'k1' },
  scopes: ['SCHEMA_READ'],
  verifiedAt: null,
  issuedAt: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
};

/** Every name that a schema gives to something. */
function namesOf(file: string): readonly string[] {
  const schema = buildSchema(readFileSync(path.resolve(__dirname, '../../schema', file), 'utf8'));
  const names = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    names.add(type.name);
    if (isEnumType(type)) for (const { name } of type.getValues()) names.add(name);
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const name of Object.keys(type.getFields())) names.add(name);
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const { args } of Object.values(type.getFields())) for (const { name } of args) names.add(name);
    }
  }
  return [...names];
}

const schemaNames = [...new Set(['schema.graphql', 'auth.graphql'].flatMap(namesOf))];

/** What stands around every refusal, the English of it, and what every schema of GraphQL calls its root. */
const plainWords = new Set(['errors', 'message', 'code', 'path', 'field', 'fields', 'name', 'type', 'Query']);

/** Names that an answer tells and its question does not. */
function toldNames(question: string, answer: unknown): readonly string[] {
  const wordsOf = (text: string): ReadonlySet<string> => new Set(text.split(/\W+/));
  const [asked, told] = [wordsOf(question), wordsOf(JSON.stringify(answer))];
  return schemaNames.filter((name) => told.has(name) && !asked.has(name) && !plainWords.has(name));
}

async function overSocket(query: string, authorization?: string): Promise<Body> {
  const socket = await RawSocket.connect(server.wsUrl, authorization);
  socket.subscribe('1', query);
  const { type, payload } = await socket.next();
  socket.close();
  return type === 'error' ? { errors: payload as NonNullable<Body['errors']> } : (payload as Body);
}

const askers: readonly (readonly [string, () => string | undefined])[] = [
  ['nobody', () => undefined],
  ['a viewer', () => server.bearer('VIEWER')],
  ['an admin', () => server.bearer('ADMIN')],
];

const ways: readonly (readonly [string, (query: string, authorization?: string) => Promise<Body>])[] = [
  ['/graphql', async (query, authorization) => (await post('/graphql', query, authorization)).body],
  ['/auth/graphql', async (query, authorization) => (await post('/auth/graphql', query, authorization)).body],
  ['the socket', overSocket],
];

function post(path: string, query: string, authorization?: string): Promise<GraphqlAnswer> {
  return server.post({ query }, { path, ...(authorization === undefined ? {} : { authorization }) });
}

describe.each(ways)('where introspection is off, %s', (_way, ask) => {
  describe.each(askers)('tells %s no name of a schema', (_asker, authorization) => {
    it.each(probes)('by %s', async (_name, query, code) => {
      const { data, errors } = await ask(query, authorization());
      expect(data ?? null).toBeNull();
      expect(new Set(codesOf(errors))).toEqual(new Set([code]));
      expect(toldNames(query, errors)).toEqual([]);
      expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
    });
  });
});

describe('an API key that may read the schema', () => {
  const [, query] = probes[0]!;
  const authorization = `Bearer ${keyOfSchema}`;

  it.each(ways)('is told it by %s all the same', async (_way, ask) => {
    const { data, errors } = await ask(query, authorization);
    expect(errors).toBeUndefined();
    expect(toldNames(query, data).length).toBeGreaterThan(10);
  });
});
