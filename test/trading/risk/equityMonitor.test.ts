import { ownReader } from '../../../src/storage/trading/accountReader';
import { LeadershipLost } from '../../../src/storage/trading/tradingStore';
import { EquityMonitor } from '../../../src/trading/risk/equityMonitor';
import type { RiskStatus } from '../../../src/trading/risk/riskStatus';
import type { AccountTransaction } from '../../../src/storage/trading/accountTransaction';
import { tradingStateHash } from '../../kit/tradingStateHash';
import { decimal, noon, RiskHouse } from './riskHouse';

const hourMs = 3_600_000;

let house: RiskHouse;
let epoch: number | null;

beforeAll(async () => {
  house = await RiskHouse.open();
});

afterAll(() => house.stop());

beforeEach(async () => {
  await house.removeAccounts();
  house.time.setTo(noon);
  epoch = await house.store.takeLead();
  house.markets.price('BTC/USDT', '100');
  house.markets.price('BTC/USDT:USDT', '100');
});

function monitor(): EquityMonitor {
  const { store, risk, equity, runner, logger, time } = house;
  const { now: clock, schedule } = time;
  return new EquityMonitor({ store, risk, equity, clock, schedule, runner, logger, epoch: () => epoch });
}

/** An account with 1,000 USDT that was valued once. */
async function watched(limits: Parameters<RiskHouse['addAccount']>[0] = {}): Promise<string> {
  const { id } = await house.addAccount(limits);
  await house.transfer(id, 'USDT', '1000');
  await monitor().look();
  return id;
}

async function setBtc(price: string): Promise<void> {
  house.markets.price('BTC/USDT', price);
  await monitor().look();
}

async function riskEvents(accountId: string): Promise<readonly RiskStatus[]> {
  const rows: unknown = await house.dataSource.query(
    `SELECT payload FROM account_events WHERE account_id = $1 AND kind = 'risk' ORDER BY seq`,
    [accountId],
  );
  return (rows as readonly { readonly payload: RiskStatus }[]).map(({ payload }) => payload);
}

it('keeps the high-water mark and the opening of the day across restarts', async () => {
  const id = await watched();
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  await setBtc('120');
  await setBtc('90');
  expect(await house.read(id)).toMatchObject({ highWaterMark: '1100', day: '2026-01-31', dayOpeningEquity: '1000' });
  const restarted = monitor();
  await restarted.look();
  expect(restarted.latest(id)).toEqual({ equity: '950', dayPnl: '-50', drawdown: '0.136363636363636364' });
});

it('begins with what is there when it is valued first, whatever was lost before', async () => {
  const { id } = await house.addAccount({ maxDrawdown: '0.05' });
  await house.transfer(id, 'USDT', '1000');
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  await setBtc('80');
  expect(await house.read(id)).toMatchObject({ tradingState: 'ACTIVE', highWaterMark: '900', dayOpeningEquity: '900' });
});

it('begins a new day at 00:00 UTC, and none again when the clock is set back', async () => {
  const id = await watched();
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  await setBtc('80');
  house.time.setTo(noon + 12 * hourMs - 1);
  await setBtc('80');
  expect(await house.read(id)).toMatchObject({ day: '2026-01-31', dayOpeningEquity: '1000' });
  house.time.setTo(noon + 12 * hourMs);
  await setBtc('81');
  expect(await house.read(id)).toMatchObject({ day: '2026-02-01', dayOpeningEquity: '905' });
  house.time.setTo(noon);
  await setBtc('70');
  expect(await house.read(id)).toMatchObject({ day: '2026-02-01', dayOpeningEquity: '905' });
});

it('lets an account reduce alone once its loss of the day is reached: state, event, audit entry, in one transaction', async () => {
  const id = await watched({ maxDailyLoss: '50' });
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  await setBtc('90.01');
  expect((await house.read(id)).tradingState).toBe('ACTIVE');
  expect(await riskEvents(id)).toEqual([]);
  await setBtc('90');
  const account = await house.read(id);
  expect(account).toMatchObject({ tradingState: 'REDUCING' });
  expect(account.tradingStateReason).toContain('MAX_DAILY_LOSS');
  expect(await riskEvents(id)).toEqual([
    expect.objectContaining({
      state: 'REDUCING',
      currency: 'USDT',
      equity: '950',
      dailyPnl: '-50',
      highWaterMark: '1000',
    }),
  ]);
  const audit: unknown = await house.dataSource.query(
    `SELECT encode(before_hash, 'hex') AS before, encode(after_hash, 'hex') AS after
       FROM audit_entries WHERE action = 'risk.breach' AND target = $1`,
    [id],
  );
  expect(audit).toEqual([
    {
      before: tradingStateHash({ tradingState: 'ACTIVE', tradingStateReason: null }),
      after: tradingStateHash(account),
    },
  ]);
});

describe('a limit of loss that is reached', () => {
  /** Does something between the valuation and the account being held. */
  function amid(change: () => Promise<unknown>): void {
    const save = house.risk.saveValuation.bind(house.risk);
    jest.spyOn(house.risk, 'saveValuation').mockImplementationOnce(async (valuation) => {
      await save(valuation);
      await change();
    });
  }

  let id: string;

  beforeEach(async () => {
    id = await watched({ maxDailyLoss: '50' });
    await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  });

  const change = (...[changes]: Parameters<AccountTransaction['updateAccount']>) =>
    house.store.transaction({ accountId: id, epoch: null }, (tx) => tx.updateAccount(changes));

  it('wakes somebody, once', async () => {
    const fatal = jest.spyOn(house.logger, 'fatal');
    await setBtc('90');
    await setBtc('89');
    expect(fatal.mock.calls).toEqual([
      [expect.objectContaining({ alarm: 'CRITICAL', code: 'MAX_DAILY_LOSS', accountId: id }), expect.anything()],
    ]);
    fatal.mockRestore();
  });

  it('never loosens what a person has said meanwhile', async () => {
    amid(() => change({ tradingState: 'HALTED', tradingStateReason: 'mine' }));
    await setBtc('90');
    expect(await house.read(id)).toMatchObject({ tradingState: 'HALTED', tradingStateReason: 'mine' });
    expect(await riskEvents(id)).toEqual([]);
  });

  it('is judged by the limits that are there when the account is held', async () => {
    amid(async () => change({ limits: { ...(await house.read(id)).limits, maxDailyLoss: decimal('500') } }));
    await setBtc('90');
    expect(await house.read(id)).toMatchObject({ tradingState: 'ACTIVE' });
  });

  it('is left to the node that leads by now', async () => {
    amid(() => house.store.takeLead());
    await setBtc('90');
    expect(await house.read(id)).toMatchObject({ tradingState: 'ACTIVE' });
  });
});

it('goes on with the others where one account cannot be valued, and knows nothing of that one any more', async () => {
  const [one, other] = [await watched(), await watched()];
  const look = monitor();
  await look.look();
  const snapshot = house.risk.snapshot.bind(house.risk);
  const fails = jest
    .spyOn(house.risk, 'snapshot')
    .mockImplementation((id, owner) => (id === one ? Promise.reject(new Error('torn')) : snapshot(id, owner)));
  await house.transfer(other, 'USDT', '1');
  await look.look();
  fails.mockRestore();
  expect([look.latest(one), look.latest(other)]).toEqual([null, expect.objectContaining({ equity: '1001' })]);
});

it('knows nothing of an account that was removed, nor of one that was never compared with its exchange', async () => {
  const [removed, opened] = [await watched(), await watched()];
  const look = monitor();
  await look.look();
  expect([look.latest(removed), look.latest(opened)]).not.toContain(null);
  const change = (accountId: string, changes: Parameters<AccountTransaction['updateAccount']>[0]) =>
    house.store.transaction({ accountId, epoch: null }, (tx) => tx.updateAccount(changes));
  await change(removed, { removedAt: noon });
  await change(opened, { reconciledEpoch: null });
  await look.look();
  expect([look.latest(removed), look.latest(opened)]).toEqual([null, null]);
});

it('halts an account that has fallen too far below its high-water mark, from REDUCING too', async () => {
  const id = await watched({ maxDailyLoss: '50', maxDrawdown: '0.2' });
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  await setBtc('90');
  expect((await house.read(id)).tradingState).toBe('REDUCING');
  await setBtc('60');
  expect((await house.read(id)).tradingState).toBe('HALTED');
});

it('does not trade again by itself: not when the price returns, nor the next day, nor after a restart', async () => {
  const id = await watched({ maxDailyLoss: '50', maxDrawdown: '0.2' });
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  await setBtc('50');
  expect((await house.read(id)).tradingState).toBe('HALTED');
  await setBtc('88');
  house.time.setTo(noon + 24 * hourMs);
  await setBtc('200');
  await setBtc('89');
  expect((await house.read(id)).tradingState).toBe('HALTED');
  expect(await riskEvents(id)).toHaveLength(1);
});

it('takes a withdrawal for no loss, and lets a deposit hide none', async () => {
  const id = await watched({ maxDailyLoss: '50', maxDrawdown: '0.2' });
  await house.transfer(id, 'USDT', '-500');
  await monitor().look();
  expect(await house.read(id)).toMatchObject({ tradingState: 'ACTIVE', highWaterMark: '500', dayOpeningEquity: '500' });
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '4', price: '100' });
  await house.transfer(id, 'USDT', '10000');
  await setBtc('87');
  expect(await house.read(id)).toMatchObject({ tradingState: 'REDUCING', highWaterMark: '10500' });
});

it('counts what open swaps would bring in', async () => {
  const id = await watched({ maxDailyLoss: '50' });
  await house.fill(id, 'BTC/USDT:USDT', { side: 'SELL', amount: '10', price: '100' });
  house.markets.price('BTC/USDT:USDT', '105');
  const look = monitor();
  await look.look();
  expect(look.latest(id)).toMatchObject({ equity: '950', dayPnl: '-50' });
  expect((await house.read(id)).tradingState).toBe('REDUCING');
});

it('knows nothing while a price is stale, and changes nothing on that ground', async () => {
  const id = await watched({ maxDrawdown: '0.01' });
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  const look = monitor();
  await look.look();
  expect(look.latest(id)).not.toBeNull();
  house.time.setTo(noon + 10_001);
  await look.look();
  expect(look.latest(id)).toBeNull();
  expect(await house.read(id)).toMatchObject({ tradingState: 'ACTIVE', highWaterMark: '1000' });
  expect(await house.equity.riskStatus(id, ownReader(house.ownerId))).toMatchObject({
    state: 'ACTIVE',
    equity: null,
    drawdown: null,
    dailyPnl: null,
    highWaterMark: '1000',
  });
});

it('does not know any more what it valued six seconds ago', async () => {
  const id = await watched();
  const look = monitor();
  await look.look();
  house.time.setTo(noon + 6_000);
  expect(look.latest(id)).not.toBeNull();
  house.time.setTo(noon + 6_001);
  expect(look.latest(id)).toBeNull();
});

it('values without writing while another node leads, and writes nothing under an older leadership', async () => {
  const id = await watched({ maxDailyLoss: '50' });
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '5', price: '100' });
  house.markets.price('BTC/USDT', '80');
  const old = epoch!;
  epoch = null;
  const follower = monitor();
  await follower.look();
  expect(follower.latest(id)).toMatchObject({ equity: '900', dayPnl: '-100' });
  await house.store.takeLead();
  epoch = old;
  await monitor().look();
  expect(await house.read(id)).toMatchObject({ tradingState: 'ACTIVE', highWaterMark: '1000' });
  const change = { highWaterMark: (await house.read(id)).highWaterMark };
  await expect(house.risk.saveValuation({ accountId: id, epoch: old, change, days: [] })).rejects.toThrow(
    LeadershipLost,
  );
});

it('follows the accounts by itself, every two seconds, until it is stopped', async () => {
  const id = await watched();
  const running = monitor();
  running.start();
  await house.runner.idle();
  expect(running.latest(id)).toMatchObject({ equity: '1000' });
  await house.transfer(id, 'USDT', '1');
  house.time.advance(2_000);
  await house.runner.idle();
  expect(running.latest(id)).toMatchObject({ equity: '1001' });
  await running.stop();
  await house.transfer(id, 'USDT', '1');
  house.time.advance(2_000);
  await house.runner.idle();
  expect(running.latest(id)).toMatchObject({ equity: '1001' });
});

it('tells the risk of an account to its owner, and of another nothing', async () => {
  const id = await watched({ maxDailyLoss: '50' });
  const stranger = '7b0c1c6e-7f9e-4b5c-9f3e-0d3f6f1f0a11';
  expect(await house.equity.riskStatus(id, ownReader(house.ownerId))).toMatchObject({
    state: 'ACTIVE',
    reason: null,
    currency: 'USDT',
    equity: '1000',
    highWaterMark: '1000',
    drawdown: '0',
    dailyPnl: '0',
    limits: { maxDailyLoss: '50', maxDrawdown: null },
  });
  expect(await house.equity.riskStatus(id, ownReader(stranger))).toBeNull();
  expect(await house.equity.riskStatus(stranger, ownReader(house.ownerId))).toBeNull();
  expect(await house.equity.riskStatus('nothing', ownReader(house.ownerId))).toBeNull();
});
