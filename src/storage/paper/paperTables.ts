import { Decimal, type DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { Fill, OrderSide, PositionSide } from '../../domain/orders';
import type { PaperPosition, PaperTransfer, PositionSlot } from '../../domain/paperLedger';
import { TableColumns } from '../trading/columns';
import { textOf, type AsText, type Row, type Statement } from './rows';

interface FillRow {
  readonly accountId: string;
  readonly tradeNumber: string;
  readonly orderNumber: string;
  readonly clientOrderId: string | null;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly positionSide: PositionSide | null;
  readonly price: DecimalString;
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly takerOrMaker: Fill['takerOrMaker'];
  readonly feeCurrency: string;
  readonly fee: DecimalString;
  readonly filledAt: EpochMs;
}

const fills = new TableColumns<FillRow>('paper_fills', {
  accountId: ['account_id', 'text'],
  tradeNumber: ['trade_number', 'text'],
  orderNumber: ['order_number', 'text'],
  clientOrderId: ['client_order_id', 'text'],
  symbol: ['symbol', 'text'],
  side: ['side', 'text'],
  positionSide: ['position_side', 'text'],
  price: ['price', 'money'],
  amount: ['amount', 'money'],
  cost: ['cost', 'money'],
  takerOrMaker: ['taker_or_maker', 'text'],
  feeCurrency: ['fee_currency', 'text'],
  fee: ['fee', 'money'],
  filledAt: ['filled_at', 'time'],
});

interface PositionRow {
  readonly accountId: string;
  readonly symbol: string;
  readonly slot: PositionSlot;
  readonly side: PositionSide;
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly realizedPnl: DecimalString;
  readonly feesPaid: DecimalString;
  readonly fundingPaid: DecimalString;
  readonly margin: DecimalString;
  readonly settleCurrency: string;
  readonly openedAt: EpochMs;
}

const positions = new TableColumns<PositionRow>('paper_positions', {
  accountId: ['account_id', 'text'],
  symbol: ['symbol', 'text'],
  slot: ['slot', 'text'],
  side: ['side', 'text'],
  amount: ['amount', 'money'],
  cost: ['cost', 'money'],
  realizedPnl: ['realized_pnl', 'money'],
  feesPaid: ['fees_paid', 'money'],
  fundingPaid: ['funding_paid', 'money'],
  margin: ['margin', 'money'],
  settleCurrency: ['settle_currency', 'text'],
  openedAt: ['opened_at', 'time'],
});

const transfers = new TableColumns<AsText<PaperTransfer> & { readonly accountId: string }>('paper_transfers', {
  accountId: ['account_id', 'text'],
  id: ['id', 'text'],
  kind: ['kind', 'text'],
  symbol: ['symbol', 'text'],
  currency: ['currency', 'text'],
  amount: ['amount', 'money'],
  at: ['at', 'time'],
});

export const paperFills = {
  list: fills.list('f'),
  read: (row: Row): Fill => {
    const { clientOrderId, symbol, side, positionSide, price, amount, cost, takerOrMaker, ...rest } = fills.read(row);
    return {
      tradeId: rest.tradeNumber,
      exchangeOrderId: rest.orderNumber,
      clientOrderId,
      symbol,
      side,
      positionSide,
      price,
      amount,
      cost,
      takerOrMaker,
      fees: [{ currency: rest.feeCurrency, cost: rest.fee }],
      exchangeTime: rest.filledAt,
    };
  },
  /** A fill here has one fee. */
  insert: (accountId: string, fill: Fill): Statement => {
    const { tradeId, exchangeOrderId, fees, exchangeTime, ...rest } = fill;
    const [fee] = fees;
    if (fee === undefined || fees.length > 1) throw new RangeError(`a paper fill with ${fees.length} fees`);
    return fills.insertion({
      ...rest,
      accountId,
      tradeNumber: tradeId,
      orderNumber: exchangeOrderId,
      feeCurrency: fee.currency,
      fee: fee.cost,
      filledAt: exchangeTime,
    });
  },
} as const;

export const paperPositions = {
  list: positions.list('p'),
  read: (row: Row): PaperPosition => {
    const { symbol, slot, margin, settleCurrency, openedAt, ...rest } = positions.read(row);
    const { side, amount, cost, realizedPnl, feesPaid, fundingPaid } = rest;
    const state = { side, amount, cost, realizedPnl, feesPaid, fundingPaid };
    return { symbol, slot, state, margin: new Decimal(margin), settleCurrency, openedAt };
  },
  insert: (accountId: string, position: PaperPosition): Statement => {
    const { state, margin, ...rest } = position;
    return positions.insertion({ ...state, ...rest, accountId, margin: textOf(margin) });
  },
} as const;

export const paperTransfers = {
  list: transfers.list('t'),
  read: (row: Row): PaperTransfer => {
    const { id, kind, symbol, currency, amount, at } = transfers.read(row);
    return { id, kind, symbol, currency, amount: new Decimal(amount), at };
  },
  insert: (accountId: string, transfer: PaperTransfer): Statement =>
    transfers.insertion({ ...transfer, accountId, amount: textOf(transfer.amount) }),
} as const;
