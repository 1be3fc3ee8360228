import { randomUUID } from 'node:crypto';
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
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
  const wish = { label: 'mine', scopes: ['MARKET_READ'] as const, allowedIps: [], expiresAt: Date.now() + 3_600_000 };
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
