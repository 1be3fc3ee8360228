import { Decimal, type DecimalString } from '../../domain/decimal';
import type { PaperOrder } from '../../domain/paperLedger';
import { TableColumns } from '../trading/columns';
import { textOf, type AsText, type Row, type Statement } from './rows';

type OrderRow = AsText<PaperOrder> & { readonly accountId: string; readonly symbol: string };

const orders = new TableColumns<OrderRow>('paper_orders', {
  accountId: ['account_id', 'text'],
  number: ['number', 'integer'],
  clientOrderId: ['client_order_id', 'text'],
  symbol: ['symbol', 'text'],
  terms: ['terms', 'json'],
  status: ['status', 'text'],
  placedAt: ['placed_at', 'time'],
  updatedAt: ['updated_at', 'time'],
  filled: ['filled', 'money'],
  cost: ['cost', 'money'],
  reservePrice: ['reserve_price', 'money'],
  reservedCurrency: ['reserved_currency', 'text'],
  reserved: ['reserved', 'money'],
  triggeredAt: ['triggered_at', 'time'],
  queueAhead: ['queue_ahead', 'money'],
  bestPrice: ['best_price', 'money'],
});

const textOrNull = (value: Decimal | null): DecimalString | null => (value === null ? null : textOf(value));
const decimalOrNull = (value: DecimalString | null): Decimal | null => (value === null ? null : new Decimal(value));

export const paperOrders = {
  list: orders.list('o'),
  read: (row: Row): PaperOrder => {
    const { number, clientOrderId, terms, status, placedAt, updatedAt, ...order } = orders.read(row);
    const { reservedCurrency, triggeredAt } = order;
    return {
      number,
      clientOrderId,
      terms,
      status,
      placedAt,
      updatedAt,
      reservedCurrency,
      triggeredAt,
      filled: new Decimal(order.filled),
      cost: new Decimal(order.cost),
      reserved: new Decimal(order.reserved),
      reservePrice: decimalOrNull(order.reservePrice),
      queueAhead: decimalOrNull(order.queueAhead),
      bestPrice: decimalOrNull(order.bestPrice),
    };
  },
  /** What an order was asked to be never changes; the rest does. */
  save: (accountId: string, order: PaperOrder): Statement => {
    const insertion = orders.insertion({
      ...order,
      accountId,
      symbol: order.terms.symbol,
      filled: textOf(order.filled),
      cost: textOf(order.cost),
      reserved: textOf(order.reserved),
      reservePrice: textOrNull(order.reservePrice),
      queueAhead: textOrNull(order.queueAhead),
      bestPrice: textOrNull(order.bestPrice),
    });
    return {
      ...insertion,
      text: `${insertion.text} ON CONFLICT (account_id, number) DO UPDATE SET
        status = excluded.status, updated_at = excluded.updated_at, filled = excluded.filled, cost = excluded.cost,
        reserved = excluded.reserved, triggered_at = excluded.triggered_at, queue_ahead = excluded.queue_ahead,
        best_price = excluded.best_price`,
    };
  },
} as const;
