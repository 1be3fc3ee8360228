import { readClientOrderId } from '../../../src/trading/clientOrderId';
import type { ExchangeLedger, ExchangeOrder } from '../faults/exchangeLedger';
import type { HeldOrder, SimulatedExchange } from './simulatedExchange';
import { toText } from './units';

/**
 * The books of the simulated exchange, in the words of the one that the other tests compare with. What somebody else placed and what ended
 * without an execution has left no mark by which it could be found.
 */
export function truthOf(exchange: SimulatedExchange): ExchangeLedger {
  const names = exchange.orders.map(({ clientOrderId }) => clientOrderId);
  return {
    orders: exchange.orders.filter(isTraceable).map((order) => ({
      symbol: order.terms.symbol,
      orderId: Number(order.id),
      clientOrderId: order.clientOrderId,
      status: statusOf(order),
      origQty: order.terms.amount ?? '0',
      executedQty: toText(order.filled),
      time: order.placedAt,
    })),
    trades: exchange.trades.map(({ fill }) => ({
      symbol: fill.symbol,
      id: Number(fill.tradeId),
      orderId: Number(fill.exchangeOrderId),
      price: fill.price,
      qty: fill.amount,
      commission: fill.fees[0]!.cost,
      commissionAsset: fill.fees[0]!.currency,
    })),
    balances: new Map([...exchange.balances].map(([currency, units]) => [currency, toText(units)])),
    repeatedClientIds: names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((clientOrderId) => ({ clientOrderId })),
  };
}

function statusOf({ status, filled }: HeldOrder): ExchangeOrder['status'] {
  if (status === 'OPEN') return filled === 0n ? 'NEW' : 'PARTIALLY_FILLED';
  return status === 'CLOSED' ? 'FILLED' : status;
}

function isTraceable({ clientOrderId, status, filled }: HeldOrder): boolean {
  return readClientOrderId(clientOrderId) !== null || status === 'OPEN' || filled > 0n;
}
