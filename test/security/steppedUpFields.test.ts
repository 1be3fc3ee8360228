import { randomUUID } from 'node:crypto';
import { OperationTypeNode } from 'graphql';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import { roles } from '../../src/identity/principal';
import { authTable, mainTable } from '../../src/security/permissions';
import { CountedHouse } from '../kit/countedHouse';
import { sampleDocument } from '../kit/sampleDocument';

/** What asks for a second factor within the last 5 minutes, by what it is about. A text: not always (`test/server/stepUp.test.ts` shows when). */
const policy: Readonly<Record<string, Readonly<Record<string, true | string>>>> = {
  'keys of exchanges': { replaceCredentials: true },
  'LIVE trading': { createAccount: 'for mode LIVE', createApiKey: 'for TRADE_LIVE', approveAccount: true },
  'limits that are raised': { setRiskLimits: 'to loosen a limit' },
  'users and roles': { createUser: true, setUserRoles: true, setUserDisabled: true, resetUserMfa: true },
  'all that is kept of somebody': { exportMyData: true, eraseMyAccount: true },
};

const apis = [
  { path: '/graphql', schema: buildMainSchema(), table: mainTable },
  { path: '/auth/graphql', schema: buildAuthSchema(), table: authTable },
] as const;
const operations = { Query: OperationTypeNode.QUERY, Mutation: OperationTypeNode.MUTATION } as const;

/** Every row of the permission table that asks for it. */
const rows = apis.flatMap(({ path, schema, table }) =>
  Object.entries(table.roots).flatMap(([type, fields]) =>
    Object.entries(fields).flatMap(([field, { stepUp }]) =>
      stepUp === undefined ? [] : [{ path, schema, table, type, field, stepUp }],
    ),
  ),
);
const always = rows.filter(({ stepUp }) => stepUp === true);

const untouched = { services: 0, sources: 0, rates: [] };

let house: CountedHouse;

beforeAll(async () => {
  house = await CountedHouse.open();
}, 60_000);

afterAll(() => house.stop());

it('is asked for by the fields that the policy names, and by no other', () => {
  const asking = rows.map(({ type, field, stepUp }) => [`${type}.${field}`, stepUp] as const);
  const wanted = Object.values(policy).flatMap((group) => Object.entries(group));
  expect(Object.fromEntries(asking)).toEqual(
    Object.fromEntries(wanted.map(([field, when]) => [`Mutation.${field}`, when])),
  );
});

it.each(always)('$field is refused six minutes after it, and nothing is touched', async (row) => {
  const { path, schema, table, type, field } = row;
  const operation = operations[type as keyof typeof operations];
  const query = sampleDocument({ schema, table, operation, field, id: randomUUID() });
  const ask = (minutesAgo: number) => {
    const { authorization } = house.tokens.issue({ roles, verifiedAt: Date.now() - minutesAgo * 60_000 });
    return house.during(() => house.server.post({ query }, { path, authorization }));
  };
  const stale = await ask(6);
  expect([stale.answer.codes, stale.answer.body.data ?? null]).toEqual([['STEP_UP_REQUIRED'], null]);
  expect({ services: stale.services, sources: stale.sources, rates: stale.rates }).toEqual(untouched);
  // What was refused was the age of the second factor alone.
  const fresh = await ask(4);
  expect(fresh.answer.codes).not.toEqual(expect.arrayContaining(['STEP_UP_REQUIRED']));
  expect(fresh.rates).toEqual([expect.stringContaining(field)]);
});
