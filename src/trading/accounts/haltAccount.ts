import type { EpochMs } from '../../domain/marketData';
import { hashOfTradingState } from '../../storage/trading/audit';
import type { TradingStore } from '../../storage/trading/tradingStore';
import type { Logger } from '../../telemetry/logger';
import type { EquityFacts } from '../risk/judgeIntent';
import { riskStatusOf } from '../risk/riskStatus';

export interface HaltParts {
  readonly store: TradingStore;
  readonly clock: () => EpochMs;
  readonly logger: Logger;
  /** The account's equity as it was valued last; null where it is not known. */
  readonly equity: (accountId: string) => EquityFacts | null;
}

/**
 * Stops an account whose key may not be used: no order passes from here on but cancels, its owner's stream is told, and somebody is woken.
 * To trade again is a person's decision. One that is halted already stays as it is; gives whether this call halted it.
 */
export async function haltAccount(
  parts: HaltParts,
  halt: { readonly accountId: string; readonly code: string; readonly reason: string },
): Promise<boolean> {
  const { store, clock, logger, equity } = parts;
  const { accountId, code, reason } = halt;
  const isHalted = await store.transaction({ accountId, epoch: null }, async (tx) => {
    if (tx.account.removedAt !== null || tx.account.tradingState === 'HALTED') return false;
    const at = clock();
    const before = hashOfTradingState(tx.account);
    await tx.updateAccount({ tradingState: 'HALTED', tradingStateReason: reason });
    await tx.audit({
      at,
      actor: 'keys',
      action: 'account.halt',
      target: accountId,
      outcome: `HALTED, ${code}: ${reason}`,
      before,
      after: hashOfTradingState(tx.account),
    });
    tx.appendEvent('risk', at, riskStatusOf({ account: tx.account, house: tx.house, equity: equity(accountId) }));
    return true;
  });
  if (isHalted !== true) return false;
  logger.fatal({ alarm: 'CRITICAL', code, accountId, reason }, 'the key of an account may not be used: it is halted');
  return true;
}
