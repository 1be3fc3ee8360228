import { randomUUID } from 'node:crypto';
import type { DecimalString } from '../../src/domain/decimal';
import { toMarketId } from '../../src/domain/market';
import { pendingOrder } from '../../src/domain/orderState';
import { newAccount } from '../../src/storage/trading/accountTable';
import type { AccountRecord, FillRecord, OrderRecord, PositionRecord } from '../../src/storage/trading/records';
import type { Storage } from '../../src/storage/storage';

export const money = (text: string): DecimalString => text as DecimalString;

/** Of a password that nobody types; quick to compare with. */
const nobodysHash = '$argon2id$v=19$m=8,t=1,p=1$56raesYcRX0eL0zhjOifNw$gxB5+BQNPTiLcyoc7Z2oex5lLp772zQyLXMDteuQ8mg';

const btc = toMarketId('simulator', 'BTC/USDT');
const noon = Date.UTC(2026, 0, 31, 12);

/** An order that was filled for 100 a unit, at noon. */
export function makeOrder(account: AccountRecord, changes: Partial<OrderRecord> = {}): OrderRecord {
  const amount = changes.amount ?? money('1');
  return {
    ...pendingOrder(amount),
    id: randomUUID(),
    accountId: account.id,
    origin: 'API',
    clientOrderId: null,
    exchangeOrderId: null,
    marketId: btc,
    type: 'MARKET',
    side: 'BUY',
    positionSide: null,
    timeInForce: null,
    price: null,
    triggerPrice: null,
    trailingDelta: null,
    quoteAmount: null,
    reduceOnly: false,
    phase: 'CLOSED',
    filled: amount,
    cost: money('100'),
    rejectCode: null,
    signedAt: null,
    unknownSince: null,
    misses: 0,
    lastMissedAt: null,
    cancelRequestedAt: null,
    editPrice: null,
    editAmount: null,
    reservedCurrency: null,
    reserved: money('0'),
    fees: [{ currency: 'USDT', cost: money('0.1') }],
    createdAt: noon,
    updatedAt: noon,
    ...changes,
  };
}

export function makeFill(order: OrderRecord, changes: Partial<FillRecord> = {}): FillRecord {
  const { id: orderId, accountId, marketId, side, positionSide, amount, filled, cost, fees, createdAt } = order;
  const id = randomUUID();
  return {
    id,
    accountId,
    orderId,
    marketId,
    exchangeTradeId: id,
    exchangeOrderId: orderId,
    side,
    positionSide,
    takerOrMaker: 'taker',
    price: money('100'),
    amount: amount ?? filled,
    cost,
    fees,
    realizedPnl: money('0.5'),
    at: createdAt,
    ...changes,
  };
}

export function makePosition(account: AccountRecord, changes: Partial<PositionRecord> = {}): PositionRecord {
  return {
    id: randomUUID(),
    accountId: account.id,
    marketId: btc,
    side: 'LONG',
    amount: money('2'),
    contractSize: null,
    cost: money('200'),
    leverage: null,
    liquidationPrice: null,
    realizedPnl: money('0'),
    feesPaid: money('0'),
    fundingPaid: money('0'),
    currency: 'USDT',
    openedAt: noon,
    updatedAt: noon,
    closedAt: null,
    ...changes,
  };
}

/** A user with an account: a paper one, where nothing is said. */
export async function makeOwner(storage: Storage, mode: AccountRecord['mode'] = 'PAPER'): Promise<AccountRecord> {
  const { id: ownerId } = await storage.users.saveByEmail({
    id: randomUUID(),
    email: `${randomUUID()}@example.org`,
    passwordHash: nobodysHash,
    roles: ['TRADER'],
  });
  const account = newAccount({
    id: randomUUID(),
    ownerId,
    label: 'main',
    exchange: 'simulator',
    mode,
    currency: 'USDT',
    positionMode: 'ONE_WAY',
    keyHint: null,
    createdAt: noon,
  });
  const audit = { at: noon, actor: ownerId, action: 'account.create', target: account.id, outcome: 'made' };
  await storage.trading.insertAccount(account, audit);
  return account;
}

/** Writes orders with their first step and, where given, one execution each. */
export async function writeOrders(
  storage: Storage,
  account: AccountRecord,
  entries: readonly { readonly order: OrderRecord; readonly fills?: readonly FillRecord[] }[],
): Promise<void> {
  await storage.trading.transaction({ accountId: account.id, epoch: null }, async (tx) => {
    for (const { order, fills = [] } of entries) {
      const first = {
        orderId: order.id,
        seq: 0,
        at: order.createdAt,
        from: null,
        to: 'PENDING',
        cause: 'created',
      } as const;
      await tx.insertOrder(order, first);
      for (const fill of fills) await tx.insertFill(fill);
    }
  });
}
