import type { PositionSide } from '../../src/domain/orders';
import type { CancelOutcome } from '../../src/exchanges/tradingPort';
import type { OrderRecord } from '../../src/storage/trading/records';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { AccountSession } from '../../src/trading/accountSession';
import { Reconciler } from '../../src/trading/reconciliation/reconciler';
import { eventually } from '../kit/eventually';
import { Gate } from '../kit/gate';
import { openTestStorage } from '../kit/postgres';
import { makePosition, money } from '../kit/tradingRecords';
import { openScriptedOrder, spot, swap } from './scriptedOrder';

type House = Awaited<ReturnType<typeof openTestStorage>>;

let house: House;

beforeAll(async () => {
  house = await openTestStorage();
}, 60_000);

afterAll(() => house.stop());

function open(changes: Partial<OrderRecord>, exchange?: Parameters<typeof openScriptedOrder>[2]) {
  return openScriptedOrder(house.storage, changes, exchange);
}

it('sends an edited order again only when every execution of the canceled one is listed', async () => {
  const { withdraw, list, order, sent } = await open({ phase: 'EDITING', editAmount: money('1') });
  // The exchange says that 0.4 were executed, and its list of trades does not show them yet.
  await withdraw();
  expect(sent).toEqual([]);
  expect(await order()).toMatchObject({ phase: 'EDITING', filled: '0', attempt: 1 });
  list('1', '0.4', 6_000);
  await withdraw();
  expect(sent).toEqual(['0.6']);
  expect(await order()).toMatchObject({ filled: '0.4', attempt: 2 });
});

describe('an edited order whose cancel is confirmed', () => {
  const audit = { at: 0, actor: 'admin', action: 'test', target: null, outcome: 'done' };

  const editing = (changes: Partial<OrderRecord> = {}, of = spot) =>
    open(
      { phase: 'EDITING', editAmount: money('1'), reservedCurrency: 'USDT', reserved: money('100'), ...changes },
      { market: of },
    );

  it.each<['HALTED' | 'REDUCING', Partial<OrderRecord>, PositionSide | null, boolean]>([
    ['HALTED', { side: 'SELL' }, null, false],
    ['HALTED', { reduceOnly: true }, 'SHORT', false],
    ['REDUCING', { side: 'BUY' }, null, false],
    ['REDUCING', { side: 'SELL' }, null, true],
    ['REDUCING', { side: 'SELL' }, 'SHORT', false],
    ['REDUCING', { side: 'SELL' }, 'LONG', true],
    ['REDUCING', { reduceOnly: true }, 'SHORT', true],
    ['REDUCING', { reduceOnly: true }, 'LONG', false],
    ['REDUCING', { side: 'SELL', positionSide: 'LONG' }, 'LONG', true],
    ['REDUCING', { side: 'BUY', positionSide: 'LONG' }, 'LONG', false],
  ])('is sent while %s only where it can do nothing but reduce: %j beside %s', async (state, changes, held, isSent) => {
    for (const whom of ['the account', 'all']) {
      const of = held === null ? spot : swap;
      const { desk, withdraw, list, sent, order } = await editing(changes, of);
      await desk.book((_booking, tx) => {
        if (held !== null)
          tx.savePosition(makePosition(tx.account, { marketId: of.id, side: held, amount: money('1') }));
      });
      list('1', '0.4', 6_000);
      const stop = { state, reason: 'enough', flatten: false, at: 0 };
      if (whom === 'all') await house.storage.trading.setHouseState(stop, audit);
      else await desk.book((_booking, tx) => tx.updateAccount({ tradingState: stop.state }));
      await withdraw();
      await house.storage.trading.setHouseState({ ...stop, state: 'ACTIVE' }, audit);
      expect([whom, sent]).toEqual([whom, isSent ? ['0.6'] : []]);
      expect(await order()).toMatchObject({ phase: isSent ? 'UNKNOWN' : 'CANCELED', filled: '0.4' });
    }
  });

  it('ends where as much was executed by then as it was to be', async () => {
    const { withdraw, list, sent, order } = await editing({ editAmount: money('0.4') });
    list('1', '0.4', 6_000);
    await withdraw();
    expect([sent, (await order())?.phase]).toEqual([[], 'CANCELED']);
  });

  it('keeps for what is left what that costs at its new price', async () => {
    const { withdraw, list, order } = await editing({ editPrice: money('50') });
    list('1', '0.4', 6_000);
    await withdraw();
    expect(await order()).toMatchObject({ price: '50', reserved: '30', editPrice: null, editAmount: null });
  });

  it('is not sent where its end was asked for meanwhile', async () => {
    const { desk, withdraw, list, sent, order, exchange, resting } = await editing();
    list('1', '0.4', 6_000);
    exchange.cancelOrder = async () => {
      const change = { cancelRequestedAt: desk.now() };
      await desk.book((booking) => booking.move(resting, { type: 'CANCEL_REQUESTED' }, { cause: 'test', change }));
      return undefined;
    };
    await withdraw();
    expect([sent, (await order())?.phase]).toEqual([[], 'CANCELING']);
  });
});

describe('an edited order whose cancel is not confirmed', () => {
  const editing = () => open({ phase: 'EDITING', editAmount: money('2') });

  it('is closed, and not sent, where all of it was executed before', async () => {
    const { withdraw, list, sent, order, exchange, report } = await editing();
    exchange.cancelOrder = () => Promise.resolve({ kind: 'gone' });
    exchange.found = report('CLOSED', '1');
    list('1', '1', 6_000);
    await withdraw();
    expect([sent, await order()]).toMatchObject([[], { phase: 'CLOSED', filled: '1' }]);
  });

  it.each<[string, CancelOutcome, number]>([
    ['has no answer', { kind: 'unknown', reason: 'no answer' }, 0],
    ['finds nothing, and nothing is found', { kind: 'gone' }, 1],
  ])('stays as it is where the cancel %s', async (_what, outcome, finds) => {
    const { withdraw, sent, order, exchange, asked } = await editing();
    exchange.cancelOrder = () => Promise.resolve(outcome);
    await withdraw();
    expect([sent, (await order())?.phase, asked.finds]).toEqual([[], 'EDITING', finds]);
  });

  it('is not sent beside itself where it is found open', async () => {
    const { withdraw, list, sent, order, exchange, report } = await editing();
    exchange.cancelOrder = () => Promise.resolve({ kind: 'gone' });
    exchange.found = report('OPEN', '0.4');
    list('1', '0.4', 6_000);
    await withdraw();
    expect([sent, await order()]).toMatchObject([[], { attempt: 1, filled: '0.4' }]);
  });

  it('is asked to be canceled again after two seconds, not while the first has no answer, nor while it is being sent', async () => {
    const { desk, withdrawal, sender, exchange, asked, pass } = await editing();
    /** Whoever has been asked by then has been. */
    const look = async (): Promise<number> => {
      await withdrawal.look();
      await desk.eventSeq();
      return asked.cancels;
    };
    const answered = new Gate();
    exchange.cancelOrder = () => answered.passed.then(() => ({ kind: 'unknown', reason: 'no answer' }));
    expect(await look()).toBe(1);
    pass(2_000);
    expect(await look()).toBe(1);
    answered.open();
    await withdrawal.idle();
    expect(await look()).toBe(2);
    await withdrawal.idle();
    pass(1_999);
    expect(await look()).toBe(2);
    pass(1);
    const isUnderWay = jest.spyOn(sender, 'isUnderWay').mockReturnValue(true);
    expect(await look()).toBe(2);
    isUnderWay.mockReturnValue(false);
    expect(await look()).toBe(3);
    await withdrawal.idle();
  });
});

it('books no trade of before the account was opened when an order’s own are asked for', async () => {
  const { settler, report, resting, list, order, positions } = await open({ phase: 'OPEN' });
  list('1', '3', -1_000, '6');
  list('2', '0.4', 6_000);
  await settler.adopt(resting, spot, report('OPEN', '0.4'));
  expect(await order()).toMatchObject({ phase: 'PARTIALLY_FILLED', filled: '0.4' });
  expect(await positions()).toEqual(['0.4']);
});

it('tells no end of an order without the executions that the answer leaves out', async () => {
  const { desk, sender, lacking, order } = await open({ phase: 'PENDING' }, { placed: 'filled' });
  sender.wake();
  await eventually(() => lacking.length === 1);
  await sender.stop();
  expect(await order()).toMatchObject({ phase: 'OPEN', filled: '0' });
  expect(lacking).toMatchObject([{ report: { status: 'CLOSED', filled: '1' } }]);
  expect(desk.accountId).toBe(lacking[0]?.order.accountId);
});

it('books what a stop has executed under the id that it has since then', async () => {
  const { desk, report, list, fills, order } = await open({ phase: 'OPEN' });
  list('1', '0.4', 6_000, '8');
  // The list of trades names the exchange's id alone, and nobody knows the new one yet.
  await desk.book((booking) => booking.fill(spot, fills[0]!));
  expect(await order()).toMatchObject({ phase: 'OPEN', filled: '0' });
  await desk.book((booking) => booking.report(spot, { ...report('OPEN', '0.4'), exchangeOrderId: '8' }, 'told'));
  expect(await order()).toMatchObject({ phase: 'PARTIALLY_FILLED', filled: '0.4', exchangeOrderId: '8' });
  await desk.book((booking) => booking.report(spot, report('OPEN', '0'), 'told late'));
  list('2', '0.6', 7_000, '8');
  await desk.book((booking) => booking.fill(spot, fills[1]!));
  expect(await order()).toMatchObject({ filled: '1', exchangeOrderId: '8' });
});

it('sends nothing before the account was compared with its exchange', async () => {
  const { desk, sent, order } = await open({ phase: 'PENDING' });
  const compared = new Gate();
  const reconciler = new Reconciler();
  jest.spyOn(reconciler, 'reconcile').mockImplementation(() => compared.passed.then(() => false));
  const logger = createLogger('silent');
  const runner = new BackgroundRunner({ logger, metrics: createMetrics() });
  let rounds = 0;
  const session = new AccountSession({
    desk,
    reconciler,
    runner,
    schedule: (task, delayMs) => {
      if (delayMs === 500) rounds += 1;
      const timer = setTimeout(task, delayMs / 50);
      return () => {
        clearTimeout(timer);
      };
    },
    onCritical: () => undefined,
    onLeadershipLost: () => undefined,
  });
  session.start();
  await eventually(() => rounds > 10);
  expect(sent).toEqual([]);
  expect(await order()).toMatchObject({ phase: 'PENDING' });
  compared.open();
  await eventually(() => sent.length === 1);
  await session.stop();
  await runner.idle();
});
