import { compareDecimals } from '../../src/domain/compareDecimals';
import { toDecimalString, type DecimalString } from '../../src/domain/decimal';
import { difference, sum } from '../../src/domain/money';
import { ownReader } from '../../src/storage/trading/accountReader';
import type { AccountRecord, PositionRecord } from '../../src/storage/trading/records';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { PnlDays } from '../../src/trading/pnl/pnlDays';
import { AccountEquity } from '../../src/trading/risk/accountEquity';
import { EquityMonitor } from '../../src/trading/risk/equityMonitor';
import { eventually } from '../kit/eventually';
import { intentFor, openTradingNode, type TradingNode } from '../kit/tradingNode';
import { Arena } from './faults/arena';
import { exchangeLedger } from './faults/exchangeLedger';

const swap = 'simulator:BTC/USDT:USDT';
const soon = { timeoutMs: 60_000 };

let arena: Arena;
let node: TradingNode;
let flows: AccountRecord;
let hedged: AccountRecord;

beforeAll(async () => {
  arena = await Arena.open('outside money', ['--quiet', 'BTCUSDT']);
  for (const name of ['flows', 'hedged'])
    await arena.simulator.control('POST', 'accounts', { name, balances: { USDT: '1000' }, mayTradeFutures: true });
  await arena.simulator.control('POST', 'accounts/hedged/calls', {
    method: 'POST',
    path: '/fapi/v1/positionSide/dual',
    parameters: { dualSidePosition: 'true' },
  });
  [flows, hedged] = [await arena.openHere('flows'), await arena.openHere('hedged')];
  await arena.ask(`UPDATE accounts SET position_mode = 'HEDGE' WHERE id = $1`, [hedged.id]);
  node = openTradingNode({ ...arena.settings, storage: arena.storage, longestWaitMs: 3_000 });
  await arena.reconciled();
  await eventually(async () => (await node.markets.quote(swap)).last);
}, 240_000);

afterAll(async () => {
  await node.stop();
  await arena.stop();
});

function negated(amount: DecimalString): DecimalString {
  return difference(toDecimalString('0'), amount);
}

/** What the ledger holds in USDT, book by book. */
async function booksOf({ id }: AccountRecord): Promise<Readonly<Record<string, string>>> {
  const rows = await arena.ask(
    `SELECT book, sum(amount) AS amount FROM ledger_entries WHERE account_id = $1 AND currency = 'USDT' GROUP BY book`,
    [id],
  );
  return Object.fromEntries(rows.map(({ book, amount }) => [book as string, toDecimalString(amount)]));
}

async function balanceThere({ label }: AccountRecord): Promise<string | undefined> {
  return (await exchangeLedger(arena.simulator, label)).balances.get('USDT');
}

function move(amount: string, changes: object = {}): Promise<unknown> {
  return arena.simulator.control('POST', 'accounts/flows/balances', { asset: 'USDT', amount, ...changes });
}

/** Values the accounts now, and gives the day of one. */
async function pnlOf({ id, ownerId }: AccountRecord) {
  const { trading: store, risk, pnl } = arena.storage;
  const logger = createLogger('silent');
  const runner = new BackgroundRunner({ logger, metrics: createMetrics() });
  const equity = new AccountEquity({ risk, markets: node.markets, clock: Date.now });
  const schedule = () => () => undefined;
  const epoch = () => node.desk.epoch;
  await new EquityMonitor({ store, risk, equity, clock: Date.now, schedule, runner, logger, epoch }).look();
  const [day] = (await new PnlDays({ pnl, clock: Date.now }).read(ownReader(ownerId), id, {
    since: null,
    until: null,
  }))!;
  return day;
}

/** What the exchange itself knows of the swaps. */
async function usdmOf({ label }: AccountRecord) {
  const { accounts } = (await arena.simulator.control('GET', `ledger?account=${label}`)) as {
    readonly accounts: readonly {
      readonly usdm: {
        readonly income: readonly { readonly incomeType: string; readonly income: string }[];
        readonly positions: readonly { readonly positionSide: string; readonly positionAmt: string }[];
      };
    }[];
  };
  return accounts[0]!.usdm;
}

async function positions(): Promise<Readonly<Record<'LONG' | 'SHORT', PositionRecord | undefined>>> {
  const held = await arena.storage.trading.transaction({ accountId: hedged.id, epoch: null }, (tx) => tx.positions());
  return { LONG: held!.find(({ side }) => side === 'LONG'), SHORT: held!.find(({ side }) => side === 'SHORT') };
}

it('books deposits and withdrawals as such, one that is listed late included, and explains the day to the last digit', async () => {
  expect((await pnlOf(flows))?.transfers).toBe('11000');
  await move('500');
  await move('-200.5');
  await eventually(async () => (await booksOf(flows))['TRANSFERS'] === '-11299.5', soon);
  await move('30', { listAfterMs: 20_000 });
  await eventually(async () => (await booksOf(flows))['UNEXPLAINED'] === '-30', soon);
  expect(await pnlOf(flows)).toMatchObject({ transfers: '11299.5', difference: '30' });
  await eventually(async () => (await booksOf(flows))['UNEXPLAINED'] === '0', soon);
  expect(await booksOf(flows)).toEqual({ ASSETS: '11329.5', TRANSFERS: '-11329.5', UNEXPLAINED: '0' });
  expect(await balanceThere(flows)).toBe('11329.5');
  expect(await pnlOf(flows)).toMatchObject({ transfers: '11329.5', equityChange: '11329.5', difference: '0' });
}, 200_000);

it('keeps both sides of a market apart in hedge mode: their funding, and what closes one of them', async () => {
  const trade = (side: 'BUY' | 'SELL', amount: string, positionSide: 'LONG' | 'SHORT') =>
    node.trading.createOrder(arena.asker, intentFor(hedged.id, { market: swap, side, amount, positionSide }));
  expect(await trade('BUY', '0.02', 'LONG')).toMatchObject({ refusal: null, order: { phase: 'CLOSED' } });
  expect(await trade('SELL', '0.008', 'SHORT')).toMatchObject({ refusal: null, order: { phase: 'CLOSED' } });
  expect(await positions()).toMatchObject({ LONG: { amount: '0.02' }, SHORT: { amount: '0.008' } });
  await pnlOf(hedged);

  await arena.simulator.control('POST', 'markets/BTCUSDT/funding', { rate: '0.001' });
  const { income } = await usdmOf(hedged);
  const paid = income
    .filter(({ incomeType }) => incomeType === 'FUNDING_FEE')
    .map((row) => toDecimalString(row.income));
  expect(paid).toHaveLength(2);
  const total = sum(...paid);
  await eventually(async () => (await booksOf(hedged))['FUNDING'] === negated(total), soon);
  const { LONG, SHORT } = await positions();
  expect(sum(LONG!.fundingPaid, SHORT!.fundingPaid)).toBe(negated(total));
  // To the eighth place, to which the exchange rounds each of them.
  expect(Number(LONG!.fundingPaid)).toBeCloseTo(-Number(paid[0]), 7);
  expect(Number(SHORT!.fundingPaid)).toBeCloseTo(-Number(paid[1]), 7);
  expect(compareDecimals(LONG!.fundingPaid, toDecimalString('0'))).toBe(1);
  expect(await pnlOf(hedged)).toMatchObject({ funding: total, difference: '0' });

  const { order } = await node.trading.closePosition(arena.asker, {
    positionId: SHORT!.id,
    idempotencyKey: 'close the short one',
    fraction: '1',
  });
  expect(order).toMatchObject({ phase: 'CLOSED', side: 'BUY', positionSide: 'SHORT', reduceOnly: false });
  expect(await positions()).toMatchObject({ LONG: { id: LONG!.id, amount: '0.02' }, SHORT: undefined });
  expect((await usdmOf(hedged)).positions.filter(({ positionAmt }) => Number(positionAmt) !== 0)).toMatchObject([
    { positionSide: 'LONG', positionAmt: '0.020' },
  ]);
  await eventually(async () => (await booksOf(hedged))['ASSETS'] === (await balanceThere(hedged)), soon);
  expect(await pnlOf(hedged)).toMatchObject({ transfers: '11000', difference: '0' });
  expect((await booksOf(hedged))['UNEXPLAINED']).toBeUndefined();
}, 200_000);
