import { TradingStates } from '../../../src/trading/risk/tradingStates';
import { noon, RiskHouse } from './riskHouse';

let house: RiskHouse;
let flattenings: number;

beforeAll(async () => {
  house = await RiskHouse.open();
});

afterAll(() => house.stop());

beforeEach(() => {
  flattenings = 0;
});

function states(): TradingStates {
  const { store, risk, time } = house;
  return new TradingStates({
    store,
    risk,
    clock: time.now,
    equity: () => null,
    onFlatten: () => {
      flattenings += 1;
    },
  });
}

const halt = { state: 'HALTED', flatten: false, reason: 'the bot runs wild' } as const;
const flatten = { ...halt, flatten: true };
const active = { state: 'ACTIVE', flatten: false, reason: 'all is well' } as const;

function owner() {
  return { ownerId: house.ownerId, actor: 'owner', assertMayLoosen: () => undefined };
}

async function events(accountId: string): Promise<unknown> {
  return house.dataSource.query(
    `SELECT seq::int, kind, payload->>'state' AS state, payload->>'reason' AS reason
     FROM account_events WHERE account_id = $1 ORDER BY seq`,
    [accountId],
  );
}

describe('the state of an account', () => {
  it('is written, told and audited in one transaction, and stands in the answer', async () => {
    const { id } = await house.addAccount();
    const answer = await states().setTradingState(owner(), id, halt);
    expect(answer).toMatchObject({ kind: 'done', status: { state: 'HALTED', reason: halt.reason, equity: null } });
    expect(await house.read(id)).toMatchObject({ tradingState: 'HALTED', tradingStateReason: halt.reason });
    expect(await events(id)).toEqual([{ seq: 1, kind: 'risk', state: 'HALTED', reason: halt.reason }]);
    expect(await house.count('audit_entries', `actor = 'owner' AND action = 'risk.state' AND target = '${id}'`)).toBe(
      1,
    );
    expect(flattenings).toBe(0);
  });

  it('asks once to flatten, however often it is said, until trading is active again', async () => {
    const { id } = await house.addAccount();
    await Promise.all(Array.from({ length: 10 }, () => states().setTradingState(owner(), id, flatten)));
    expect(await house.read(id)).toMatchObject({ flattenNumber: 1, flattenActive: true, flattenedNumber: 0 });
    expect(flattenings).toBe(10);
    await states().setTradingState(owner(), id, { ...halt, state: 'REDUCING' });
    expect(await house.read(id)).toMatchObject({ flattenNumber: 1, flattenActive: true });
    await states().setTradingState(owner(), id, active);
    expect(await house.read(id)).toMatchObject({ tradingState: 'ACTIVE', flattenNumber: 1, flattenActive: false });
    await states().setTradingState(owner(), id, flatten);
    expect(await house.read(id)).toMatchObject({ flattenNumber: 2, flattenActive: true });
  });

  it('is changed by its owner and by those who may stop any, and is nobody else to be seen', async () => {
    const { id } = await house.addAccount();
    const stranger = { ownerId: '7b0c1c6e-7f9e-4b5c-9f3e-0d3f6f1f0a11', actor: 'stranger' };
    const notFound = { kind: 'refused', refusal: { code: 'ACCOUNT_NOT_FOUND' } };
    expect(await states().setTradingState(stranger, id, flatten)).toMatchObject(notFound);
    expect(flattenings).toBe(0);
    expect(await states().setTradingState(owner(), stranger.ownerId, halt)).toMatchObject(notFound);
    expect(await states().setTradingState({ ownerId: null, actor: 'admin' }, 'nothing', halt)).toMatchObject(notFound);
    expect((await house.read(id)).tradingState).toBe('ACTIVE');
    expect(await states().setTradingState({ ownerId: null, actor: 'admin' }, id, halt)).toMatchObject({ kind: 'done' });
  });

  it('is changed no more where the account is removed meanwhile', async () => {
    const { id } = await house.addAccount();
    const removed = jest.spyOn(house.risk, 'hasAccount').mockImplementation(async () => {
      await house.store.transaction({ accountId: id, epoch: null }, (tx) => tx.updateAccount({ removedAt: noon }));
      return true;
    });
    const answer = await states().setTradingState(owner(), id, halt);
    removed.mockRestore();
    expect(answer).toMatchObject({ kind: 'refused', refusal: { code: 'ACCOUNT_NOT_FOUND' } });
    expect(await events(id)).toEqual([]);
  });

  it.each([
    [{ ...flatten, state: 'ACTIVE' } as const, 'FLATTEN_NEEDS_HALT'],
    [{ ...halt, reason: '  ' }, 'REASON_NOT_ACCEPTABLE'],
    [{ ...halt, reason: 'x'.repeat(501) }, 'REASON_NOT_ACCEPTABLE'],
  ])('is not changed by %j: %s', async (change, code) => {
    const { id } = await house.addAccount();
    const refused = { kind: 'refused', refusal: { code } };
    expect(await states().setTradingState(owner(), id, change)).toMatchObject(refused);
    expect(await states().setGlobalTradingState({ actor: 'admin' }, change)).toMatchObject(refused);
    expect((await house.read(id)).tradingState).toBe('ACTIVE');
  });
});

describe('the state of all', () => {
  afterEach(() => states().setGlobalTradingState({ actor: 'admin' }, active));

  it('is written, audited, and told to every account, of which the stricter state counts', async () => {
    const [one, two] = [await house.addAccount(), await house.addAccount()];
    await states().setTradingState(owner(), two.id, { ...halt, reason: 'mine' });
    expect(
      await states().setGlobalTradingState({ actor: 'admin' }, { ...flatten, state: 'REDUCING', reason: 'all' }),
    ).toEqual({
      kind: 'done',
      state: 'REDUCING',
    });
    expect(flattenings).toBe(1);
    expect(await events(one.id)).toEqual([{ seq: 1, kind: 'risk', state: 'REDUCING', reason: 'all' }]);
    expect(await events(two.id)).toMatchObject([{ seq: 1 }, { seq: 2, kind: 'risk', state: 'HALTED', reason: 'mine' }]);
    expect(await house.count('audit_entries', `action = 'risk.globalState' AND actor = 'admin'`)).toBeGreaterThan(0);
    expect(await house.risk.houseFlatten()).toBe(1);
    await states().setGlobalTradingState({ actor: 'admin' }, flatten);
    expect(await house.risk.houseFlatten()).toBe(1);
    await states().setGlobalTradingState({ actor: 'admin' }, active);
    expect(await house.risk.houseFlatten()).toBeNull();
  });
});

describe('the limits of an account', () => {
  it('are changed where they are named, taken away by null, told and audited', async () => {
    const { id } = await house.addAccount({ maxOrderNotional: '100', maxDailyLoss: '10' });
    const limits = { maxDailyLoss: null, maxDrawdown: '0.20', maxOrdersPerMinute: 30 };
    const answer = await states().setRiskLimits(owner(), id, limits);
    const after = {
      maxOrderNotional: '100',
      maxPositionNotional: null,
      maxDailyLoss: null,
      maxDrawdown: '0.2',
      maxOrdersPerMinute: 30,
      maxPriceAgeMs: null,
    };
    expect(answer).toMatchObject({ kind: 'done', status: { limits: after } });
    expect((await house.read(id)).limits).toEqual(after);
    expect(await events(id)).toHaveLength(1);
    const looser = `action = 'risk.limits' AND target = '${id}' AND outcome LIKE 'looser%'`;
    expect(await house.count('audit_entries', looser)).toBe(1);
    await states().setRiskLimits(owner(), id, { maxDrawdown: '0.1', maxOrdersPerMinute: 30, maxPriceAgeMs: 500 });
    expect(await house.count('audit_entries', looser)).toBe(1);
    await states().setRiskLimits(owner(), id, { maxPriceAgeMs: 501 });
    expect(await house.count('audit_entries', looser)).toBe(2);
    await states().setRiskLimits(owner(), id, { maxOrderNotional: '99', maxDrawdown: '0.1' });
    expect(await house.count('audit_entries', looser)).toBe(2);
    await states().setRiskLimits(owner(), id, { maxOrderNotional: '99.01' });
    expect(await house.count('audit_entries', looser)).toBe(3);
    await states().setRiskLimits(owner(), id, { maxOrdersPerMinute: null });
    expect(await house.count('audit_entries', looser)).toBe(4);
    // What stood before a change is what the one before it has left.
    const unexplained = `action = 'risk.limits' AND target = '${id}' AND before_hash NOT IN
      (SELECT o.after_hash FROM audit_entries o WHERE o.target = '${id}' AND o.after_hash <> audit_entries.after_hash)`;
    expect(await house.count('audit_entries', unexplained)).toBe(1);
  });

  it.each([
    ['maxOrderNotional', '0'],
    ['maxOrderNotional', '-1'],
    ['maxPositionNotional', '1e3'],
    ['maxDailyLoss', 'much'],
    ['maxDailyLoss', '1.0000000000000000001'],
    ['maxDailyLoss', '1000000000000000000'],
    ['maxDrawdown', '1.01'],
    ['maxOrdersPerMinute', 0],
    ['maxOrdersPerMinute', 1.5],
    ['maxPriceAgeMs', 2_147_483_648],
  ])('refuse a %s of %s', async (field, value) => {
    const { id, limits } = await house.addAccount({ maxOrderNotional: '100' });
    const answer = await states().setRiskLimits(owner(), id, { maxDrawdown: '0.5', [field]: value });
    expect(answer).toMatchObject({
      kind: 'refused',
      refusal: { code: 'LIMIT_NOT_ACCEPTABLE', path: ['limits', field] },
    });
    expect((await house.read(id)).limits).toEqual(limits);
  });
});
