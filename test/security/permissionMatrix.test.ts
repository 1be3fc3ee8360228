import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OperationTypeNode, type GraphQLSchema } from 'graphql';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import { roles, scopes, type Scope } from '../../src/identity/principal';
import { authTable, mainTable, type PermissionTable } from '../../src/security/permissions';
import { subjects, type Subject } from '../../src/security/subjects';
import type { AccountRecord } from '../../src/storage/trading/records';
import { CountedHouse } from '../kit/countedHouse';
import { RawSocket } from '../kit/rawSocket';
import { sampleDocument } from '../kit/sampleDocument';
import { codesOf } from '../kit/testServer';
import { makeFill, makeOrder, makeOwner, makePosition, writeOrders } from '../kit/tradingRecords';

/** One line of the committed matrix. */
interface CommittedField {
  readonly type: string;
  readonly field: string;
  readonly decisions: Readonly<Record<Subject, string>>;
}

/** A root field as it can be asked for. */
interface AskableField {
  readonly name: string;
  readonly path: '/graphql' | '/auth/graphql';
  readonly operation: OperationTypeNode;
  readonly decisions: CommittedField['decisions'];
  readonly document: (id: string) => string;
}

const committed = JSON.parse(
  readFileSync(path.resolve(__dirname, '../../schema/permissions.json'), 'utf8'),
) as readonly CommittedField[];

const [mainSchema, authSchema] = [buildMainSchema(), buildAuthSchema()];
const apis: Readonly<
  Record<AskableField['path'], { readonly schema: GraphQLSchema; readonly table: PermissionTable }>
> = {
  '/graphql': { schema: mainSchema, table: mainTable },
  '/auth/graphql': { schema: authSchema, table: authTable },
};

const { QUERY, MUTATION, SUBSCRIPTION } = OperationTypeNode;

const operationOf = new Map([
  ['Query', QUERY],
  ['Mutation', MUTATION],
  ['Subscription', SUBSCRIPTION],
]);

const fields: readonly AskableField[] = committed.map(({ type, field, decisions }) => {
  const isAuth = type.startsWith('auth/');
  const where = isAuth ? '/auth/graphql' : '/graphql';
  const operation = operationOf.get(type.replace('auth/', ''))!;
  const document = (id: string): string => sampleDocument({ ...apis[where], operation, field, id });
  return { name: `${type}.${field}`, path: where, operation, decisions, document };
});
const mainFields = fields.filter((field) => field.path === '/graphql');
const isOf =
  (...operations: readonly OperationTypeNode[]) =>
  ({ operation }: AskableField): boolean =>
    operations.includes(operation);

let house: CountedHouse;

beforeAll(async () => {
  house = await CountedHouse.open();
}, 60_000);

afterAll(() => house.stop());

/** What the codes of an answer say of access: nothing else that may go wrong is its matter. */
function decisionOf(codes: readonly unknown[]): unknown {
  const refusals: readonly unknown[] = ['UNAUTHENTICATED', 'FORBIDDEN', 'MFA_REQUIRED', 'STEP_UP_REQUIRED'];
  return codes.find((code) => refusals.includes(code)) ?? 'ALLOW';
}

function expected(subject: Subject, asked: readonly AskableField[]): Record<string, string> {
  return Object.fromEntries(asked.map(({ name, decisions }) => [name, decisions[subject]]));
}

async function socketCodes(socket: RawSocket, id: string, query: string): Promise<readonly unknown[]> {
  socket.subscribe(id, query);
  for (;;) {
    const message = await socket.next();
    if (message.id !== id) continue;
    socket.send({ id, type: 'complete' });
    const { payload } = message as { readonly payload?: unknown };
    return codesOf(Array.isArray(payload) ? payload : (payload as { errors?: [] } | undefined)?.errors);
  }
}

it('is committed for every root field of the schemas, and for no other', () => {
  const ofSchemas = Object.entries(apis).flatMap(([where, { schema }]) =>
    [QUERY, MUTATION, SUBSCRIPTION].flatMap((operation) => {
      const type = schema.getRootType(operation);
      const prefix = where === '/auth/graphql' ? 'auth/' : '';
      return Object.keys(type?.getFields() ?? {}).map((field) => `${prefix}${type!.name}.${field}`);
    }),
  );
  const names = fields.map(({ name }) => name);
  expect(names.toSorted()).toEqual([...ofSchemas, 'Query.__schema', 'Query.__type'].toSorted());
  for (const { decisions } of committed) expect(Object.keys(decisions)).toEqual(subjects);
});

describe.each(subjects)('to %s', (subject) => {
  it('HTTP answers as the committed matrix says, and of what it refuses nothing is touched', async () => {
    const { id, authorization } = await house.come(subject);
    const asked = fields.filter(isOf(QUERY, MUTATION));
    const decided: Record<string, unknown> = {};
    for (const field of asked) {
      const { answer, ...work } = await house.during(() =>
        house.server.post({ query: field.document(id) }, { path: field.path, ...(authorization && { authorization }) }),
      );
      decided[field.name] = decisionOf(answer.codes);
      if (decided[field.name] !== 'ALLOW') expect([field.name, work]).toEqual([field.name, untouched]);
      else expect([field.name, answer.codes]).not.toEqual([field.name, expect.arrayContaining(badDocument)]);
      // Whoever signs in is not served here.
      if (field.path === '/graphql') expect([field.name, answer.codes]).not.toEqual([field.name, fault]);
    }
    expect(decided).toEqual(expected(subject, asked));
  });

  it('the WebSocket answers as the committed matrix says, and of what it refuses no source is opened', async () => {
    const { id, authorization } = await house.come(subject);
    const socket = await RawSocket.connect(house.server.wsUrl, authorization);
    const asked = mainFields.filter(isOf(QUERY, SUBSCRIPTION));
    const decided: Record<string, unknown> = {};
    for (const field of asked) {
      const { answer, ...work } = await house.during(() => socketCodes(socket, field.name, field.document(id)));
      decided[field.name] = decisionOf(answer);
      if (decided[field.name] !== 'ALLOW') expect([field.name, work]).toEqual([field.name, untouched]);
      else if (field.operation === SUBSCRIPTION) expect([field.name, work.sources]).toEqual([field.name, 1]);
    }
    socket.close();
    expect(decided).toEqual(expected(subject, asked));
  });

  it('neither transport carries what is the other’s', async () => {
    const { id, authorization } = await house.come(subject);
    const socket = await RawSocket.connect(house.server.wsUrl, authorization);
    const { answer, ...work } = await house.during(async () => {
      const codes: unknown[] = [];
      for (const { name, document } of mainFields.filter(isOf(MUTATION)))
        codes.push(...(await socketCodes(socket, name, document(id))));
      for (const { document } of mainFields.filter(isOf(SUBSCRIPTION)))
        codes.push(
          ...(await house.server.post({ query: document(id) }, { ...(authorization && { authorization }) })).codes,
        );
      return codes;
    });
    socket.close();
    expect(new Set(answer)).toEqual(new Set(['BAD_USER_INPUT']));
    expect(work).toEqual(untouched);
  });

  it('explainAccess says of every field what was answered, and runs nothing', async () => {
    const { authorization } = house.tokens.issue({ roles: ['AUDITOR'] });
    const query = `query ($document: String!, $subject: Subject!) {
      explainAccess(document: $document, subject: $subject) { allowed refusals { code } rules { type field decision } }
    }`;
    const explained: Record<string, unknown> = {};
    for (const { name, document } of mainFields) {
      const variables = { document: document(randomUUID()), subject };
      const { answer, ...work } = await house.during(() => house.server.post({ query, variables }, { authorization }));
      const said = answer.body.data?.['explainAccess'] as Explained;
      const [rule] = said.rules;
      expect(said.rules).toEqual([{ type: name.split('.')[0], field: name.split('.')[1], decision: rule?.decision }]);
      expect(said.refusals).toEqual(said.allowed ? [] : [{ code: rule?.decision }]);
      expect([work.services, work.rates]).toEqual([0, [expect.stringContaining('explainAccess')]]);
      explained[name] = said.allowed ? 'ALLOW' : said.refusals[0]?.code;
    }
    expect(explained).toEqual(expected(subject, mainFields));
  });
});

const untouched = { services: 0, sources: 0, rates: [] };
/** Codes that would mean that the document never came as far as its field. */
const badDocument = ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'];
const fault = ['INTERNAL_SERVER_ERROR'];

interface Explained {
  readonly allowed: boolean;
  readonly refusals: readonly { readonly code: string }[];
  readonly rules: readonly { readonly type: string; readonly field: string; readonly decision: string }[];
}

/** Somebody's account in which something has happened, and the id of each thing. */
async function traded(mode: AccountRecord['mode'] = 'PAPER') {
  const { storage } = house;
  const account = await makeOwner(storage, mode);
  const [order, position] = [makeOrder(account), makePosition(account)];
  const fill = makeFill(order);
  await writeOrders(storage, account, [{ order, fills: [fill] }]);
  await storage.trading.transaction({ accountId: account.id, epoch: null }, async (tx) => {
    tx.savePosition(position);
    await tx.updateAccount({ tradingState: 'REDUCING' });
  });
  const [{ ownerId: userId }, client] = [account, { ip: '192.0.2.1', userAgent: null }];
  await house.sessions.begin({ userId, generation: 0 }, client);
  const sessions = await house.sessions.live(userId);
  const scopesOfKey: readonly Scope[] = ['MARKET_READ'];
  const wish = {
    label: 'mine',
    scopes: scopesOfKey,
    allowedIps: [],
    publicKey: null,
    expiresAt: Date.now() + 3_600_000,
  };
  const { apiKey } = await house.apiKeys.create({ userId, roles }, wish, client.ip);
  return { account, ids: [account, order, fill, position, apiKey, ...sessions].map(({ id }) => id) };
}

const fieldsWithIds = mainFields.filter(({ document }) => document('a') !== document('b'));

/** All of an answer but the ids of what was asked for and of the request; the statements that led to it are the newest. */
async function answerTo({ operation, document }: AskableField, id: string, authorization: string): Promise<string> {
  house.takeStatements();
  if (operation !== SUBSCRIPTION) {
    const { body } = await house.server.post({ query: document(id) }, { authorization });
    return JSON.stringify(body)
      .replaceAll(id, 'ID')
      .replaceAll(/"requestId":"[^"]*"/g, '');
  }
  const socket = await RawSocket.connect(house.server.wsUrl, authorization);
  const codes = await socketCodes(socket, '1', document(id));
  socket.close();
  return JSON.stringify(codes);
}

async function expectUntouched({ ownerId, id }: AccountRecord): Promise<void> {
  const account = await house.storage.trading.ownedAccount(ownerId, id);
  // What was asked for is ACTIVE; trading itself halts a LIVE account that has no key.
  expect(account?.tradingState).toMatch(/REDUCING|HALTED/);
  expect(await house.sessions.live(ownerId)).toHaveLength(1);
  expect(await house.apiKeys.live(ownerId)).toHaveLength(1);
}

it('to a stranger what is another’s answers as what is nowhere, by the same statements, field by field', async () => {
  const { account, ids } = await traded();
  const { ownerId: userId } = await makeOwner(house.storage);
  const { authorization } = house.tokens.issue({ userId, roles: ['TRADER', 'ANALYST'] });
  expect(fieldsWithIds.length).toBeGreaterThan(20);
  for (const field of fieldsWithIds) {
    // Sorted: two reads that go on at once may send theirs in either order.
    const nowhere = [await answerTo(field, randomUUID(), authorization), ...house.takeStatements().toSorted()];
    for (const id of ids) {
      const foreign = [await answerTo(field, id, authorization), ...house.takeStatements().toSorted()];
      expect([field.name, foreign]).toEqual([field.name, nowhere]);
    }
  }
  await expectUntouched(account);
});

it.each([
  ['TRADE_PAPER', 'LIVE'],
  ['TRADE_LIVE', 'PAPER'],
] as const)('a key with %s changes nothing of a %s account, be it its owner’s', async (scope, mode) => {
  const { account, ids } = await traded(mode);
  const { authorization } = house.tokens.issue({ userId: account.ownerId, roles, scopes: [scope] });
  const open = fieldsWithIds.filter(({ decisions }) => decisions[`KEY_${scope}`] === 'ALLOW');
  const refusing = new Set<string>();
  for (const field of open.filter(({ name }) => name !== 'Query.node')) {
    const nowhere = await answerTo(field, randomUUID(), authorization);
    for (const id of ids) {
      const answer = await answerTo(field, id, authorization);
      if (answer.includes('"FORBIDDEN"')) refusing.add(field.name);
      else expect([field.name, answer]).toEqual([field.name, nowhere]);
    }
  }
  // Each reaches one of the ids, and says so.
  expect([...refusing]).toEqual(open.map(({ name }) => name));
  await expectUntouched(account);
});

it('a key makes no LIVE account, whatever its scopes', async () => {
  const { ownerId: userId } = await makeOwner(house.storage);
  const { authorization } = house.tokens.issue({ userId, roles, scopes });
  const make = (mode: string) =>
    house.server.post(
      {
        query: `mutation { createAccount(input: { label: "a", exchange: "simulator", mode: ${mode} }) { errors { code } } }`,
      },
      { authorization },
    );
  expect((await make('LIVE')).codes).toEqual(['FORBIDDEN']);
  expect((await make('PAPER')).codes).not.toContain('FORBIDDEN');
});

it('a key that changes an account reads nothing of it that it may not ask for by name', async () => {
  const { account } = await traded();
  const key = (...keyScopes: readonly Scope[]) =>
    house.tokens.issue({ userId: account.ownerId, roles, scopes: keyScopes }).authorization;
  const query = `mutation { revokeAccess(account: "${account.id}", userId: "${randomUUID()}") { account { id balances { total } } } }`;
  expect((await house.server.post({ query }, { authorization: key('TRADE_PAPER') })).codes).toEqual(['FORBIDDEN']);
  const answer = await house.server.post({ query }, { authorization: key('TRADE_PAPER', 'ACCOUNT_READ') });
  expect(answer.body.data).toEqual({ revokeAccess: { account: { id: account.id, balances: [] } } });
});
