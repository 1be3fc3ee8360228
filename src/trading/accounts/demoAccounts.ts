import type { DecimalString } from '../../domain/decimal';
import type { AccountStore } from '../../storage/trading/accountStore';
import type { AccountService } from './accountService';

const money = { currency: 'USDT', amount: '100000' as DecimalString };

/** Development only. Gives each of these users a PAPER account to trade with at once, unless they have ever had an account. */
export async function ensureDemoAccounts(parts: {
  readonly userIds: readonly string[];
  readonly exchange: string;
  readonly accounts: Pick<AccountStore, 'countEver'>;
  readonly service: Pick<AccountService, 'openPaper'>;
}): Promise<void> {
  const { userIds, exchange, accounts, service } = parts;
  for (const userId of userIds) {
    if ((await accounts.countEver(userId)) > 0) continue;
    const asker = { userId, actor: 'start' };
    await service.openPaper(asker, { label: 'Demo', exchange, currency: money.currency, money: [money] });
  }
}
