import type { AccountApproval } from '../../domain/accounts';
import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { ApprovalOutcome, ApprovalStore, AwaitedApproval } from '../../storage/trading/approvalStore';
import type { Asker } from '../orderIntake';

export type { AwaitedApproval };

/** The second person, who lets a LIVE account trade that another has made. */
export class AccountApprovals {
  constructor(private readonly parts: { readonly approvals: ApprovalStore; readonly clock: () => EpochMs }) {}

  /** Those that the asker may approve, the oldest first. first: how many at most. */
  awaited({ userId }: Pick<Asker, 'userId'>, first: number): Promise<readonly AwaitedApproval[]> {
    return this.parts.approvals.awaited({ approverId: userId, first });
  }

  /**
   * keyHint: of the key that the approver was shown. Again for the same: nothing changes. Throws ACCOUNT_NOT_FOUND, APPROVAL_NOT_YOURS,
   * APPROVAL_KEY_CHANGED, FORBIDDEN of whoever is no admin any more.
   */
  async approve({ userId, actor, ip = null }: Asker, accountId: string, keyHint: string): Promise<AccountApproval> {
    const { approvals, clock } = this.parts;
    const audit = { at: clock(), actor, ip, action: 'account.approve', target: accountId, outcome: 'given' };
    const outcome = await approvals.approve({ accountId, keyHint, approverId: userId, audit });
    if (outcome !== 'done') throw faults[outcome]();
    return 'GIVEN';
  }
}

const faults: Readonly<Record<Exclude<ApprovalOutcome, 'done'>, () => AppError>> = {
  noAccount: () => new AppError('ACCOUNT_NOT_FOUND', { publicMessage: 'There is no such LIVE account.' }),
  noAdmin: () => new AppError('FORBIDDEN'),
  ownAccount: () => new AppError('APPROVAL_NOT_YOURS'),
  otherKey: () => new AppError('APPROVAL_KEY_CHANGED'),
};
