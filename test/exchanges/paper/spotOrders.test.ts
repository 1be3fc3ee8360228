import { MemoryPaperStore } from './memoryPaperStore';
import { toDecimalString } from '../../../src/domain/decimal';
import { noRules, ScriptedPaper } from './scriptedPaper';

const bids = [
  ['99', '2'],
  ['98', '5'],
] as const;
const asks = [
  ['100', '1'],
  ['101', '2'],
  ['103', '5'],
] as const;

/** With a book that is followed live. */
async function openPaper(options: Parameters<typeof ScriptedPaper.open>[0] = {}): Promise<ScriptedPaper> {
  const paper = await ScriptedPaper.open(options);
  paper.snapshotBook = paper.makeBook(bids, asks);
  return paper;
}

describe('a market order', () => {
  it('walks the levels of the book, each a fill of its own at its own price, and pays the taker fee from what it receives', async () => {
    const paper = await openPaper();
    const report = await paper.accept({ amount: '2.5' });
    expect(report).toMatchObject({ status: 'CLOSED', filled: '2.5', cost: '251.5', average: '100.6' });
    expect(report.fills.map(({ price, amount, fees }) => [price, amount, fees])).toEqual([
      ['100', '1', [{ currency: 'BTC', cost: '0.002' }]],
      ['101', '1.5', [{ currency: 'BTC', cost: '0.003' }]],
    ]);
    expect(await paper.money()).toEqual({ USDT: '9748.5 0', BTC: '12.495 0' });
  });

  it('sells into the bids and pays the fee in quote currency', async () => {
    const paper = await openPaper();
    const report = await paper.accept({ side: 'SELL', amount: '3' });
    expect(report.fills.map(({ price, amount }) => `${price}×${amount}`)).toEqual(['99×2', '98×1']);
    expect(await paper.money()).toEqual({ USDT: '10295.408 0', BTC: '7 0' });
  });

  it('pays a fee that is rounded up to the last digit that the books keep', async () => {
    const paper = await openPaper();
    const report = await paper.accept({ amount: '0.0000000000000003' });
    expect(report.fills[0]?.fees).toEqual([{ currency: 'BTC', cost: '0.000000000000000001' }]);
  });

  it('buys for a quote amount in whole steps and leaves less than one step over', async () => {
    const paper = await openPaper();
    const report = await paper.accept({ quoteAmount: '201.05' });
    // 100 for the first level; 101.05 buys 1.000 whole steps of 0.001 at 101, and 0.05 buys none.
    expect(report).toMatchObject({ status: 'CLOSED', filled: '2', cost: '201' });
    expect((await paper.money()).USDT).toBe('9799 0');
  });

  it('ends as EXPIRED with what the book had', async () => {
    const paper = await openPaper();
    const report = await paper.accept({ amount: '9' });
    expect(report).toMatchObject({ status: 'EXPIRED', filled: '8' });
  });

  it('is refused as a whole where the money does not suffice', async () => {
    const paper = await openPaper({ balances: { USDT: '150', BTC: '0.5' } });
    expect(await paper.place({ amount: '1.6' })).toMatchObject({ kind: 'refused', code: 'INSUFFICIENT_BALANCE' });
    expect(await paper.place({ quoteAmount: '151' })).toMatchObject({ code: 'INSUFFICIENT_BALANCE' });
    expect(await paper.place({ side: 'SELL', amount: '0.6' })).toMatchObject({ code: 'INSUFFICIENT_BALANCE' });
    expect(await paper.money()).toEqual({ USDT: '150 0', BTC: '0.5 0' });
    expect(await paper.accept({ amount: '1.49' })).toMatchObject({ status: 'CLOSED' });
  });
});

describe('the liquidity of a level', () => {
  it('is not taken twice while the level stands as it was', async () => {
    const paper = await openPaper();
    await paper.accept({ amount: '1' });
    await paper.book(bids, asks);
    expect((await paper.accept({ amount: '1' })).average).toBe('101');
  });

  it('is there again as far as the level has grown, and forgotten with the level', async () => {
    const paper = await openPaper();
    await paper.accept({ amount: '1' });
    await paper.book(bids, [['100', '1.4'], ...asks.slice(1)]);
    expect((await paper.accept({ amount: '1' })).fills.map(({ amount }) => amount)).toEqual(['0.4', '0.6']);
    await paper.book(bids, [['103', '5']]);
    await paper.book(bids, asks);
    expect((await paper.accept({ amount: '1' })).average).toBe('100');
  });

  it('is what it was where real takers took what the account had taken already', async () => {
    const paper = await openPaper();
    await paper.book(bids, [['100', '10']]);
    await paper.accept({ amount: '4' });
    await paper.book(bids, [['100', '7']]);
    // 10 − 4 were left, and 3 of the 4 are gone from the real book as well.
    expect((await paper.accept({ amount: '7' })).filled).toBe('6');
  });
});

describe('a limit order', () => {
  it('takes what its limit allows, rests with the remainder, and holds what that costs', async () => {
    const paper = await openPaper();
    const report = await paper.accept({ type: 'LIMIT', amount: '5', price: '101' });
    expect(report).toMatchObject({ status: 'OPEN', filled: '3', cost: '302' });
    expect(await paper.money()).toEqual({ USDT: '9496 202', BTC: '12.994 0' });
  });

  it('frees what it held when it is canceled, and is gone after that', async () => {
    const paper = await openPaper();
    const { clientOrderId } = await paper.accept({ type: 'LIMIT', side: 'SELL', amount: '4', price: '120' });
    expect((await paper.money()).BTC).toBe('6 4');
    const reference = { symbol: 'BTC/USDT', clientOrderId: clientOrderId ?? '', exchangeOrderId: null };
    expect(await paper.port.cancelOrder(reference)).toMatchObject({ kind: 'accepted', report: { status: 'CANCELED' } });
    expect((await paper.money()).BTC).toBe('10 0');
    expect(await paper.port.cancelOrder(reference)).toEqual({ kind: 'gone' });
  });

  it('is filled at its own price, as maker, where the book comes to it', async () => {
    const paper = await openPaper();
    await paper.accept({ type: 'LIMIT', amount: '3', price: '97' }, 'a');
    await paper.book([['95', '1']], [['96', '2']]);
    expect(await paper.statusOf('a')).toBe('OPEN 2');
    // The same two are still there: they were taken.
    await paper.book([['95', '1']], [['96', '2']]);
    expect(await paper.fills()).toEqual(['97×2 maker']);
    expect(await paper.money()).toEqual({ USDT: '9709 97', BTC: '11.998 0' });
  });

  it('is filled by trades beyond its price, and for no more than was traded', async () => {
    const paper = await openPaper();
    await paper.accept({ type: 'LIMIT', amount: '3', price: '97' }, 'a');
    await paper.trade('96.5', '1', 'SELL');
    expect(await paper.statusOf('a')).toBe('OPEN 1');
    await paper.trade('96.5', '7', 'SELL');
    expect(await paper.statusOf('a')).toBe('CLOSED 3');
  });

  it('waits at its price for the queue that was there before it, which moves on by trades alone', async () => {
    const paper = await openPaper();
    await paper.accept({ type: 'LIMIT', amount: '3', price: '99' }, 'a');
    await paper.trade('99', '1.5', 'SELL');
    await paper.book([['99', '0.1']], asks);
    await paper.trade('99', '0.5', 'SELL');
    expect(await paper.statusOf('a')).toBe('OPEN 0');
    await paper.trade('99', '1', 'BUY');
    expect(await paper.statusOf('a')).toBe('OPEN 0');
    await paper.trade('99', '1.2', 'SELL');
    expect(await paper.fills()).toEqual(['99×1.2 maker']);
  });

  it('shares one trade with the other orders of the account, the better price first', async () => {
    const paper = await openPaper();
    await paper.accept({ type: 'LIMIT', amount: '2', price: '96' }, 'worse');
    await paper.accept({ type: 'LIMIT', amount: '2', price: '97' }, 'better');
    await paper.trade('95', '3', 'SELL');
    expect([await paper.statusOf('better'), await paper.statusOf('worse')]).toEqual(['CLOSED 2', 'OPEN 1']);
  });

  it('is not filled by a trade or a book of before it was there', async () => {
    const paper = await openPaper();
    const trade = paper.makeTrade('96', '5', 'SELL');
    const book = paper.makeBook([['95', '1']], [['96', '2']]);
    await paper.accept({ type: 'LIMIT', amount: '1', price: '97' }, 'a');
    await paper.tell({ type: 'trades', trades: [trade] });
    await paper.tell({ type: 'trades', trades: [{ ...trade, receivedTime: paper.now }] });
    await paper.tell({ type: 'trades', trades: [{ ...trade, exchangeTime: paper.now }] });
    await paper.tell({ type: 'book', book });
    expect(await paper.statusOf('a')).toBe('OPEN 0');
    await paper.trade('96', '5', 'SELL');
    expect(await paper.statusOf('a')).toBe('CLOSED 1');
  });

  it('obeys IOC, FOK and POST_ONLY', async () => {
    const paper = await openPaper();
    const limit = { type: 'LIMIT', price: '101' } as const;
    expect(await paper.accept({ ...limit, amount: '3.5', timeInForce: 'FOK' })).toMatchObject({
      status: 'EXPIRED',
      filled: '0',
    });
    expect(await paper.place({ ...limit, amount: '1', timeInForce: 'POST_ONLY' })).toMatchObject({
      code: 'WOULD_TAKE',
    });
    expect(await paper.accept({ ...limit, amount: '1', price: '99.5', timeInForce: 'POST_ONLY' })).toMatchObject({
      status: 'OPEN',
    });
    expect(await paper.accept({ ...limit, amount: '3.5', timeInForce: 'IOC' })).toMatchObject({
      status: 'EXPIRED',
      filled: '3',
    });
    expect((await paper.money()).USDT).toBe('9598.5 99.5');
  });

  it('is refused where it cannot be paid', async () => {
    const paper = await openPaper({ balances: { USDT: '100' } });
    expect(await paper.place({ type: 'LIMIT', amount: '2', price: '50.01' })).toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
    });
    expect(await paper.accept({ type: 'LIMIT', amount: '2', price: '50' })).toMatchObject({ status: 'OPEN' });
    expect(await paper.money()).toEqual({ USDT: '0 100' });
  });
});

describe('a client order id', () => {
  it('is used once for ever, also where the repeat would be refused for another reason', async () => {
    const paper = await openPaper({ balances: { USDT: '150' } });
    await paper.accept({ amount: '1' }, 'once');
    expect(await paper.place({ amount: '0.1' }, 'once')).toMatchObject({ code: 'DUPLICATE_CLIENT_ORDER_ID' });
    expect(await paper.place({ amount: '1' }, 'once')).toMatchObject({ code: 'DUPLICATE_CLIENT_ORDER_ID' });
    expect(await paper.fills()).toHaveLength(1);
  });

  it('is taken by one of many at once', async () => {
    const paper = await openPaper();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => paper.place({ amount: '0.1' }, 'same')));
    expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
    expect(await paper.fills()).toHaveLength(1);
  });
});

describe('an order that cannot be judged', () => {
  it('is refused while the book is not known, and resting ones wait', async () => {
    const paper = await openPaper();
    await paper.accept({ type: 'LIMIT', amount: '1', price: '97' }, 'a');
    await paper.book(bids, asks);
    paper.snapshotBook = null;
    await paper.tell({ type: 'stale' });
    expect(await paper.place({ amount: '1' })).toMatchObject({ kind: 'refused', code: 'MARKET_CLOSED' });
    expect(await paper.statusOf('a')).toBe('OPEN 0');
    await paper.book([['95', '1']], [['96', '2']]);
    expect(await paper.statusOf('a')).toBe('CLOSED 1');
  });

  it('that waits for a trigger is held against the price asked for, where trades may have been missed', async () => {
    const paper = await openPaper();
    await paper.book(bids, asks);
    await paper.trade('100', '1', 'BUY');
    const stop = { type: 'STOP', amount: '1', side: 'BUY', triggerPrice: '105' } as const;
    await paper.accept(stop, 'a');
    paper.snapshotLast = toDecimalString('106');
    await paper.tell({ type: 'tradesStale' });
    expect(await paper.place(stop)).toMatchObject({ kind: 'refused', code: 'WOULD_TRIGGER' });
    // Triggered by trades alone.
    expect(await paper.statusOf('a')).toBe('OPEN 0');
  });

  it('is refused where it was signed too long ago, has the wrong fields, or breaks a rule of the market', async () => {
    const amount = { min: toDecimalString('0.001'), max: null, step: null };
    const paper = await openPaper({ rules: { ...noRules, amount } });
    const late = { clientOrderId: 'x', signedAt: paper.now - 5_001 };
    const { terms } = await paper.accept({ amount: '1' });
    expect(await paper.port.placeOrder({ ...late, terms })).toMatchObject({ code: 'CLOCK_SKEWED' });
    expect(await paper.place({ type: 'LIMIT', amount: '1' })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(await paper.place({ amount: '1', positionSide: 'LONG' })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(await paper.place({ symbol: 'NO/SUCH', amount: '1' })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(await paper.place({ amount: '0.0001' })).toMatchObject({ code: 'MARKET_RULE_VIOLATED' });
  });
});

describe('a store that fails in the middle', () => {
  it.each(['lost', 'notMade'] as const)(
    'leaves the outcome unknown, and the truth is found by asking (%s)',
    async (how) => {
      const store = new MemoryPaperStore();
      const paper = await openPaper({ store });
      store.failNext = how;
      expect(await paper.place({ amount: '1' }, 'a')).toMatchObject({ kind: 'unknown' });
      expect(await paper.statusOf('a')).toBe(how === 'lost' ? 'CLOSED 1' : null);
      expect((await paper.accept({ amount: '1' }, 'b')).filled).toBe('1');
      expect(await paper.fills()).toHaveLength(how === 'lost' ? 2 : 1);
    },
  );
});

it('matches an order whose acceptance was not heard of', async () => {
  const store = new MemoryPaperStore();
  const paper = await openPaper({ store });
  await paper.accept({ amount: '1' });
  store.failNext = 'lost';
  expect(await paper.place({ type: 'LIMIT', amount: '1', price: '97' }, 'a')).toMatchObject({ kind: 'unknown' });
  await paper.book([['95', '1']], [['96', '2']]);
  expect(await paper.statusOf('a')).toBe('CLOSED 1');
});

it('goes on matching books after its store failed, and failed again as the account was read anew', async () => {
  const store = new MemoryPaperStore();
  const paper = await openPaper({ store });
  await paper.accept({ type: 'LIMIT', amount: '1', price: '97' }, 'a');
  const failures = await paper.failures();
  store.failNext = 'notMade';
  await paper.book([['95', '1']], [['96', '2']]);
  store.failNextLoad = true;
  await paper.book([['95', '1']], [['96', '2']]);
  expect((await paper.failures()) - failures).toBe(2);
  expect(await paper.statusOf('a')).toBe('OPEN 0');
  await paper.book([['95', '1']], [['96', '2']]);
  expect(await paper.statusOf('a')).toBe('CLOSED 1');
});

describe('two processes on one account', () => {
  it('make their changes one after the other on what is stored, and tell those who have to ask', async () => {
    const first = await openPaper();
    const second = await openPaper({ store: first.store });
    await first.accept({ type: 'LIMIT', amount: '1', price: '90' }, 'a');
    await second.accept({ type: 'LIMIT', amount: '1', price: '91' }, 'b');
    await first.accept({ type: 'LIMIT', amount: '1', price: '92' }, 'c');
    expect((await first.money()).USDT).toBe('9727 273');
    expect(first.events.map(({ type }) => type)).toContain('disconnected');
    expect(await second.port.openOrders(null)).toHaveLength(3);
    const reference = { symbol: 'BTC/USDT', clientOrderId: 'c', exchangeOrderId: null };
    expect(await second.port.cancelOrder(reference)).toMatchObject({ kind: 'accepted' });
  });
});

it('tells what was done once it is stored: fill, order and balances', async () => {
  const paper = await openPaper();
  await paper.accept({ amount: '1' });
  expect(paper.events.map(({ type }) => type)).toEqual(['connected', 'fill', 'order', 'balances']);
});

it('goes on with resting orders after a restart', async () => {
  const before = await openPaper();
  await before.accept({ type: 'LIMIT', amount: '1', price: '97' }, 'a');
  const after = await before.restart();
  expect(after.followers()).toBe(1);
  after.now = before.now + 10;
  await after.book([['95', '1']], [['96', '2']]);
  expect(await after.statusOf('a')).toBe('CLOSED 1');
});

describe('the rest of an order that took all there was', () => {
  it('pays no more than the market has asked of late, though its limit would allow it', async () => {
    const paper = await openPaper();
    await paper.book(bids, asks);
    await paper.accept({ type: 'LIMIT', amount: '9', price: '200' }, 'a');
    await paper.book(bids, [['102', '0.4']]);
    await paper.book(bids, [
      ['104', '0.2'],
      ['105', '0.1'],
    ]);
    await paper.trade('103', '0.1', 'SELL');
    expect((await paper.fills()).slice(3)).toEqual([
      '102×0.4 maker',
      '104×0.2 maker',
      '105×0.1 maker',
      '104×0.1 maker',
    ]);
  });
});
