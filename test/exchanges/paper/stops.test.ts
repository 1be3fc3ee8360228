import { ScriptedPaper } from './scriptedPaper';

const bids = [['99', '20']] as const;
const asks = [['101', '20']] as const;

let paper: ScriptedPaper;

beforeEach(async () => {
  paper = await ScriptedPaper.open();
  paper.snapshotBook = paper.makeBook(bids, asks);
  // The market is followed from the first order on.
  await paper.accept({ type: 'LIMIT', amount: '1', price: '1' }, 'first');
  await paper.port.cancelOrder({ symbol: 'BTC/USDT', clientOrderId: 'first', exchangeOrderId: null });
  await paper.book(bids, asks);
  await paper.trade('100', '1', 'BUY');
});

it.each([
  ['STOP', 'BUY', '105', '104.99', '105'],
  ['STOP', 'SELL', '95', '95.01', '95'],
  ['TAKE_PROFIT', 'BUY', '95', '95.01', '94'],
  ['TAKE_PROFIT', 'SELL', '105', '104.99', '106'],
] as const)(
  'a %s %s waits until the last price has come to its trigger',
  async (type, side, triggerPrice, before, at) => {
    await paper.accept({ type, side, amount: '1', triggerPrice }, 'stop');
    await paper.trade(before, '9', 'BUY');
    await paper.book(bids, asks);
    expect(await paper.statusOf('stop')).toBe('OPEN 0');
    await paper.trade(at, '0.1', 'BUY');
    // Triggered by the trade; executed on the first book after it.
    expect(await paper.statusOf('stop')).toBe('OPEN 0');
    await paper.book([['94', '1']], [['106', '1']]);
    expect(await paper.fills()).toEqual([side === 'BUY' ? '106×1 taker' : '94×1 taker']);
  },
);

it('a stop that the last price triggers already is refused', async () => {
  const stop = { type: 'STOP', side: 'SELL', amount: '1' } as const;
  expect(await paper.place({ ...stop, triggerPrice: '100' })).toMatchObject({ code: 'WOULD_TRIGGER' });
  expect(await paper.place({ ...stop, triggerPrice: '99.99' })).toMatchObject({ kind: 'accepted' });
  const trailing = { type: 'TRAILING_STOP', side: 'SELL', amount: '1', trailingDelta: '1' } as const;
  expect(await paper.place(trailing)).toMatchObject({ code: 'EXCHANGE_REFUSED' });
});

it('a triggered limit takes what its limit allows and rests with the remainder', async () => {
  await paper.accept(
    { type: 'STOP_LIMIT', amount: '3', triggerPrice: '105', price: '106', timeInForce: 'GTC' },
    'stop',
  );
  expect((await paper.money()).USDT).toBe('9682 318');
  await paper.trade('105', '1', 'BUY');
  await paper.book(
    [['104', '1']],
    [
      ['105.5', '1'],
      ['107', '9'],
    ],
  );
  expect(await paper.fills()).toEqual(['105.5×1 taker']);
  await paper.trade('105', '5', 'SELL');
  // 106 is what it may pay; the market has not been above 105.5.
  expect(await paper.fills()).toEqual(['105.5×1 taker', '105.5×2 maker']);
  expect((await paper.money()).USDT).toBe('9683.5 0');
});

it('a trailing stop follows the best price since it was placed, and sells when the price falls back by its delta', async () => {
  await paper.accept({ type: 'TRAILING_STOP', side: 'SELL', amount: '1', trailingDelta: '0.05' }, 'stop');
  for (const price of ['95.01', '110', '104.51', '120', '114.01']) await paper.trade(price, '1', 'BUY');
  await paper.book(bids, asks);
  expect(await paper.statusOf('stop')).toBe('OPEN 0');
  await paper.trade('114', '1', 'BUY');
  await paper.book([['113.9', '2']], asks);
  expect(await paper.fills()).toEqual(['113.9×1 taker']);
});

it('a trailing stop that buys follows the lowest price', async () => {
  await paper.accept({ type: 'TRAILING_STOP', side: 'BUY', amount: '1', trailingDelta: '0.05' }, 'stop');
  for (const price of ['80', '83.99']) await paper.trade(price, '1', 'BUY');
  await paper.book(bids, asks);
  expect(await paper.statusOf('stop')).toBe('OPEN 0');
  await paper.trade('84', '1', 'BUY');
  await paper.book(bids, asks);
  expect(await paper.fills()).toEqual(['101×1 taker']);
});

it('keeps a trigger that was met, and the best price, over a restart', async () => {
  await paper.accept({ type: 'STOP', side: 'SELL', amount: '1', triggerPrice: '95' }, 'stop');
  await paper.accept({ type: 'TRAILING_STOP', side: 'SELL', amount: '1', trailingDelta: '0.05' }, 'trailing');
  await paper.trade('120', '1', 'BUY');
  await paper.trade('95', '1', 'SELL');
  const after = await paper.restart();
  after.now = paper.now + 10;
  await after.book([['119', '9']], [['121', '9']]);
  expect(await after.fills()).toEqual(['119×1 taker', '119×1 taker']);
});

it('is not triggered by a trade of before it was there', async () => {
  const trade = paper.makeTrade('90', '1', 'SELL');
  await paper.accept({ type: 'STOP', side: 'SELL', amount: '1', triggerPrice: '95' }, 'stop');
  await paper.tell({ type: 'trades', trades: [trade] });
  await paper.book(bids, asks);
  expect(await paper.statusOf('stop')).toBe('OPEN 0');
});

it('a stop that buys for more than was held for it takes what is free, and ends where that ends', async () => {
  const poor = await ScriptedPaper.open({ balances: { USDT: '110' } });
  poor.snapshotBook = poor.makeBook(bids, [['100', '1']]);
  await poor.accept({ type: 'STOP', amount: '1', triggerPrice: '105' }, 'stop');
  expect(await poor.money()).toEqual({ USDT: '5 105' });
  await poor.trade('105', '1', 'BUY');
  await poor.book(bids, [
    ['110', '0.5'],
    ['125', '1'],
  ]);
  expect(await poor.statusOf('stop')).toBe('EXPIRED 0.5');
  expect(await poor.money()).toEqual({ BTC: '0.499 0', USDT: '55 0' });
});
