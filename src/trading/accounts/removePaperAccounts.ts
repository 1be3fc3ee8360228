import type { AccountService } from './accountService';
import type { AccountViews } from './accountViews';
import type { Asker } from '../orderIntake';

/** Ends what is open on every PAPER account of a user, and removes it, as if they had asked for each. */
export async function removePaperAccounts(
  {
    accounts,
    accountViews,
  }: { readonly accounts: Pick<AccountService, 'remove'>; readonly accountViews: Pick<AccountViews, 'accounts'> },
  { userId, ip }: { readonly userId: string; readonly ip: string | null },
): Promise<void> {
  const own = await accountViews.accounts({ userId, readsGranted: false, readsAll: false });
  const asker: Asker = { userId, actor: userId, ip };
  for (const { id } of own.filter(({ mode }) => mode === 'PAPER')) await accounts.remove(asker, id);
}
