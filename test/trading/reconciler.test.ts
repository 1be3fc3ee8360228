import { Pool } from 'pg';
import { endPool } from '../kit/endPool';
import { openTestStorage } from '../kit/postgres';
import { money } from '../kit/tradingRecords';
import { ScriptedAccount } from './scriptedAccount';

type House = Awaited<ReturnType<typeof openTestStorage>>;

const hourMs = 3_600_000;

let house: House;
let pool: Pool;
let there: ScriptedAccount;

beforeAll(async () => {
  house = await openTestStorage();
  pool = new Pool({ connectionString: house.url, max: 1 });
}, 60_000);

afterAll(async () => {
  await endPool(pool);
  await house.stop();
});

beforeEach(async () => {
  there = await ScriptedAccount.open(house.storage, pool);
  there.buy('0.5');
  // In a market of which nothing was known: the first round sees that there is more of one currency, and less of another.
  for (let round = 0; round < 2; round += 1) await there.round();
  expect(await there.booked()).toEqual({ BTC: '0.5', USDT: '950' });
});

it('takes executions that are on their way for no difference, though in every round as much is on its way', async () => {
  // Executed after the trades were asked for a while ago, and before the balances are told.
  there.onBalances = { before: () => there.buy('0.1') };
  for (let round = 0; round < 4; round += 1) await there.round();
  expect(there.alarms).toEqual([]);
  expect(await there.booked()).toEqual({ BTC: '0.9', USDT: '910' });
});

it('takes what the socket told while the answer was on its way for no difference', async () => {
  there.onBalances = {
    after: async () => {
      const fill = there.buy('0.1');
      await there.desk.book((booking) => booking.fill(there.markets.spot, fill));
    },
  };
  for (let round = 0; round < 4; round += 1) await there.round();
  expect(there.alarms).toEqual([]);
  expect(await there.booked()).toEqual({ BTC: '0.9', USDT: '910' });
});

it('takes what is seen twice within a moment for no difference yet: a round may follow the other at once', async () => {
  there.move('USDT', '-7');
  for (const afterMs of [30_000, 250]) await there.round(afterMs);
  expect(there.alarms).toEqual([]);
  await there.round(5_000);
  expect(there.alarms).toEqual([expect.stringMatching(/^balance of USDT/)]);
});

it('books what is executed right after the ledger was opened, although our clock is ahead', async () => {
  const ahead = await ScriptedAccount.open(house.storage, pool, 2_500);
  ahead.pass(1_000);
  ahead.buy('0.5');
  for (let round = 0; round < 3; round += 1) await ahead.round();
  expect(ahead.alarms).toEqual([]);
  expect(await ahead.booked()).toEqual({ BTC: '0.5', USDT: '950' });
});

it('books and tells once what still differs when the account is quiet, however busy it was in between', async () => {
  there.move('USDT', '-7');
  await there.round();
  there.onBalances = { before: () => there.buy('0.1') };
  for (let round = 0; round < 2; round += 1) await there.round();
  expect(there.alarms).toEqual([]);
  there.onBalances = {};
  for (let round = 0; round < 3; round += 1) await there.round();
  expect(there.alarms).toEqual([expect.stringMatching(/^balance of USDT/)]);
  expect(await there.booked()).toEqual({ BTC: '0.7', USDT: '923' });
});

it('tells a position that differs once, and again only after it was gone', async () => {
  const position = { symbol: there.markets.swap.symbol, side: 'LONG', amount: '2' };
  const figures = { entryPrice: '100', markPrice: null, leverage: null, liquidationPrice: null };
  const held = { ...position, ...figures } as (typeof there.positions)[number];
  there.positions.push(held);
  for (let round = 0; round < 2; round += 1) await there.round();
  there.onBalances = { before: () => there.buy('0.1') };
  await there.round();
  there.onBalances = {};
  await there.round();
  expect(there.alarms).toEqual([expect.stringMatching(/^position LONG/)]);
  there.positions.pop();
  await there.round();
  there.positions.push(held);
  for (let round = 0; round < 2; round += 1) await there.round();
  expect(there.alarms).toHaveLength(2);
});

/** A deposit of this much, so long ago, of which the exchange tells from now on. */
function tell(amount: string, agoMs: number, changes: Partial<(typeof there.transfers)[number]> = {}): void {
  const id = `told-${there.transfers.length}`;
  const transfer = { id, kind: 'TRANSFER', symbol: null, currency: 'USDT', amount: money(amount) } as const;
  there.transfers.push({ ...transfer, exchangeTime: there.now - agoMs, ...changes });
}

it('explains by a transfer that is told hours later what was booked as unexplained, and leaves the balance alone', async () => {
  there.move('USDT', '25');
  for (let round = 0; round < 2; round += 1) await there.round();
  expect(await there.booksOf('USDT')).toEqual({ ASSETS: '975', TRADING: '50', TRANSFERS: '-1000', UNEXPLAINED: '-25' });
  there.pass(5 * hourMs);
  await there.round();
  tell('25', 5 * hourMs + 120_000);
  for (let round = 0; round < 3; round += 1) await there.round();
  expect(await there.booksOf('USDT')).toEqual({ ASSETS: '975', TRADING: '50', TRANSFERS: '-1025', UNEXPLAINED: '0' });
  expect(there.alarms).toHaveLength(1);
});

it('books a transfer once that is told late and was never missed, and takes out of the unexplained no more than there is', async () => {
  there.move('USDT', '-10');
  for (let round = 0; round < 2; round += 1) await there.round();
  // More than what is missing, and of the other direction: neither is of that.
  there.move('USDT', '4');
  tell('4', 90_000);
  there.move('USDT', '-30');
  tell('-30', 90_000);
  for (let round = 0; round < 2; round += 1) await there.round();
  expect(await there.booksOf('USDT')).toEqual({ ASSETS: '914', TRADING: '50', TRANSFERS: '-974', UNEXPLAINED: '10' });
  tell('-6', 90_000);
  tell('-4', 90_000);
  for (let round = 0; round < 2; round += 1) await there.round();
  expect(await there.booksOf('USDT')).toEqual({ ASSETS: '914', TRADING: '50', TRANSFERS: '-964', UNEXPLAINED: '0' });
});

it('gives funding to both sides of a market as their amounts were then, however it is told', async () => {
  const { swap } = there.markets;
  const side = (positionSide: 'LONG' | 'SHORT', amount: string) =>
    there.fillOf(swap, { side: positionSide === 'LONG' ? 'BUY' : 'SELL', amount, positionSide });
  const book = (fill: ReturnType<typeof side>) => there.desk.book((booking) => booking.fill(swap, fill));
  await book(side('LONG', '3'));
  await book(side('SHORT', '1'));
  there.pass(60_000);
  const exchangeTime = there.now;
  there.pass(60_000);
  await book(side('LONG', '9'));
  const funding = { kind: 'FUNDING', symbol: swap.symbol, exchangeTime } as const;
  // 0.1 a unit, in two records for its two sides.
  tell('-0.3', 0, funding);
  tell('0.1', 0, funding);
  there.move('USDT', '-0.2');
  await there.round();
  const paid = (await there.heldPositions()).filter(({ marketId }) => marketId === swap.id);
  expect(Object.fromEntries(paid.map((each) => [each.side, [each.amount, each.fundingPaid]]))).toEqual({
    LONG: ['12', '0.3'],
    SHORT: ['1', '-0.1'],
  });
  expect((await there.booksOf('USDT'))['FUNDING']).toBe('0.2');
  // What is told late does not stand before what was known by then.
  expect(Math.max(...paid.map(({ updatedAt }) => updatedAt))).toBe(exchangeTime + 60_000);
});

it('tells of an order that was to be edited, and of which the exchange knows nothing', async () => {
  const order = await there.addOrder({ phase: 'EDITING', exchangeOrderId: '7', type: 'LIMIT', price: money('90') });
  for (let round = 0; round < 3; round += 1) await there.round();
  expect(there.alarms).toEqual([`order ${order.id} is EDITING here, and unknown to the exchange`]);
  expect(await there.phaseOf(order)).toBe('EDITING');
});

it('forgets what was found long ago, but never how an account stands', async () => {
  const { accounts } = house.storage;
  for (let round = 0; round < 4; round += 1) await there.round();
  const newest = there.now;
  while ((await accounts.pruneReconciliations(newest - 30_000, 2)) > 0);
  expect(await there.reconciledAt()).toEqual([newest - 30_000, newest]);
  while ((await accounts.pruneReconciliations(newest + 60_000, 2)) > 0);
  expect(await there.reconciledAt()).toEqual([newest]);
});
