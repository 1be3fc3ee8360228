import fc from 'fast-check';
import { compareDecimals } from '../../../src/domain/compareDecimals';
import { difference, sum } from '../../../src/domain/money';
import { ownReader } from '../../../src/storage/trading/accountReader';
import { Booking } from '../../../src/trading/booking';
import { bookUnexplained } from '../../../src/trading/reconciliation/balanceComparison';
import { bookExplained } from '../../../src/trading/reconciliation/explainTransfer';
import { PnlDays, type AccountPnlDay } from '../../../src/trading/pnl/pnlDays';
import { EquityMonitor } from '../../../src/trading/risk/equityMonitor';
import { decimal, noon, RiskHouse } from '../risk/riskHouse';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const runs = Number(process.env.PNL_COURSES ?? 15);

let house: RiskHouse;
let epoch: number;

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
  house.markets.price('BNB/USDT', '10');
});

async function look(): Promise<void> {
  const { store, risk, equity, runner, logger, time } = house;
  const { now: clock, schedule } = time;
  house.markets.beat();
  const parts = { store, risk, equity, clock, schedule, runner, logger, epoch: () => epoch };
  await new EquityMonitor(parts).look();
}

/** A moment later, so that what is booked next is after what was valued. */
async function lookAndGoOn(): Promise<void> {
  await look();
  house.time.setTo(house.time.now() + 1_000);
}

async function pnl(accountId: string, since: number | null = null, until: number | null = null) {
  const days = new PnlDays({ pnl: house.pnl, clock: house.time.now });
  return days.read(ownReader(house.ownerId), accountId, { since, until });
}

function expectIdentity(day: AccountPnlDay): void {
  const explained = difference(
    sum(day.realized, day.unrealizedChange, day.funding, day.transfers, day.difference),
    day.fees,
  );
  expect(day.equityChange).toBe(explained);
}

it('explains a day of spot and swap trades, fees, funding and transfers to the last digit', async () => {
  const { id } = await house.addAccount();
  await house.transfer(id, 'USDT', '1000');
  await house.transfer(id, 'BNB', '1');
  await lookAndGoOn();
  const usdt = (cost: string) => [{ currency: 'USDT', cost: decimal(cost) }];
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '2', price: '100', fees: usdt('0.2') });
  await house.fill(id, 'BTC/USDT', {
    side: 'BUY',
    amount: '1',
    price: '100',
    fees: [{ currency: 'BTC', cost: decimal('0.001') }],
  });
  await house.fill(id, 'BTC/USDT:USDT', {
    side: 'SELL',
    amount: '4',
    price: '100',
    fees: [{ currency: 'BNB', cost: decimal('0.01') }],
  });
  await house.fund(id, 'BTC/USDT:USDT', '0.5');
  house.markets.price('BTC/USDT', '110');
  house.markets.price('BTC/USDT:USDT', '110');
  await house.fill(id, 'BTC/USDT', { side: 'SELL', amount: '1', price: '110' });
  await house.fill(id, 'BTC/USDT:USDT', { side: 'BUY', amount: '1', price: '110' });
  await house.transfer(id, 'USDT', '-100');
  await look();
  const [day] = (await pnl(id))!;
  expect(day).toEqual({
    day: '2026-01-31',
    currency: 'USDT',
    // 10 of the coin that was sold, −10 of the contract that was bought back.
    realized: '0',
    // 1.999 coins that cost 100 each, and a short of 3.
    unrealizedChange: '-10.01',
    fees: '0.4',
    funding: '0.5',
    transfers: '910',
    equityChange: '900.09',
    difference: '0',
  });
});

it('goes on the next day where the last one closed, and counts a day that nobody watched with the one before', async () => {
  const { id } = await house.addAccount();
  await house.transfer(id, 'USDT', '1000');
  await lookAndGoOn();
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '1', price: '100' });
  house.markets.price('BTC/USDT', '120');
  house.time.setTo(noon + dayMs);
  await lookAndGoOn();
  await house.fill(id, 'BTC/USDT', { side: 'SELL', amount: '1', price: '125' });
  house.markets.price('BTC/USDT', '130');
  house.time.setTo(noon + 4 * dayMs);
  await look();
  const days = (await pnl(id))!;
  expect(
    days.map(({ day, realized, unrealizedChange, equityChange, difference: left }) => [
      day,
      realized,
      unrealizedChange,
      equityChange,
      left,
    ]),
  ).toEqual([
    ['2026-01-31', '0', '20', '1020', '0'],
    ['2026-02-01', '25', '-20', '5', '0'],
    ['2026-02-04', '0', '0', '0', '0'],
  ]);
  expect((await pnl(id, noon + dayMs, noon + 2 * dayMs))!.map(({ day }) => day)).toEqual(['2026-02-01']);
  expect((await pnl(id, noon + dayMs))!.map(({ day }) => day)).toEqual(['2026-02-01', '2026-02-04']);
  expect((await pnl(id, noon + dayMs))![0]).toEqual(days[1]);
  expect((await pnl(id, noon + dayMs, Date.UTC(2026, 1, 4)))!.map(({ day }) => day)).toEqual(['2026-02-01']);
});

it('takes the price moves of coins that were there before for unrealized, across restarts and their sale', async () => {
  const { id } = await house.addAccount();
  await house.transfer(id, 'BTC', '5');
  await lookAndGoOn();
  house.markets.price('BTC/USDT', '90');
  await lookAndGoOn();
  await house.fill(id, 'BTC/USDT', { side: 'SELL', amount: '3', price: '90' });
  await lookAndGoOn();
  house.markets.price('BTC/USDT', '80');
  await look();
  expect(await pnl(id)).toEqual([
    expect.objectContaining({
      transfers: '500',
      realized: '0',
      // 5 × −10, then 2 × −10.
      unrealizedChange: '-70',
      equityChange: '430',
      difference: '0',
    }),
  ]);
});

it('publishes what nothing explains', async () => {
  const { id } = await house.addAccount();
  await house.transfer(id, 'USDT', '1000');
  await lookAndGoOn();
  await house.store.transaction({ accountId: id, epoch: null }, (tx) =>
    tx.post({
      id: 'correction',
      lines: [
        { book: 'ASSETS', currency: 'USDT', amount: decimal('-7') },
        { book: 'UNEXPLAINED', currency: 'USDT', amount: decimal('7') },
      ],
      marketId: null,
      at: house.time.now(),
    }),
  );
  await look();
  expect(await pnl(id)).toMatchObject([{ equityChange: '993', difference: '-7' }]);
});

/** The exchange has more (or less) than the ledger, and nobody knows why. */
async function findUnexplained(accountId: string, currency: string, amount: string): Promise<void> {
  await house.store.transaction({ accountId, epoch: null }, async (tx) => {
    const booking = new Booking(tx, { now: house.time.now(), newId: () => '-', worthOfFee: () => decimal('0') });
    const found = { currency, amount: decimal(amount), key: '-', text: '-', at: house.time.now() };
    await bookUnexplained(booking, tx, found);
  });
}

/** The exchange tells why. */
async function explain(accountId: string, book: 'FUNDING' | 'TRANSFERS', currency: string, amount: string) {
  const told = { id: `explained:${currency}:${amount}`, book, currency, amount: decimal(amount), marketId: null };
  await house.store.transaction({ accountId, epoch: null }, (tx) =>
    bookExplained(tx, { ...told, exchangeTime: noon }, house.time.now()),
  );
}

it.each([
  ['25', 'TRANSFERS', { transfers: '1025', funding: '0' }],
  ['-25', 'TRANSFERS', { transfers: '975', funding: '0' }],
  ['-2', 'FUNDING', { transfers: '1000', funding: '-2' }],
] as const)(
  'leaves no difference on either day where %s is %s that was told the day after',
  async (amount, book, told) => {
    const { id } = await house.addAccount();
    await house.transfer(id, 'USDT', '1000');
    await lookAndGoOn();
    await findUnexplained(id, 'USDT', amount);
    house.time.setTo(noon + 2 * hourMs);
    await look();
    expect(await pnl(id)).toMatchObject([{ transfers: '1000', funding: '0', difference: amount }]);
    house.time.setTo(noon + dayMs);
    await lookAndGoOn();
    await explain(id, book, 'USDT', amount);
    await look();
    const [first, second] = (await pnl(id))!;
    expect(first).toMatchObject({ ...told, difference: '0' });
    expect(second).toMatchObject({ equityChange: '0', transfers: '0', funding: '0', difference: '0' });
    // Neither a gain nor a loss, when it was found as when it was explained.
    expect(await house.equity.riskStatus(id, ownReader(house.ownerId))).toMatchObject({ drawdown: '0', dailyPnl: '0' });
  },
);

it('takes coins that came unexplained at the price at which they were seen, once they are explained', async () => {
  const { id } = await house.addAccount();
  await house.transfer(id, 'USDT', '1000');
  await lookAndGoOn();
  await findUnexplained(id, 'BNB', '3');
  await lookAndGoOn();
  house.markets.price('BNB/USDT', '12');
  await lookAndGoOn();
  await explain(id, 'TRANSFERS', 'BNB', '3');
  await look();
  expect(await pnl(id)).toMatchObject([{ transfers: '1030', unrealizedChange: '6', difference: '0' }]);
});

it('tells nobody but the owner', async () => {
  const { id } = await house.addAccount();
  const days = new PnlDays({ pnl: house.pnl, clock: house.time.now });
  const all = { since: null, until: null };
  const stranger = '7b0c1c6e-7f9e-4b5c-9f3e-0d3f6f1f0a11';
  expect(await days.read(ownReader(house.ownerId), id, all)).toEqual([]);
  expect(await days.read(ownReader(stranger), id, all)).toBeNull();
  expect(await days.read(ownReader(house.ownerId), stranger, all)).toBeNull();
  expect(await days.read(ownReader(house.ownerId), 'nothing', all)).toBeNull();
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant('trade' as const),
    symbol: fc.constantFrom('BTC/USDT', 'BTC/USDT:USDT'),
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    amount: fc.integer({ min: 1, max: 5_000 }).map((lots) => decimal(`0.${String(lots).padStart(4, '0')}`)),
    feeBps: fc.integer({ min: 0, max: 20 }),
  }),
  fc.record({ kind: fc.constant('price' as const), price: fc.integer({ min: 5_000, max: 20_000 }) }),
  fc.record({ kind: fc.constant('transfer' as const), amount: fc.integer({ min: -50, max: 50 }) }),
  fc.record({ kind: fc.constant('funding' as const), amount: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ kind: fc.constant('look' as const), hours: fc.integer({ min: 0, max: 30 }) }),
);

it('leaves no difference on any course of trades at the market price, prices, transfers, funding and days', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      house.time.setTo(noon);
      await house.removeAccounts();
      const { id } = await house.addAccount();
      let price = decimal('100');
      const setPrice = (): void => {
        house.markets.price('BTC/USDT', price);
        house.markets.price('BTC/USDT:USDT', price);
      };
      setPrice();
      await house.transfer(id, 'USDT', '10000');
      for (const each of steps) {
        if (each.kind === 'price') {
          price = decimal(`${Math.floor(each.price / 100)}.${String(each.price % 100).padStart(2, '0')}`);
          setPrice();
        } else if (each.kind === 'trade') {
          // What is sold on the spot was bought here: the worth of other coins is another test's.
          const held = await positionOf(id);
          if (each.symbol === 'BTC/USDT' && each.side === 'SELL' && compareDecimals(held, each.amount) < 0) continue;
          const fees = [{ currency: 'USDT', cost: decimal(`0.${String(each.feeBps).padStart(4, '0')}`) }];
          await house.fill(id, each.symbol, { side: each.side, amount: each.amount, price, fees });
        } else if (each.kind === 'transfer') await house.transfer(id, 'USDT', String(each.amount));
        else if (each.kind === 'funding') await house.fund(id, 'BTC/USDT:USDT', String(each.amount));
        else {
          await look();
          house.time.setTo(house.time.now() + 1_000 + each.hours * hourMs);
        }
      }
      await look();
      const days = (await pnl(id))!;
      for (const day of days) {
        expectIdentity(day);
        // Average cost is kept to 18 places; each trade may leave a unit of the last of them.
        expect(Math.abs(Number(day.difference))).toBeLessThan(1e-15);
      }
      const equity = (await house.equity.riskStatus(id, ownReader(house.ownerId)))!.equity!;
      expect(sum(...days.map((day) => day.equityChange))).toBe(equity);
    }),
    { numRuns: runs },
  );
});

async function positionOf(accountId: string) {
  const { positions } = (await house.risk.snapshot(accountId, null))!;
  return positions.find(({ contractSize }) => contractSize === null)?.amount ?? decimal('0');
}
