import type { EpochMs } from '../../domain/marketData';
import { targetOf } from '../../storage/trading/audit';
import type { GrantStore } from '../../storage/trading/grantStore';
import type { TradingStore } from '../../storage/trading/tradingStore';
import { accountNotFound, type Asker } from '../orderIntake';
import { refuse, type Refusal } from '../refusal';
import type { AccountAnswer } from './accountService';

/** Who reads one account beside its owner. */
const maxGrants = 50;

/** Lets analysts read accounts, and ends it. */
export class AccountGrants {
  constructor(
    private readonly parts: {
      readonly store: TradingStore;
      readonly grants: GrantStore;
      readonly clock: () => EpochMs;
    },
  ) {}

  async grant(asker: Asker, accountId: string, userId: string): Promise<AccountAnswer> {
    const change = this.#change(asker, { accountId, userId, action: 'account.grant' });
    const outcome = await this.parts.grants.grant({ ...change, at: change.audit.at, maxGrants });
    return this.#answer(asker, accountId, refusals[outcome]());
  }

  async revoke(asker: Asker, accountId: string, userId: string): Promise<AccountAnswer> {
    const change = this.#change(asker, { accountId, userId, action: 'account.revoke' });
    const outcome = await this.parts.grants.revoke(change);
    return this.#answer(asker, accountId, refusals[outcome]());
  }

  #change(
    { userId: ownerId, actor, ip = null }: Asker,
    { accountId, userId, action }: { readonly accountId: string; readonly userId: string; readonly action: string },
  ) {
    const target = [accountId, userId].map((id) => targetOf(id) ?? '-').join(' ');
    return { ownerId, accountId, userId, audit: { at: this.parts.clock(), actor, ip, action, target, outcome: '' } };
  }

  async #answer({ userId }: Asker, accountId: string, refusal: Refusal | null): Promise<AccountAnswer> {
    const account = await this.parts.store.ownedAccount(userId, accountId);
    return { account, refusals: refusal === null ? [] : [refusal] };
  }
}

const refusals = {
  done: () => null,
  noAccount: accountNotFound,
  // One answer for who is not there and who is no analyst: users are not for guessing.
  noAnalyst: () => refuse('ANALYST_NOT_FOUND', 'There is no analyst with this id.', ['userId']),
  tooMany: () => refuse('TOO_MANY_GRANTS', `${maxGrants} users read this account. Revoke one first.`, ['userId']),
} as const;
