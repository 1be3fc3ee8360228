import type {
  AttemptRecord,
  BalanceRecord,
  FillRecord,
  OrderRecord,
  PositionRecord,
  TransitionRecord,
} from './records';
import { TableColumns } from './columns';

/** Orders that are not done: the condition of the index that finds them. */
export const isOpen = `phase NOT IN ('CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'NOT_PLACED')`;

export const orderTable = new TableColumns<OrderRecord>('orders', {
  id: ['id', 'text'],
  accountId: ['account_id', 'text'],
  origin: ['origin', 'text'],
  clientOrderId: ['client_order_id', 'text'],
  exchangeOrderId: ['exchange_order_id', 'text'],
  marketId: ['market_id', 'text'],
  type: ['type', 'text'],
  side: ['side', 'text'],
  positionSide: ['position_side', 'text'],
  timeInForce: ['time_in_force', 'text'],
  price: ['price', 'money'],
  triggerPrice: ['trigger_price', 'money'],
  trailingDelta: ['trailing_delta', 'money'],
  amount: ['amount', 'money'],
  quoteAmount: ['quote_amount', 'money'],
  reduceOnly: ['reduce_only', 'boolean'],
  filled: ['filled', 'money'],
  overfilled: ['overfilled', 'money'],
  attemptRemaining: ['attempt_remaining', 'money'],
  cost: ['cost', 'money'],
  phase: ['phase', 'text'],
  rejectCode: ['reject_code', 'text'],
  version: ['version', 'integer'],
  attempt: ['attempt', 'integer'],
  signedAt: ['signed_at', 'time'],
  unknownSince: ['unknown_since', 'time'],
  misses: ['misses', 'integer'],
  lastMissedAt: ['last_missed_at', 'time'],
  cancelRequestedAt: ['cancel_requested_at', 'time'],
  editPrice: ['edit_price', 'money'],
  editAmount: ['edit_amount', 'money'],
  reservedCurrency: ['reserved_currency', 'text'],
  reserved: ['reserved', 'money'],
  fees: ['fees', 'json'],
  createdAt: ['created_at', 'time'],
  updatedAt: ['updated_at', 'time'],
});

export const attemptTable = new TableColumns<AttemptRecord>('order_attempts', {
  accountId: ['account_id', 'text'],
  orderId: ['order_id', 'text'],
  attempt: ['attempt', 'integer'],
  marketId: ['market_id', 'text'],
  clientOrderId: ['client_order_id', 'text'],
  exchangeOrderId: ['exchange_order_id', 'text'],
});

export const transitionTable = new TableColumns<TransitionRecord>('order_transitions', {
  orderId: ['order_id', 'text'],
  seq: ['seq', 'integer'],
  at: ['at', 'time'],
  from: ['from_phase', 'text'],
  to: ['to_phase', 'text'],
  cause: ['cause', 'text'],
});

export const fillTable = new TableColumns<FillRecord>('fills', {
  id: ['id', 'text'],
  accountId: ['account_id', 'text'],
  orderId: ['order_id', 'text'],
  marketId: ['market_id', 'text'],
  exchangeTradeId: ['exchange_trade_id', 'text'],
  exchangeOrderId: ['exchange_order_id', 'text'],
  side: ['side', 'text'],
  positionSide: ['position_side', 'text'],
  takerOrMaker: ['taker_or_maker', 'text'],
  price: ['price', 'money'],
  amount: ['amount', 'money'],
  cost: ['cost', 'money'],
  fees: ['fees', 'json'],
  realizedPnl: ['realized_pnl', 'money'],
  at: ['at', 'time'],
});

export const positionTable = new TableColumns<PositionRecord>('positions', {
  id: ['id', 'text'],
  accountId: ['account_id', 'text'],
  marketId: ['market_id', 'text'],
  side: ['side', 'text'],
  amount: ['amount', 'money'],
  contractSize: ['contract_size', 'money'],
  cost: ['cost', 'money'],
  leverage: ['leverage', 'money'],
  liquidationPrice: ['liquidation_price', 'money'],
  realizedPnl: ['realized_pnl', 'money'],
  feesPaid: ['fees_paid', 'money'],
  fundingPaid: ['funding_paid', 'money'],
  currency: ['currency', 'text'],
  openedAt: ['opened_at', 'time'],
  updatedAt: ['updated_at', 'time'],
  closedAt: ['closed_at', 'time'],
});

export const balanceTable = new TableColumns<BalanceRecord>('balances', {
  currency: ['currency', 'text'],
  total: ['total', 'money'],
});
