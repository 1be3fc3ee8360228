import type { DecimalString } from './decimal';
import type { PositionMode } from './orders';

/** PAPER: balances of its own, executed against the live book. LIVE: the account behind an exchange key. */
export const executionModes = ['PAPER', 'LIVE'] as const;
export type ExecutionMode = (typeof executionModes)[number];

/** ACTIVE: everything. REDUCING: only what makes positions smaller. HALTED: cancels alone. */
export const tradingStates = ['ACTIVE', 'REDUCING', 'HALTED'] as const;
export type TradingState = (typeof tradingStates)[number];

/** Whether a second person lets a LIVE account trade. NOT_NEEDED: none was asked for. AWAITED: it does not trade yet. */
export const accountApprovals = ['NOT_NEEDED', 'AWAITED', 'GIVEN'] as const;
export type AccountApproval = (typeof accountApprovals)[number];

/** Null: no limit. Amounts in the account's currency; maxDrawdown as a fraction of the high-water mark. */
export interface RiskLimits {
  readonly maxOrderNotional: DecimalString | null;
  readonly maxPositionNotional: DecimalString | null;
  readonly maxDailyLoss: DecimalString | null;
  readonly maxDrawdown: DecimalString | null;
  readonly maxOrdersPerMinute: number | null;
  readonly maxPriceAgeMs: number | null;
}

export interface Account {
  readonly id: string;
  readonly ownerId: string;
  readonly label: string;
  /** Our name of the exchange. */
  readonly exchange: string;
  readonly mode: ExecutionMode;
  /** What equity, PnL and limits are counted in. */
  readonly currency: string;
  readonly positionMode: PositionMode;
  /** Last four characters of the exchange key; null for PAPER. */
  readonly keyHint: string | null;
}
