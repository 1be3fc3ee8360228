import type { Account, AccountApproval, RiskLimits, TradingState } from '../../domain/accounts';
import type { DecimalString } from '../../domain/decimal';
import type { MarketId } from '../../domain/market';
import type { EpochMs } from '../../domain/marketData';
import type { OrderPhase } from '../../domain/orderPhases';
import type { OrderState } from '../../domain/orderState';
import type { Fee, OrderSide, OrderType, PositionSide, TimeInForce } from '../../domain/orders';

/** An account with what is written about it. Times are milliseconds since 1970. */
export interface AccountRecord extends Account {
  readonly createdAt: EpochMs;
  readonly removedAt: EpochMs | null;
  /** Number of the newest event of its outbox. */
  readonly eventSeq: number;
  /** The leadership under which it was reconciled; orders are taken under that one alone. */
  readonly reconciledEpoch: number | null;
  readonly tradingState: TradingState;
  readonly tradingStateReason: string | null;
  /** Counts the orders to flatten; `flattenedNumber` is the last that was carried out. */
  readonly flattenNumber: number;
  /** True from an order to flatten until the account is active again: in between, another one changes nothing. */
  readonly flattenActive: boolean;
  readonly flattenedNumber: number;
  readonly limits: RiskLimits;
  readonly highWaterMark: DecimalString;
  /** The UTC day, "2026-01-31", that `dayOpeningEquity` is of. */
  readonly day: string | null;
  readonly dayOpeningEquity: DecimalString | null;
  /** Counts how often its key was replaced: whoever trades with the one before has to let go of it. */
  readonly credentialsNumber: number;
  readonly approval: AccountApproval;
}

/** API: asked for by a client. FLATTEN: by the kill switch. EXTERNAL: found at the exchange, not ours. */
export type OrderOrigin = 'API' | 'FLATTEN' | 'EXTERNAL';

export interface OrderRecord extends OrderState {
  readonly id: string;
  readonly accountId: string;
  readonly origin: OrderOrigin;
  readonly clientOrderId: string | null;
  readonly exchangeOrderId: string | null;
  readonly marketId: MarketId;
  readonly type: OrderType;
  readonly side: OrderSide;
  readonly positionSide: PositionSide | null;
  readonly timeInForce: TimeInForce | null;
  readonly price: DecimalString | null;
  readonly triggerPrice: DecimalString | null;
  readonly trailingDelta: DecimalString | null;
  readonly quoteAmount: DecimalString | null;
  readonly reduceOnly: boolean;
  readonly rejectCode: string | null;
  /** Stands in the request of the latest attempt. */
  readonly signedAt: EpochMs | null;
  readonly unknownSince: EpochMs | null;
  /** How often the exchange has said since that it has no such order. */
  readonly misses: number;
  readonly lastMissedAt: EpochMs | null;
  readonly cancelRequestedAt: EpochMs | null;
  readonly editPrice: DecimalString | null;
  readonly editAmount: DecimalString | null;
  /** What its remainder keeps from being spent otherwise. */
  readonly reservedCurrency: string | null;
  readonly reserved: DecimalString;
  /** Of all its fills, a sum for each currency. */
  readonly fees: readonly Fee[];
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** One sending of an order. */
export interface AttemptRecord {
  readonly accountId: string;
  readonly orderId: string;
  readonly attempt: number;
  readonly marketId: MarketId;
  readonly clientOrderId: string;
  /** Null until the exchange has answered. */
  readonly exchangeOrderId: string | null;
}

export interface TransitionRecord {
  readonly orderId: string;
  readonly seq: number;
  readonly at: EpochMs;
  readonly from: OrderPhase | null;
  readonly to: OrderPhase;
  readonly cause: string;
}

export interface FillRecord {
  readonly id: string;
  readonly accountId: string;
  /** Null while it is not known which order it is of. */
  readonly orderId: string | null;
  readonly marketId: MarketId;
  readonly exchangeTradeId: string;
  readonly exchangeOrderId: string;
  readonly side: OrderSide;
  readonly positionSide: PositionSide | null;
  readonly takerOrMaker: 'taker' | 'maker' | null;
  readonly price: DecimalString;
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly fees: readonly Fee[];
  readonly realizedPnl: DecimalString;
  readonly at: EpochMs;
}

export interface PositionRecord {
  readonly id: string;
  readonly accountId: string;
  readonly marketId: MarketId;
  readonly side: PositionSide;
  readonly amount: DecimalString;
  readonly contractSize: DecimalString | null;
  /** Quote units: what `amount` cost, or of a short position brought in. */
  readonly cost: DecimalString;
  readonly leverage: DecimalString | null;
  readonly liquidationPrice: DecimalString | null;
  readonly realizedPnl: DecimalString;
  readonly feesPaid: DecimalString;
  readonly fundingPaid: DecimalString;
  readonly currency: string;
  readonly openedAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly closedAt: EpochMs | null;
}

export interface BalanceRecord {
  readonly currency: string;
  readonly total: DecimalString;
}

/** ASSETS is what the exchange holds for the account; the others say where it came from or went. */
export type LedgerBook = 'ASSETS' | 'TRADING' | 'FEES' | 'FUNDING' | 'TRANSFERS' | 'UNEXPLAINED';

/** What changed, and what its streams tell. */
export type AccountEventKind = 'order' | 'position' | 'balances' | 'risk';

export interface AccountEventRecord {
  readonly accountId: string;
  readonly seq: number;
  readonly kind: AccountEventKind;
  readonly at: EpochMs;
  readonly payload: unknown;
}
