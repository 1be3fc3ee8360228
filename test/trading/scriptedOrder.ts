import { randomUUID } from 'node:crypto';
import { toMarketId, type Market } from '../../src/domain/market';
import type { Fill, OrderReport } from '../../src/domain/orders';
import type { CancelOutcome, TradingPort } from '../../src/exchanges/tradingPort';
import type { Storage } from '../../src/storage/storage';
import type { OrderRecord } from '../../src/storage/trading/records';
import { createLogger } from '../../src/telemetry/logger';
import { AccountDesk } from '../../src/trading/accountDesk';
import { clientOrderIdOf } from '../../src/trading/clientOrderId';
import type { Lacking } from '../../src/trading/heardNews';
import { OrderSender } from '../../src/trading/orderSender';
import { OrderSettler } from '../../src/trading/orderSettler';
import { OrderWithdrawal } from '../../src/trading/orderWithdrawal';
import { makeOrder, makeOwner, money, writeOrders } from '../kit/tradingRecords';

export const spot: Market = {
  id: toMarketId('simulator', 'BTC/USDT'),
  exchange: 'simulator',
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  settle: null,
  type: 'SPOT',
  active: true,
  contractSize: null,
  maker: null,
  taker: null,
  pricePrecision: money('0.01'),
  amountPrecision: money('0.00001'),
  minAmount: null,
  minCost: null,
};

export const swap: Market = {
  ...spot,
  ...{ id: toMarketId('simulator', 'BTC/USDT:USDT'), symbol: 'BTC/USDT:USDT', settle: 'USDT', type: 'SWAP' },
  contractSize: money('1'),
};

/** An account with one order at an exchange whose list of trades is what the test says. */
export async function openScriptedOrder(
  storage: Storage,
  changes: Partial<OrderRecord>,
  { placed = 'unknown', market = spot }: { readonly placed?: 'unknown' | 'filled'; readonly market?: Market } = {},
) {
  const account = await makeOwner(storage);
  const id = randomUUID();
  const clientOrderId = clientOrderIdOf(id, 1);
  const createdAt = account.createdAt + 5_000;
  const resting = makeOrder(account, {
    ...{ id, clientOrderId, exchangeOrderId: '7', type: 'LIMIT', timeInForce: 'GTC', price: money('100') },
    ...{ filled: money('0'), cost: money('0'), fees: [], createdAt, updatedAt: createdAt, marketId: market.id },
    ...changes,
  });
  await writeOrders(storage, account, [{ order: resting }]);
  await storage.trading.transaction({ accountId: account.id, epoch: null }, (tx) => {
    tx.saveAttempt({
      ...{ accountId: account.id, orderId: id, attempt: 1, marketId: market.id, clientOrderId },
      exchangeOrderId: '7',
    });
  });
  const fills: Fill[] = [];
  const sent: (string | null)[] = [];
  const asked = { cancels: 0, finds: 0 };
  /** What it says otherwise than that the order is canceled. */
  const exchange: { cancelOrder?: () => Promise<CancelOutcome | undefined>; found: OrderReport | null } = {
    found: null,
  };
  let now = createdAt + 1_000;
  const port: Partial<TradingPort> = {
    watch: () => ({ close: () => Promise.resolve() }),
    clockSkewMs: () => Promise.resolve(0),
    close: () => Promise.resolve(),
    placeOrder: ({ terms }) => {
      sent.push(terms.amount);
      return Promise.resolve(
        placed === 'unknown'
          ? { kind: 'unknown', reason: 'nobody waits for it here' }
          : { kind: 'accepted', report: report('CLOSED', '1') },
      );
    },
    cancelOrder: async () => {
      asked.cancels += 1;
      return (await exchange.cancelOrder?.()) ?? { kind: 'accepted', report: report('CANCELED', '0.4') };
    },
    findOrder: () => {
      asked.finds += 1;
      return Promise.resolve(exchange.found);
    },
    fillsSince: (_symbol, since) => Promise.resolve(fills.filter((fill) => fill.exchangeTime >= since)),
  };
  const desk = new AccountDesk({
    store: storage.trading,
    markets: {
      rate: () => Promise.resolve(null),
      market: () => Promise.resolve(market),
      rules: () => Promise.reject(new Error('not asked for')),
      quote: () => Promise.reject(new Error('not asked for')),
    },
    port: port as TradingPort,
    account,
    epoch: (await storage.trading.house()).epoch,
    clock: () => now,
    newId: randomUUID,
    worthOfFee: () => money('0'),
    logger: createLogger('silent'),
    onAlarm: () => undefined,
  });
  const onFailure = (error: unknown): void => {
    throw error;
  };
  const lacking: Lacking[] = [];
  const onLacking = (end: Lacking): void => {
    lacking.push(end);
  };
  const sender = new OrderSender(desk, { onFailure, isClockTrusted: () => true, onLacking });
  const settler = new OrderSettler(desk, { isUnderWay: () => false, onCritical: () => undefined, onFailure });
  const withdrawal = new OrderWithdrawal(desk, { sender, settler, onFailure });

  function report(status: OrderReport['status'], filled: string): OrderReport {
    const { symbol } = market;
    const terms = { ...resting, symbol, amount: resting.amount };
    const figures = { filled: money(filled), cost: null, average: null, exchangeTime: now };
    return { exchangeOrderId: '7', clientOrderId, symbol, status, terms, ...figures, fills: [] };
  }

  return {
    desk,
    sent,
    asked,
    exchange,
    withdrawal,
    pass: (ms: number) => {
      now += ms;
    },
    sender,
    lacking,
    settler,
    resting,
    report,
    fills,
    order: () => storage.trading.order(account.id, id),
    positions: () =>
      storage.trading.transaction({ accountId: account.id, epoch: null }, async (tx) =>
        (await tx.positions()).map(({ amount }) => amount),
      ),
    /** The exchange lists a trade, some time after the account was opened here. */
    list: (tradeId: string, amount: string, afterOpeningMs: number, exchangeOrderId = '7') => {
      const cost = money('0');
      fills.push({
        ...{ tradeId, exchangeOrderId, clientOrderId: null, symbol: market.symbol, side: resting.side },
        positionSide: resting.positionSide,
        ...{ price: money('100'), amount: money(amount), cost, takerOrMaker: null, fees: [] },
        exchangeTime: account.createdAt + afterOpeningMs,
      });
    },
    /** One look at what is to be canceled or edited, and what comes of it. */
    withdraw: async () => {
      now += 2_000;
      await withdrawal.look();
      await withdrawal.idle();
      await sender.stop();
    },
  };
}
