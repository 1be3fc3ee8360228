import { tradingStates, type RiskLimits, type TradingState } from '../../domain/accounts';
import type { DecimalString } from '../../domain/decimal';
import type { AccountRecord } from '../../storage/trading/records';
import type { HouseRecord } from '../../storage/trading/tradingHouse';
import type { EquityFacts } from './judgeIntent';

/** How an account stands with its limits: what is read, and what is told to its `risk` stream. */
export interface RiskStatus {
  /** The stricter of the account's own state and of that which holds for all. */
  readonly state: TradingState;
  readonly reason: string | null;
  readonly currency: string;
  /** Null while a price that it needs is stale. */
  readonly equity: DecimalString | null;
  readonly highWaterMark: DecimalString;
  readonly drawdown: DecimalString | null;
  readonly dailyPnl: DecimalString | null;
  readonly limits: RiskLimits;
}

export function riskStatusOf(facts: {
  readonly account: AccountRecord;
  readonly house: HouseRecord;
  readonly equity: EquityFacts | null;
}): RiskStatus {
  const { account, house, equity } = facts;
  const ofAll = stateOfAll(house);
  const isGlobal = isStricter(ofAll.state, account.tradingState);
  return {
    state: isGlobal ? ofAll.state : account.tradingState,
    reason: isGlobal ? ofAll.reason : account.tradingStateReason,
    currency: account.currency,
    equity: equity?.equity ?? null,
    highWaterMark: account.highWaterMark,
    drawdown: equity?.drawdown ?? null,
    dailyPnl: equity?.dayPnl ?? null,
    limits: account.limits,
  };
}

/** A lockdown halts whatever else was said. */
function stateOfAll({ state, reason, lockdown, lockdownReason }: HouseRecord): Pick<RiskStatus, 'state' | 'reason'> {
  return lockdown === 'NONE' ? { state, reason } : { state: 'HALTED', reason: lockdownReason };
}

export function isStricter(state: TradingState, than: TradingState): boolean {
  return tradingStates.indexOf(state) > tradingStates.indexOf(than);
}
