import type { TradingState } from '../../domain/accounts';
import type { EpochMs } from '../../domain/marketData';
import type { AccountChange } from '../../storage/trading/accountTable';
import type { AccountTransaction } from '../../storage/trading/accountTransaction';
import { hashOfAccount } from '../../storage/trading/audit';
import type { AccountRecord } from '../../storage/trading/records';
import type { RiskStore } from '../../storage/trading/riskStore';
import type { TradingStore } from '../../storage/trading/tradingStore';
import { accountNotFound } from '../orderIntake';
import { refuse, type Refusal } from '../refusal';
import type { EquityFacts } from './judgeIntent';
import { isLooser, readLimits, type RiskLimitsInput } from './riskLimits';
import { riskStatusOf, type RiskStatus } from './riskStatus';

export interface TradingStatesParts {
  readonly store: TradingStore;
  readonly risk: RiskStore;
  readonly clock: () => EpochMs;
  /** The account's equity as it was valued last; null where it is not known. */
  readonly equity: (accountId: string) => EquityFacts | null;
  /** Told where there may be something to flatten. */
  readonly onFlatten: () => void;
}

/** Who asks. ownerId: whose account it must be; null for those who may stop any. actor: for the audit log. */
export interface RiskAsker {
  readonly ownerId: string | null;
  readonly actor: string;
  readonly ip?: string | null;
}

/** assertMayLoosen: asked before a limit becomes looser; throws where they may not. */
export interface LimitAsker extends RiskAsker {
  readonly assertMayLoosen: () => void;
}

export interface StateChange {
  readonly state: TradingState;
  /** Also cancel every open order and close every position. */
  readonly flatten: boolean;
  readonly reason: string;
}

export type RiskAnswer =
  { readonly kind: 'done'; readonly status: RiskStatus } | { readonly kind: 'refused'; readonly refusal: Refusal };

const longestReason = 500;

/**
 * The kill switches and the limits. A state stands in the database when the answer is given: no order that is judged later, on any node,
 * passes it; those under way are waited for. To flatten is asked for once, until trading is ACTIVE again, however often it is said.
 */
export class TradingStates {
  constructor(private readonly parts: TradingStatesParts) {}

  async setTradingState(asker: RiskAsker, accountId: string, change: StateChange): Promise<RiskAnswer> {
    const refusal = findBadChange(change);
    if (refusal !== null) return { kind: 'refused', refusal };
    const { state, flatten, reason } = change;
    const answer = await this.#change(asker, accountId, ({ flattenNumber, flattenActive }) => ({
      change: {
        tradingState: state,
        tradingStateReason: reason,
        flattenNumber: flattenNumber + (flatten && !flattenActive ? 1 : 0),
        flattenActive: state !== 'ACTIVE' && (flattenActive || flatten),
      },
      action: 'risk.state',
      outcome: describe(change),
    }));
    if (flatten && answer.kind === 'done') this.parts.onFlatten();
    return answer;
  }

  /** Throws what `assertMayLoosen` throws: then nothing has changed. */
  async setRiskLimits(asker: LimitAsker, accountId: string, limits: RiskLimitsInput): Promise<RiskAnswer> {
    return this.#change(asker, accountId, (account) => {
      const after = readLimits(account.limits, limits);
      if ('code' in after) return after;
      const loosens = isLooser(after, account.limits);
      if (loosens) asker.assertMayLoosen();
      const outcome = `${loosens ? 'looser' : 'not looser'}: ${JSON.stringify(after)}`;
      return { change: { limits: after }, action: 'risk.limits', outcome };
    });
  }

  /** Of all accounts. Every account's stream is told. */
  async setGlobalTradingState(
    { actor, ip = null }: Pick<RiskAsker, 'actor' | 'ip'>,
    change: StateChange,
  ): Promise<{ readonly kind: 'done'; readonly state: TradingState } | Extract<RiskAnswer, { kind: 'refused' }>> {
    const refusal = findBadChange(change);
    if (refusal !== null) return { kind: 'refused', refusal };
    const { store, clock } = this.parts;
    const audit = { at: clock(), actor, ip, action: 'risk.globalState', target: null, outcome: describe(change) };
    const house = await store.setHouseState({ ...change, at: clock() }, audit);
    if (change.flatten) this.parts.onFlatten();
    await this.tellAll();
    return { kind: 'done', state: house.state };
  }

  /** What holds for all accounts has changed: every account's stream is told. */
  async tellAll(): Promise<void> {
    const { store } = this.parts;
    for (const { id } of await store.accounts())
      await store.transaction({ accountId: id, epoch: null }, (tx) => this.#tell(tx));
  }

  async #change(
    { ownerId, actor, ip = null }: RiskAsker,
    accountId: string,
    decide: (account: AccountRecord) => AccountDecision | Refusal,
  ): Promise<RiskAnswer> {
    const { store, risk, clock } = this.parts;
    const answer = (await risk.hasAccount(accountId, ownerId))
      ? await store.transaction({ accountId, epoch: null }, async (tx): Promise<RiskAnswer> => {
          if (tx.account.removedAt !== null) return { kind: 'refused', refusal: accountNotFound() };
          const decision = decide(tx.account);
          if ('code' in decision) return { kind: 'refused', refusal: decision };
          const { change, action, outcome } = decision;
          const touched = Object.keys(change) as (keyof AccountChange)[];
          const before = hashOfAccount(tx.account, touched);
          await tx.updateAccount(change);
          const hashes = { before, after: hashOfAccount(tx.account, touched) };
          await tx.audit({ at: clock(), actor, ip, action, target: accountId, outcome, ...hashes });
          return { kind: 'done', status: this.#tell(tx) };
        })
      : null;
    return answer ?? { kind: 'refused', refusal: accountNotFound() };
  }

  #tell(tx: AccountTransaction): RiskStatus {
    const { account, house } = tx;
    const status = riskStatusOf({ account, house, equity: this.parts.equity(account.id) });
    tx.appendEvent('risk', this.parts.clock(), status);
    return status;
  }
}

interface AccountDecision {
  readonly change: AccountChange;
  readonly action: string;
  readonly outcome: string;
}

function findBadChange({ state, flatten, reason }: StateChange): Refusal | null {
  if (flatten && state === 'ACTIVE')
    return refuse('FLATTEN_NEEDS_HALT', 'To flatten, trading has to stop: say HALTED, or REDUCING.', ['state']);
  if (reason.trim() === '' || reason.length > longestReason)
    return refuse('REASON_NOT_ACCEPTABLE', `Say why, in at most ${longestReason} characters.`, ['reason']);
  return null;
}

function describe({ state, flatten, reason }: StateChange): string {
  return `${state}${flatten ? ', flatten' : ''}: ${reason}`;
}
