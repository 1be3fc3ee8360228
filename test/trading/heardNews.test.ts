import { Pool } from 'pg';
import type { OrderReport } from '../../src/domain/orders';
import type { AccountEventRecord, OrderRecord, PositionRecord } from '../../src/storage/trading/records';
import { LeadershipLost } from '../../src/storage/trading/tradingStore';
import { HeardNews } from '../../src/trading/heardNews';
import { eventually } from '../kit/eventually';
import { Gate } from '../kit/gate';
import { endPool } from '../kit/endPool';
import { openTestStorage } from '../kit/postgres';
import { money } from '../kit/tradingRecords';
import { VirtualTime } from './risk/riskHouse';
import { ScriptedAccount } from './scriptedAccount';

let house: Awaited<ReturnType<typeof openTestStorage>>;
let pool: Pool;
let there: ScriptedAccount;
let time: VirtualTime;
let news: HeardNews;
let failures: unknown[];
/** What each transaction has told the account's streams. */
let commits: (readonly AccountEventRecord[])[];
/** How often the exchange was asked for trades. */
let asked: number;
let unlisten: () => void;

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
  [time, failures, commits, asked] = [new VirtualTime(), [], [], 0];
  const fillsSince = there.port.fillsSince!;
  there.port.fillsSince = (...question) => {
    asked += 1;
    return fillsSince(...question);
  };
  news = new HeardNews(there.desk, { schedule: time.schedule, onFailure: (error) => failures.push(error) });
  unlisten = house.storage.trading.onCommit((_accountId, events) => commits.push(events));
});

afterEach(() => {
  unlisten();
});

/** A purchase of so many coins for 100 each, of an order that nobody knows, or of this one. */
function fillOf(amount: string, { exchangeOrderId }: Partial<OrderRecord> = {}) {
  const fill = there.fillOf(there.markets.spot, { side: 'BUY', amount, positionSide: null });
  return { ...fill, exchangeOrderId: exchangeOrderId ?? fill.exchangeOrderId };
}

function hearFill(amount: string, order: Partial<OrderRecord> = {}, symbol = there.markets.spot.symbol): void {
  news.hear({ type: 'fill', fill: { ...fillOf(amount, order), symbol } });
}

/** The first of these is being booked when the others come. */
async function hearWhileBooking(hear: () => void): Promise<void> {
  const mayGoOn = new Gate();
  const { id: accountId } = there.account;
  const held = house.storage.trading.transaction({ accountId, epoch: null }, () => mayGoOn.passed);
  hear();
  mayGoOn.open();
  await held;
}

/** How many coins were held after each fill, transaction by transaction. */
function held(): readonly (readonly string[])[] {
  return commits.map((events) =>
    events.flatMap(({ kind, payload }) => (kind === 'position' ? [(payload as PositionRecord).amount] : [])),
  );
}

describe('what came while something else was being booked', () => {
  it('is booked in one transaction of at most a hundred, in the order in which it came', async () => {
    const amounts = Array.from({ length: 102 }, (_, index) => String(index + 1));
    await hearWhileBooking(() => {
      for (const amount of amounts) hearFill(amount);
    });
    await news.stop();
    const sums = amounts.map((_amount, index) => String(((index + 1) * (index + 2)) / 2));
    expect(held()).toEqual([sums.slice(0, 1), sums.slice(1, 101), sums.slice(101)]);
    expect(failures).toEqual([]);
  });

  it('is booked without what cannot be, of which each is told', async () => {
    await hearWhileBooking(() => {
      for (const amount of ['1', '2', '1000000000000000000000', '4']) hearFill(amount);
      hearFill('8', {}, 'GONE/USDT');
      hearFill('16');
    });
    await news.stop();
    expect(held().flat()).toEqual(['1', '3', '7', '23']);
    expect(failures).toHaveLength(2);
    hearFill('32');
    await news.stop();
    expect(held().at(-1)).toEqual(['55']);
  });

  it('is left to the node that leads by now, without a try for each', async () => {
    await house.storage.trading.takeLead();
    await hearWhileBooking(() => {
      for (const amount of ['1', '2', '3']) hearFill(amount);
    });
    await news.stop();
    expect(failures).toEqual([expect.any(LeadershipLost), expect.any(LeadershipLost)]);
    expect(commits).toEqual([]);
  });
});

describe('the end of an order that comes before what it executed', () => {
  let order: OrderRecord;

  beforeEach(async () => {
    order = await there.addOrder({ phase: 'OPEN', type: 'LIMIT', timeInForce: 'GTC', exchangeOrderId: '7' });
    commits = [];
  });

  const report = (status: OrderReport['status'] = 'CLOSED', filled = '1'): OrderReport => ({
    ...{ exchangeOrderId: '7', clientOrderId: order.clientOrderId, symbol: 'BTC/USDT', status },
    ...{ terms: { ...order, symbol: 'BTC/USDT' }, filled: money(filled), cost: null, average: null, fills: [] },
    exchangeTime: there.now,
  });

  const hearReport = (...told: Parameters<typeof report>): void => {
    news.hear({ type: 'order', report: report(...told) });
  };

  /** Phase and filled amount of the order as its streams were told them, transaction by transaction. */
  const told = () =>
    commits.map((events) =>
      events.flatMap(({ kind, payload }) => {
        const { phase, filled } = payload as OrderRecord;
        return kind === 'order' ? [`${phase} ${filled}`] : [];
      }),
    );

  it('is booked with the last of that, and nothing is asked for', async () => {
    hearReport();
    hearFill('0.4', order);
    await eventually(() => commits.length === 1);
    hearFill('0.6', order);
    await eventually(() => commits.length === 2);
    time.advance(1_000);
    await news.stop();
    expect(told()).toEqual([['PARTIALLY_FILLED 0.4'], ['CLOSED 1']]);
    expect([asked, failures]).toEqual([0, []]);
  });

  it('is booked with all of that where both wait for the same transaction', async () => {
    await hearWhileBooking(() => {
      hearFill('5');
      hearReport('CANCELED', '0.7');
      hearFill('0.4', order);
      hearFill('0.3', order);
    });
    await eventually(() => commits.length === 2);
    time.advance(1_000);
    await news.stop();
    expect(told()).toEqual([[], ['CANCELED 0.7']]);
    expect([asked, failures]).toEqual([0, []]);
  });

  it('is booked with the last of that where an answer has told of it', async () => {
    news.expect({ order, market: there.markets.spot, report: report() });
    hearFill('1', order);
    await eventually(() => commits.length === 1);
    time.advance(1_000);
    await news.stop();
    expect([told(), asked]).toEqual([[['CLOSED 1']], 0]);
  });

  it('is asked for after a second, once, however often it was told', async () => {
    for (let count = 0; count < 3; count += 1) {
      hearReport();
      news.expect({ order, market: there.markets.spot, report: report() });
    }
    hearFill('5');
    await eventually(() => commits.length === 1);
    there.fills.push(fillOf('1', order));
    time.advance(999);
    expect(asked).toBe(0);
    time.advance(1);
    await eventually(() => commits.length === 2);
    time.advance(1_000);
    expect([told(), asked, failures]).toEqual([[[], ['CLOSED 1']], 1, []]);
  });

  it('is waited with, not what says that the order stands', async () => {
    order = await there.addOrder({ phase: 'SENDING', type: 'LIMIT', timeInForce: 'GTC' });
    commits = [];
    news.hear({ type: 'order', report: { ...report('OPEN', '0.4'), exchangeOrderId: '8' } });
    await eventually(() => commits.length === 1);
    hearFill('0.4', { exchangeOrderId: '8' });
    await eventually(() => commits.length === 2);
    expect(told()).toEqual([['OPEN 0'], ['PARTIALLY_FILLED 0.4']]);
  });

  it('is left to the next comparison where nothing may begin any more', async () => {
    news.expect({ order, market: there.markets.spot, report: report() });
    await news.stop();
    time.advance(1_000);
    expect(asked).toBe(0);
    expect(await there.phaseOf(order)).toBe('OPEN');
  });
});
