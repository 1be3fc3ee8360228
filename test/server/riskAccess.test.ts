import { randomUUID } from 'node:crypto';
import { roles, type Role } from '../../src/identity/principal';
import { ownReader, type AccountReader } from '../../src/storage/trading/accountReader';
import type { AccountRecord } from '../../src/storage/trading/records';
import { AccountViews } from '../../src/trading/accounts/accountViews';
import { PnlDays } from '../../src/trading/pnl/pnlDays';
import { AccountEquity } from '../../src/trading/risk/accountEquity';
import { TradingStates } from '../../src/trading/risk/tradingStates';
import { openTestStorage } from '../kit/postgres';
import { TestServer, type GraphqlAnswer } from '../kit/testServer';
import { makeOwner, money } from '../kit/tradingRecords';

const now = Date.UTC(2026, 1, 2, 12);
const clock = (): number => now;
const noMarket = (): Promise<never> => Promise.reject(new Error('no market is open in this test'));

let database: Awaited<ReturnType<typeof openTestStorage>>;
let server: TestServer;
let account: AccountRecord;
let stranger: AccountRecord;
let flattenings = 0;

beforeAll(async () => {
  database = await openTestStorage();
  const { accounts, risk, pnl, trading: store } = database.storage;
  const equity = new AccountEquity({ risk, markets: { market: noMarket, quote: noMarket }, clock });
  const onFlatten = (): void => {
    flattenings += 1;
  };
  server = await TestServer.start({
    services: {
      clock,
      accountViews: new AccountViews({ accounts, equity }),
      tradingStates: new TradingStates({ store, risk, clock, equity: () => null, onFlatten }),
      pnlDays: new PnlDays({ pnl, clock }),
    },
  });
}, 60_000);

afterAll(async () => {
  await server.stop();
  await database.stop();
});

beforeEach(async () => {
  account = await makeOwner(database.storage);
  stranger = await makeOwner(database.storage);
  flattenings = 0;
});

function ask(userId: string, as: Role[], query: string): Promise<GraphqlAnswer> {
  const { accessToken } = server.tokens.issue({ userId, roles: as, verifiedAt: Date.now() });
  return server.post({ query }, { authorization: `Bearer ${accessToken}` });
}

const stateOf = async ({ ownerId, id }: AccountRecord) => {
  const { tradingState, limits, flattenNumber } = (await database.storage.trading.ownedAccount(ownerId, id))!;
  return { tradingState, maxOrderNotional: limits.maxOrderNotional, flattenNumber };
};
const untouched = { tradingState: 'ACTIVE', maxOrderNotional: null, flattenNumber: 0 };

const fields = {
  risk: (id: string) => `{ found: risk(account: "${id}") { state equity limits { maxDrawdown } } }`,
  pnl: (id: string) => `{ found: pnl(account: "${id}") { date } }`,
  setRiskLimits: (id: string) =>
    `mutation { found: setRiskLimits(account: "${id}", limits: { maxOrderNotional: "10" }) { limits { maxOrderNotional } } }`,
  setTradingState: (id: string) =>
    `mutation { found: setTradingState(account: "${id}", state: HALTED, flatten: true, reason: "why") { state reason } }`,
  setGlobalTradingState: () => 'mutation { found: setGlobalTradingState(state: ACTIVE, reason: "why") }',
};
type FieldName = keyof typeof fields;

describe.each<readonly [field: FieldName, allowed: readonly Role[], answer: unknown]>([
  ['risk', ['VIEWER', 'ANALYST', 'TRADER', 'ADMIN'], { state: 'ACTIVE', equity: null, limits: { maxDrawdown: null } }],
  ['pnl', ['VIEWER', 'ANALYST', 'TRADER', 'ADMIN'], []],
  ['setRiskLimits', ['TRADER'], { limits: { maxOrderNotional: '10' } }],
  ['setTradingState', ['TRADER', 'ADMIN'], { state: 'HALTED', reason: 'why' }],
  ['setGlobalTradingState', ['ADMIN'], 'ACTIVE'],
])('%s', (field, allowed, answer) => {
  it.each(allowed)('answers a %s about an account of their own', async (role) => {
    const { body } = await ask(account.ownerId, [role], fields[field](account.id));
    expect([body.errors, body.data]).toEqual([undefined, { found: answer }]);
  });

  it('is forbidden to all other roles together, and to whoever is not signed in, and changes nothing then', async () => {
    const others = roles.filter((role) => !allowed.includes(role));
    const query = fields[field](account.id);
    expect((await ask(account.ownerId, others, query)).codes).toEqual(['FORBIDDEN']);
    expect((await server.post({ query })).codes).toEqual(['UNAUTHENTICATED']);
    expect(await stateOf(account)).toEqual(untouched);
  });
});

describe.each<readonly [field: FieldName, as: Role[]]>([
  ['risk', ['TRADER', 'ADMIN', 'ANALYST']],
  ['pnl', ['TRADER', 'ADMIN', 'ANALYST']],
  ['setRiskLimits', ['TRADER', 'ADMIN']],
  ['setTradingState', ['TRADER']],
])('%s of another’s account', (field, as) => {
  it('answers as that of an account which is nowhere, and changes nothing', async () => {
    const ids = [account.id, randomUUID(), 'nonsense'];
    const [foreign, ...absent] = await Promise.all(
      ids.map(async (id) => JSON.stringify((await ask(stranger.ownerId, as, fields[field](id))).body)),
    );
    expect(absent).toEqual([foreign, foreign]);
    expect(foreign).toContain(field.startsWith('set') ? '"ACCOUNT_NOT_FOUND"' : '{"found":null}');
    expect([await stateOf(account), flattenings]).toEqual([untouched, 0]);
  });
});

it('lets an admin stop the account of anybody, and tells of one that is nowhere', async () => {
  const { userId, roles: as } = { userId: randomUUID(), roles: ['ADMIN'] as Role[] };
  expect((await ask(userId, as, fields.setTradingState(account.id))).body.data?.['found']).toEqual({
    state: 'HALTED',
    reason: 'why',
  });
  expect([await stateOf(account), flattenings]).toMatchObject([{ tradingState: 'HALTED', flattenNumber: 1 }, 1]);
  expect((await ask(userId, as, fields.setTradingState(randomUUID()))).codes).toEqual(['ACCOUNT_NOT_FOUND']);
});

it('shows risk and profit to the analyst to whom the account was granted', async () => {
  const analyst = await database.storage.users.saveByEmail({
    id: randomUUID(),
    email: `${randomUUID()}@example.org`,
    passwordHash: '-',
    roles: ['ANALYST'],
  });
  const audit = { at: now, actor: account.ownerId, action: 'grant', target: account.id, outcome: 'done' };
  const { ownerId, id: accountId } = account;
  await database.storage.grants.grant({ ownerId, accountId, userId: analyst.id, audit, at: now, maxGrants: 1 });
  for (const [field, answer] of [
    ['risk', { state: 'ACTIVE' }],
    ['pnl', []],
  ] as const) {
    const { body } = await ask(analyst.id, ['ANALYST'], fields[field](account.id));
    expect(body.data?.['found']).toMatchObject(answer);
  }
});

it.each([
  ['FLATTEN_NEEDS_HALT', 'setTradingState(account: $id, state: ACTIVE, flatten: true, reason: "why") { state }'],
  ['REASON_NOT_ACCEPTABLE', 'setTradingState(account: $id, state: HALTED, reason: " ") { state }'],
  ['REASON_NOT_ACCEPTABLE', 'setGlobalTradingState(state: HALTED, reason: "")'],
  ['LIMIT_NOT_ACCEPTABLE', 'setRiskLimits(account: $id, limits: { maxDrawdown: "1.5" }) { state }'],
])('throws %s with what is wrong: %s', async (code, field) => {
  const query = `mutation { ${field.replace('$id', `"${account.id}"`)} }`;
  const { codes, body } = await ask(account.ownerId, ['TRADER', 'ADMIN'], query);
  expect([codes, body.data]).toEqual([[code], null]);
  expect(body.errors?.[0]?.message).toMatch(/say HALTED|at most 500|a fraction above 0/);
  expect(await stateOf(account)).toEqual(untouched);
});

describe('the days of profit', () => {
  const midnight = (day: number): string => new Date(Date.UTC(2026, 0, day)).toISOString();
  const pnl = async (range: string): Promise<GraphqlAnswer> =>
    ask(account.ownerId, ['TRADER'], `{ pnl(account: "${account.id}", range: ${range}) { date equityChange } }`);

  beforeEach(async () => {
    const epoch = await database.storage.trading.takeLead();
    const mark = { revaluation: money('0'), holdings: {}, rates: {}, transferred: {}, broughtIn: money('0') };
    const days = [
      ['2026-01-30', '0', '10'],
      ['2026-01-31', '10', '25'],
    ].map(([day, openingEquity, closingEquity]) => ({
      accountId: account.id,
      day: day!,
      openingEquity: money(openingEquity!),
      openingUnrealized: money('0'),
      closingEquity: money(closingEquity!),
      closingUnrealized: money('0'),
      updatedAt: Date.parse(day!) + 1,
      mark,
    }));
    const change = { highWaterMark: money('25') };
    await database.storage.risk.saveValuation({ accountId: account.id, epoch, change, days });
  });

  it.each([
    ['{}', [30, 31]],
    [`{ since: "${midnight(31)}" }`, [31]],
    [`{ until: "${midnight(31)}" }`, [30]],
    ['{ until: "9999-12-31T23:59:59.999Z" }', [30, 31]],
  ])('are those of the range %s, its end left out', async (range, days) => {
    const { body } = await pnl(range);
    const changes: Record<number, string> = { 30: '10', 31: '15' };
    expect(body.data?.['pnl']).toEqual(days.map((day) => ({ date: midnight(day), equityChange: changes[day] })));
  });

  it('are asked for a hundred at a time', async () => {
    const range = (days: number): string =>
      `{ since: "${new Date(Date.UTC(2026, 0, 31) - days * 86_400_000).toISOString()}", until: "${midnight(31)}" }`;
    expect((await pnl(range(100))).codes).toEqual([]);
    expect((await pnl(range(101))).codes).toEqual(['BAD_USER_INPUT']);
  });

  it('are read for the owner alone, of an account that is there', async () => {
    const { pnl: store, accounts } = database.storage;
    const { id, ownerId } = account;
    const range = { since: '2026-01-31', until: '2026-02-01' };
    const read = async (accountId: string, as: AccountReader) => {
      const found = await store.days(as, accountId, range);
      return found === null ? null : [found.before?.day, ...found.days.map(({ day }) => day)];
    };
    const everyone = { userId: stranger.ownerId, readsGranted: false, readsAll: true };
    const days = ['2026-01-30', '2026-01-31'];
    expect([await read(id, ownReader(ownerId)), await read(id, everyone)]).toEqual([days, days]);
    const audit = { at: now, actor: ownerId, action: 'account.remove', target: id, outcome: 'done' };
    const strangers = [
      await read(id, ownReader(stranger.ownerId)),
      await read(randomUUID(), everyone),
      await read('nonsense', everyone),
    ];
    await accounts.remove({ ownerId, accountId: id, at: now, audit });
    expect([...strangers, await read(id, ownReader(ownerId))]).toEqual([null, null, null, null]);
  });
});
