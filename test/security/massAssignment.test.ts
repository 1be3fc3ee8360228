import { randomUUID } from 'node:crypto';
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
  type GraphQLInputType,
} from 'graphql';
import { Client } from 'pg';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import { roles } from '../../src/identity/principal';
import { authTable, mainTable } from '../../src/security/permissions';
import { CountedHouse } from '../kit/countedHouse';
import { inputPlacesOf } from '../kit/inputPlaces';
import { sampleDocument } from '../kit/sampleDocument';

/** What somebody would try who guesses what stands behind an input, beside the columns that do. */
const guesses = [
  'role',
  'isAdmin',
  'admin',
  'permissions',
  'owner',
  'user',
  'balance',
  'verified',
  'verifiedAt',
  'mfa',
  'input',
  '_id',
  'constructor',
];
const tables = ['users', 'accounts', 'orders', 'api_keys', 'sessions', 'account_grants'];
/** Of one document: validation tells no more than `limits.document.maxErrors`. */
const atOnce = 8;

const apis = [
  { path: '/graphql', schema: buildMainSchema(), table: mainTable },
  { path: '/auth/graphql', schema: buildAuthSchema(), table: authTable },
] as const;

const untouched = { services: 0, sources: 0, rates: [] };

let house: CountedHouse;
let operator: Client;
let authorization: string;
/** Names of things that inputs do not have: at least not all of them. */
let names: readonly string[];

beforeAll(async () => {
  house = await CountedHouse.open();
  operator = new Client({ connectionString: house.databaseUrl });
  await operator.connect();
  ({ authorization } = house.tokens.issue({ roles }));
  const { rows } = await operator.query<{ name: string }>(
    `SELECT DISTINCT column_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY ($1)`,
    [tables],
  );
  const columns = rows.map(({ name }) => name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()));
  names = [...new Set([...guesses, ...columns])];
}, 60_000);

afterAll(async () => {
  await operator.end();
  await house.stop();
});

function chunksOf(given: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(given.length / atOnce) }, (_, index) =>
    given.slice(index * atOnce, (index + 1) * atOnce),
  );
}

async function expectRefused(
  where: string,
  body: object,
  { path, wanted }: { readonly path: string; readonly wanted: readonly RegExp[] },
): Promise<void> {
  house.takeStatements();
  const { answer, ...work } = await house.during(() => house.server.post(body, { path, authorization }));
  expect([where, new Set(answer.codes).size, work, house.takeStatements()]).toEqual([where, 1, untouched, []]);
  expect([where, ['GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT']]).toEqual([
    where,
    expect.arrayContaining([answer.codes[0]]),
  ]);
  expect([where, answer.body.data ?? null]).toEqual([where, null]);
  const told = (answer.body.errors ?? []).map(({ message }) => message);
  for (const one of wanted)
    expect([where, told]).toEqual([where, expect.arrayContaining([expect.stringMatching(one)])]);
}

/** Of every table that somebody might want to write to. */
async function contents(): Promise<unknown> {
  const states = tables.map(
    (name) => `SELECT '${name}' AS name, jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)) AS rows FROM ${name} t`,
  );
  return (await operator.query(states.join(' UNION ALL '))).rows;
}

it('refuses every argument that a field does not name, before anybody is asked', async () => {
  await house.come('TRADER');
  const before = await contents();
  let asked = 0;
  for (const { path, schema, table } of apis) {
    for (const operation of [OperationTypeNode.MUTATION, OperationTypeNode.QUERY]) {
      for (const { name, args } of Object.values(schema.getRootType(operation)?.getFields() ?? {})) {
        const document = sampleDocument({ schema, table, operation, field: name, id: randomUUID() });
        const foreign = names.filter((one) => !args.some((argument) => argument.name === one));
        for (const some of chunksOf(foreign)) {
          const more = some.map((one) => `${one}: "ADMIN"`).join(', ');
          const query = document.includes(`${name}(`)
            ? document.replace(`${name}(`, `${name}(${more}, `)
            : document.replace(name, `${name}(${more})`);
          await expectRefused(
            `${path} ${name}`,
            { query },
            { path, wanted: some.map((one) => new RegExp(`^Unknown argument "${one}" on field`)) },
          );
          asked += some.length;
        }
      }
    }
  }
  expect(asked).toBeGreaterThan(3_000);
  expect(await contents()).toEqual(before);
});

it('refuses every field that an input does not name, in variables and in the document, before anybody is asked', async () => {
  const before = await contents();
  const seen = new Set<string>();
  for (const { path, schema, table } of apis) {
    for (const place of inputPlacesOf(schema, table, usual)) {
      const type = isNonNullType(place.type) ? place.type.ofType : place.type;
      if (!isInputObjectType(type) || place.operation === OperationTypeNode.SUBSCRIPTION) continue;
      seen.add(type.name);
      const foreign = names.filter((one) => !(one in type.getFields()));
      for (const some of chunksOf(foreign)) {
        const given = JSON.parse(place.usualJson()) as object;
        const more = Object.fromEntries(some.map((one) => [one, 'ADMIN']));
        const { query, variablesJson } = place.inVariables(JSON.stringify({ ...given, ...more }));
        const wanted = some.map((one) => new RegExp(`Field "${one}" is not defined by type "${type.name}"`));
        const where = `${place.coordinate} in variables`;
        await expectRefused(
          where,
          { query, variables: JSON.parse(variablesJson) as object },
          { path, wanted: wanted.slice(0, 1) },
        );
        const literal = `{ ${some.map((one) => `${one}: "ADMIN"`).join(', ')} }`;
        await expectRefused(`${place.coordinate} in the document`, place.inDocument(literal), {
          path,
          wanted: wanted.slice(0, 1),
        });
      }
    }
  }
  const all = apis.flatMap(({ schema }) =>
    Object.values(schema.getTypeMap()).filter((type) => isInputObjectType(type)),
  );
  expect([...seen].sort()).toEqual(all.map(({ name }) => name).sort());
  expect(await contents()).toEqual(before);
});

/** Words of names for what the server alone decides: who somebody is, whose a thing is, how it stands, what it is worth, and when. */
const decidedHere: ReadonlySet<string> = new Set([
  ...['role', 'roles', 'admin', 'permission', 'permissions', 'scope', 'scopes', 'grant', 'grants', 'mfa', 'verified'],
  ...['user', 'users', 'owner', 'actor', 'session', 'status', 'state', 'phase', 'disabled', 'approval', 'approved'],
  ...[
    'balance',
    'balances',
    'equity',
    'pnl',
    'realized',
    'unrealized',
    'filled',
    'remaining',
    'average',
    'fee',
    'fees',
  ],
  ...['created', 'updated', 'removed', 'revoked', 'granted', 'erased', 'used', 'hash', 'epoch', 'version', 'seq'],
  ...['high', 'water', 'reserved', 'reconciled', 'flattened', 'prefix', 'ip', 'agent'],
]);

/** Where such a name is what the field is for. */
const asked: Readonly<Record<string, string>> = {
  'Mutation.createUser(roles)': 'admins say what a new user may do, with a fresh second factor',
  'Mutation.setUserRoles(roles)': 'the same, of one there is',
  'Mutation.setUserDisabled(disabled)': 'what the field is for; admins alone, with a fresh second factor',
  'Mutation.createApiKey(scopes)': 'less than the owner may, never more: every request asks for both',
  'Mutation.grantAccess(userId)': 'who may read; whose the account is stays as it is',
  'Mutation.revokeAccess(userId)': 'the same',
  'Mutation.setTradingState(state)': 'the kill switch of an account',
  'Mutation.setGlobalTradingState(state)': 'the kill switch of the service',
  'Mutation.editOrder(expectedVersion)': 'compared with, never written',
  'CreateAccountInput.paperBalances': 'play money, of PAPER accounts alone',
  'OrderWhere.status': 'a filter',
  'Query.auditLog(actor)': 'a filter',
};

function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[ _]/);
}

it('no argument and no input field has the name of something that the server alone decides, but for those that are for it', () => {
  const named = apis.flatMap(({ schema }) =>
    Object.values(schema.getTypeMap()).flatMap((type) => {
      if (type.name.startsWith('__')) return [];
      if (isInputObjectType(type))
        return Object.keys(type.getFields()).map((field) => [`${type.name}.${field}`, field]);
      if (!isObjectType(type) && !isInterfaceType(type)) return [];
      return Object.values(type.getFields()).flatMap((field) =>
        field.args.map((argument) => [`${type.name}.${field.name}(${argument.name})`, argument.name]),
      );
    }),
  );
  expect(named.length).toBeGreaterThan(150);
  const found = named.filter(([, name = '']) => wordsOf(name).some((word) => decidedHere.has(word)));
  expect([...new Set(found.map(([where]) => where))].toSorted()).toEqual(Object.keys(asked).toSorted());
});

it('services write what they name themselves, whatever else an object that they are handed holds', async () => {
  const { principal } = house.tokens.issue({ roles: ['TRADER'] });
  const stolen = { id: randomUUID(), userId: randomUUID(), ownerId: randomUUID(), isAdmin: true };
  const person = {
    email: `${randomUUID()}@example.org`,
    password: 'nobody guesses this one 7',
    roles: ['VIEWER'] as const,
  };
  const forgedUser = { ...stolen, mfaEnabled: true, disabled: true, createdAt: new Date(0), passwordHash: 'known' };
  const user = await house.users.create({ actor: principal.userId, ip: null }, { ...person, ...forgedUser });
  const { rows: users } = await operator.query(
    'SELECT id, roles, disabled, mfa_enabled, created_at, password_hash FROM users WHERE email = $1',
    [person.email],
  );
  expect(users).toEqual([
    {
      id: user.id,
      roles: ['VIEWER'],
      disabled: false,
      mfa_enabled: false,
      created_at: expect.any(Date) as unknown,
      password_hash: expect.stringMatching(/^\$argon2id\$/) as unknown,
    },
  ]);
  expect([user.id === stolen.id, (users[0] as { created_at: Date }).created_at.getTime() > 0]).toEqual([false, true]);
  const wish = {
    label: 'mine',
    scopes: ['MARKET_READ'] as const,
    allowedIps: [],
    publicKey: null,
    expiresAt: Date.now() + 3_600_000,
  };
  const forgedKey = {
    ...stolen,
    prefix: 'tg_known',
    hash: Buffer.alloc(32),
    createdAt: 0,
    lastUsedAt: 0,
    revokedAt: 0,
  };
  const { apiKey } = await house.apiKeys.create(
    { userId: user.id, roles: ['VIEWER'] },
    { ...wish, ...forgedKey },
    '192.0.2.1',
  );
  const { rows: keys } = await operator.query(
    'SELECT id, user_id, revoked_at, last_used_at FROM api_keys WHERE user_id = ANY ($1)',
    [[user.id, stolen.userId]],
  );
  expect(keys).toEqual([{ id: apiKey.id, user_id: user.id, revoked_at: null, last_used_at: null }]);
  expect(apiKey.id).not.toBe(stolen.id);
});

const scalars: Readonly<Record<string, unknown>> = {
  ...{ Int: 1, Boolean: false, Decimal: '1', DateTime: '2026-01-31T12:00:00.000Z' },
  ...{ MarketId: 'simulator:BTC/USDT', Cursor: 'c1' },
};

function usual(_coordinate: string, type: GraphQLInputType): unknown {
  if (!isNonNullType(type)) return undefined;
  const named = getNamedType(type);
  return isEnumType(named) ? named.getValues()[0]?.name : (scalars[named.name] ?? randomUUID());
}
