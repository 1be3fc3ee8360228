import { toDecimalString } from '../../../src/domain/decimal';
import { ScriptedPaper, swap, type PaperTestOptions } from './scriptedPaper';

const bids = [['100', '500']] as const;
const asks = [['100', '500']] as const;

/** With 1,000 USDT; every level at 100, so that what changes is the fee of 0.2 % alone. */
async function openSwap(options: PaperTestOptions = {}): Promise<ScriptedPaper> {
  const paper = await ScriptedPaper.open({ balances: { USDT: '1000' }, ...options });
  paper.snapshotBook = paper.makeBook(bids, asks, swap);
  return paper;
}

const mark = (paper: ScriptedPaper, price: string): Promise<void> =>
  paper.tell({ type: 'mark', price: toDecimalString(price) }, swap);

async function positions(paper: ScriptedPaper): Promise<readonly string[]> {
  const held = await paper.port.positions();
  return held.map(({ side, amount, entryPrice }) => `${side} ${amount} at ${entryPrice}`);
}

it('holds a tenth of what a position cost as its margin, and pays the fee from the wallet', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '10' });
  expect(await positions(paper)).toEqual(['LONG 10 at 100']);
  expect(await paper.money()).toEqual({ USDT: '898 100' });
});

it('realizes profit and loss into the wallet when the position gets smaller, and turns it where one-way mode lets it', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '10' });
  await paper.book([['110', '500']], [['111', '500']], swap);
  await paper.accept({ symbol: swap, side: 'SELL', amount: '4' });
  expect(await positions(paper)).toEqual(['LONG 6 at 100']);
  // 898 + 40 margin + 40 profit − 0.88 fee.
  expect(await paper.money()).toEqual({ USDT: '977.12 60' });
  await paper.accept({ symbol: swap, side: 'SELL', amount: '8' });
  expect(await positions(paper)).toEqual(['SHORT 2 at 110']);
  // + 60 margin + 60 profit − 22 margin of the short − 1.76 fee.
  expect(await paper.money()).toEqual({ USDT: '1073.36 22' });
});

it('refuses what its margin and fee would not cover', async () => {
  const paper = await openSwap();
  // 98 × 100 × (0.1 + 0.002) = 999.6
  expect(await paper.place({ symbol: swap, amount: '98.1' })).toMatchObject({ code: 'INSUFFICIENT_BALANCE' });
  expect(await paper.place({ symbol: swap, type: 'LIMIT', amount: '98.1', price: '100' })).toMatchObject({
    code: 'INSUFFICIENT_BALANCE',
  });
  expect(await paper.accept({ symbol: swap, amount: '98' })).toMatchObject({ status: 'CLOSED' });
});

it('holds nothing for an order that closes, and never closes more than there is', async () => {
  const paper = await openSwap();
  const close = { symbol: swap, side: 'SELL', reduceOnly: true } as const;
  expect(await paper.place({ ...close, amount: '1' })).toMatchObject({ code: 'REDUCE_ONLY_REFUSED' });
  await paper.accept({ symbol: swap, amount: '5' });
  expect(await paper.place({ ...close, side: 'BUY', amount: '1' })).toMatchObject({ code: 'REDUCE_ONLY_REFUSED' });
  await paper.accept({ ...close, type: 'LIMIT', amount: '5', price: '120' }, 'resting');
  expect((await paper.money()).USDT).toBe('949 50');
  expect(await paper.accept({ ...close, amount: '7' })).toMatchObject({ status: 'EXPIRED', filled: '5' });
  expect(await positions(paper)).toEqual([]);
  await paper.trade('121', '9', 'BUY', swap);
  expect(await paper.statusOf('resting')).toBe('EXPIRED 0');
});

it('keeps a long and a short beside each other in hedge mode', async () => {
  const paper = await openSwap({ positionMode: 'HEDGE' });
  expect(await paper.place({ symbol: swap, amount: '1' })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
  await paper.accept({ symbol: swap, amount: '2', positionSide: 'LONG' });
  await paper.accept({ symbol: swap, side: 'SELL', amount: '3', positionSide: 'SHORT' });
  expect((await positions(paper)).toSorted()).toEqual(['LONG 2 at 100', 'SHORT 3 at 100']);
  await paper.accept({ symbol: swap, side: 'SELL', amount: '2', positionSide: 'LONG' });
  expect(await positions(paper)).toEqual(['SHORT 3 at 100']);
  expect(await paper.place({ symbol: swap, side: 'SELL', amount: '1', positionSide: 'LONG' })).toMatchObject({
    code: 'REDUCE_ONLY_REFUSED',
  });
});

it('pays funding once each time it falls due, from those who held the position then', async () => {
  const paper = await openSwap();
  const early = paper.now;
  await paper.accept({ symbol: swap, amount: '10' });
  const funding = { type: 'funding', rate: toDecimalString('0.001'), markPrice: toDecimalString('110') } as const;
  await paper.tell({ ...funding, dueAt: early }, swap);
  const dueAt = paper.now;
  await paper.tell({ ...funding, dueAt }, swap);
  await paper.tell({ ...funding, dueAt }, swap);
  expect(await paper.money()).toEqual({ USDT: '896.9 100' });
  expect(await paper.port.transfersSince(0)).toMatchObject([{ kind: 'FUNDING', symbol: swap, amount: '-1.1' }]);
});

it('pays of funding what is free, and has the rest paid for it', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '98' });
  // 0.4 is free; 4.9 are owed.
  const owed = { rate: toDecimalString('0.0005'), markPrice: toDecimalString('100'), dueAt: paper.now } as const;
  await paper.tell({ type: 'funding', ...owed }, swap);
  expect(await paper.money()).toEqual({ USDT: '0 980' });
  expect((await paper.port.transfersSince(0)).map(({ kind, amount }) => [kind, amount]).toSorted()).toEqual([
    ['FUNDING', '-4.9'],
    ['TRANSFER', '4.5'],
  ]);
});

it('an order that the account cannot pay when its time comes ends, and takes nothing', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '10' });
  // It would close, so nothing is held for it; by the time it is met, it would open, and next to nothing is free.
  await paper.accept({ symbol: swap, type: 'LIMIT', side: 'SELL', amount: '10', price: '105' }, 'resting');
  await paper.accept({ symbol: swap, side: 'SELL', amount: '10' });
  await paper.accept({ symbol: swap, type: 'LIMIT', amount: '95', price: '99' });
  await paper.trade('106', '9', 'BUY', swap);
  expect(await paper.failures()).toBe(0);
  expect(await paper.statusOf('resting')).toBe('EXPIRED 0');
  expect(await positions(paper)).toEqual([]);
});

it('liquidates at the mark once the money does not cover the maintenance margin, and not before', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '90' });
  await paper.accept({ symbol: swap, type: 'LIMIT', amount: '1', price: '50' }, 'resting');
  // 982 in the wallet. At 89.6: 982 − 936 = 46, maintenance 40.32. At 89.5: 37, 40.275.
  await mark(paper, '89.6');
  expect(await positions(paper)).toEqual(['LONG 90 at 100']);
  await mark(paper, '89.5');
  expect(await positions(paper)).toEqual([]);
  expect(await paper.statusOf('resting')).toBe('CANCELED 0');
  // 37 − 16.11 fee.
  expect(await paper.money()).toEqual({ USDT: '20.89 0' });
  const fills = await paper.port.fillsSince(swap, 0);
  expect(fills.at(-1)).toMatchObject({ clientOrderId: null, side: 'SELL', price: '89.5', amount: '90' });
  const liquidation = { symbol: swap, clientOrderId: null, exchangeOrderId: fills.at(-1)!.exchangeOrderId };
  expect(await paper.port.findOrder(liquidation)).toMatchObject({ status: 'CLOSED', filled: '90' });
  expect(await paper.port.findOrder({ ...liquidation, exchangeOrderId: '1000' })).toBeNull();
});

it('ends at zero and not below where the price has jumped past everything, and says who paid', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '90' });
  await mark(paper, '50');
  expect(await paper.money()).toEqual({ USDT: '0 0' });
  // 982 − 4500 − 9 fee.
  expect(await paper.port.transfersSince(0)).toMatchObject([{ kind: 'TRANSFER', currency: 'USDT', amount: '3527' }]);
});

it('goes by the last price where no mark price is told, and does nothing while neither is known', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '90' });
  await paper.tell({ type: 'stale' }, swap);
  expect(await positions(paper)).toEqual(['LONG 90 at 100']);
  await paper.trade('60', '1', 'SELL', swap);
  expect(await positions(paper)).toEqual([]);
});

it('goes on with a position after a restart', async () => {
  const paper = await openSwap();
  await paper.accept({ symbol: swap, amount: '90' });
  const after = await paper.restart();
  expect(after.followers(swap)).toBe(1);
  await mark(after, '80');
  expect(await positions(after)).toEqual([]);
});
