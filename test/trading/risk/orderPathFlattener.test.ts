import type { MarketRules } from '../../../src/domain/marketRules';
import { AppError } from '../../../src/errors/appError';
import { readMarketRules } from '../../../src/exchanges/readMarketRules';
import type { AccountRecord, OrderRecord, PositionRecord } from '../../../src/storage/trading/records';
import { newAccount } from '../../../src/storage/trading/accountTable';
import type { OrderIntake } from '../../../src/trading/orderIntake';
import { refuse } from '../../../src/trading/refusal';
import { closingOrder, Trading, type TradingParts } from '../../../src/trading/trading';
import { OrderPathFlattener } from '../../../src/trading/risk/orderPathFlattener';
import { makePosition } from '../../kit/tradingRecords';
import { decimal, marketOf, noon, orderOf } from './riskHouse';

const spot = marketOf('BTC/USDT');
const account: AccountRecord = newAccount({
  ...{ id: 'a', ownerId: 'the owner', label: 'main', exchange: 'fake', mode: 'PAPER', currency: 'USDT' },
  ...{ positionMode: 'ONE_WAY', keyHint: null, createdAt: noon },
});

let rules: () => Promise<MarketRules>;
let taken: Parameters<OrderIntake['take']>[];
let answer: Awaited<ReturnType<OrderIntake['take']>>;

beforeEach(() => {
  rules = () => Promise.resolve(readMarketRules({ limits: {} }, spot));
  taken = [];
  answer = { kind: 'stored', order: orderOf('a', spot.id), replayed: false };
});

const flattener = (openOrders: readonly OrderRecord[] = [], canceled: OrderRecord[] = []) =>
  new OrderPathFlattener({
    markets: { rules: () => rules() },
    intake: {
      take: (...request) => {
        taken.push(request);
        return Promise.resolve(answer);
      },
    },
    requests: {
      cancelAll: (_asker, _accountId, isMeant) => {
        canceled.push(...openOrders.filter(isMeant));
        return Promise.resolve(canceled);
      },
    },
  });

function held(amount: string, changes: Partial<PositionRecord> = {}): PositionRecord {
  return { ...makePosition(account), contractSize: null, amount: decimal(amount), side: 'LONG', ...changes };
}

const inputs = () => taken.map(([, { input }]) => input);

it('closes by the way of every order, with the right of the owner, as an order that flattens', async () => {
  const position = held('2');
  expect(await flattener().close(account, position, 'flatten:1:p:0')).toBeNull();
  const request = expect.objectContaining({
    idempotencyKey: 'flatten:1:p:0',
    subject: `flatten ${position.id}`,
  }) as unknown;
  expect(taken).toEqual([[{ userId: 'the owner', actor: 'risk' }, request, 'FLATTEN']]);
});

it('sells what was bought, and lets a swap be no more than reduced, on its side in hedge mode', async () => {
  const swap = { contractSize: decimal('1') };
  await flattener().close(account, held('2'), '1');
  await flattener().close(account, held('2', swap), '2');
  await flattener().close(account, held('2', { ...swap, side: 'SHORT' }), '3');
  await flattener().close({ ...account, positionMode: 'HEDGE' }, held('2', { ...swap, side: 'SHORT' }), '4');
  expect(inputs()).toMatchObject([
    { type: 'MARKET', side: 'SELL', reduceOnly: false, positionSide: null },
    { type: 'MARKET', side: 'SELL', reduceOnly: true, positionSide: null },
    { type: 'MARKET', side: 'BUY', reduceOnly: true, positionSide: null },
    { type: 'MARKET', side: 'BUY', reduceOnly: false, positionSide: 'SHORT' },
  ]);
});

it.each<[string, Partial<Record<'amount' | 'marketAmount', { max?: string; step?: string }>>, string]>([
  ['all of it', {}, '12.3456'],
  ['whole steps, never more than is held', { amount: { step: '0.01' } }, '12.34'],
  [
    'the steps of market orders where they are others',
    { amount: { step: '0.01' }, marketAmount: { step: '0.1' } },
    '12.3',
  ],
  ['what one order takes', { amount: { max: '10' } }, '10'],
  ['what one market order takes', { amount: { max: '10' }, marketAmount: { max: '5' } }, '5'],
  ['what one order takes where market orders take more', { amount: { max: '5' }, marketAmount: { max: '10' } }, '5'],
])('closes %s', async (_what, bounds, amount) => {
  const plain = readMarketRules({ limits: {} }, spot);
  const read = (range: MarketRules['amount'], { max, step }: { max?: string; step?: string } = {}) => ({
    ...range,
    max: max === undefined ? null : decimal(max),
    step: step === undefined ? null : decimal(step),
  });
  rules = () =>
    Promise.resolve({
      ...plain,
      amount: read(plain.amount, bounds.amount),
      marketAmount: read(plain.marketAmount, bounds.marketAmount),
    });
  await flattener().close(account, held('12.3456'), 'key');
  expect(inputs()).toMatchObject([{ amount }]);
});

it('gives back why an order was refused, and that an exchange is away, but hides no fault of our own', async () => {
  answer = { kind: 'refused', refusal: refuse('AMOUNT_TOO_SMALL', 'too small') };
  expect(await flattener().close(account, held('1'), '1')).toMatchObject({ code: 'AMOUNT_TOO_SMALL' });
  rules = () => Promise.reject(new AppError('EXCHANGE_UNAVAILABLE'));
  expect(await flattener().close(account, held('1'), '2')).toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
  rules = () => Promise.reject(new TypeError('ours'));
  await expect(flattener().close(account, held('1'), '3')).rejects.toThrow('ours');
});

it('cancels what stands in the way: neither its own orders nor what was asked to end before', async () => {
  const orders = [
    orderOf('a', spot.id),
    orderOf('a', spot.id, { origin: 'FLATTEN' }),
    orderOf('a', spot.id, { cancelRequestedAt: noon }),
    orderOf('a', spot.id, { origin: 'EXTERNAL' }),
  ];
  const canceled: OrderRecord[] = [];
  await flattener(orders, canceled).cancelAll(account);
  expect(canceled).toEqual([orders[0], orders[3]]);
});

it('has its keys to itself: no client takes one for an order or an edit', async () => {
  // Whoever is asked any further is not there: it is written down, and that is all.
  const audit = () => Promise.resolve();
  const nobody = { store: { audit }, clock: () => 0 };
  const trading = new Trading(nobody as unknown as TradingParts);
  const asker = { userId: 'the owner', actor: 'client' };
  const idempotencyKey = 'flatten:1:p:0';
  const order = closingOrder(held('2'), { amount: decimal('2'), idempotencyKey, positionMode: 'ONE_WAY' });
  const edit = { orderId: 'o', idempotencyKey, price: '1', amount: null, expectedVersion: null };
  const refused = { order: null, refusal: { code: 'IDEMPOTENCY_KEY_NOT_ACCEPTABLE' } };
  expect(await trading.createOrder(asker, order)).toMatchObject(refused);
  expect(await trading.editOrder(asker, edit)).toMatchObject(refused);
});
