import type { EpochMs } from '../../domain/marketData';
import { hashOfTradingState } from '../../storage/trading/audit';
import type { AccountRecord } from '../../storage/trading/records';
import type { RiskStore } from '../../storage/trading/riskStore';
import type { TradingStore } from '../../storage/trading/tradingStore';
import type { BackgroundRunner } from '../../telemetry/backgroundRunner';
import type { Logger } from '../../telemetry/logger';
import type { AccountEquity } from './accountEquity';
import { findBreach, type Breach } from './breach';
import type { EquityFacts } from './judgeIntent';
import type { Prices } from './priceTable';
import { Repeating } from './repeating';
import { isStricter, riskStatusOf } from './riskStatus';

export interface EquityMonitorParts {
  readonly store: TradingStore;
  readonly risk: RiskStore;
  readonly equity: AccountEquity;
  readonly clock: () => EpochMs;
  /** Runs a task after so many milliseconds; gives what prevents it. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  /** Of this node's leadership; null while it does not lead: then it values, for its own orders, and writes nothing. */
  readonly epoch: () => number | null;
}

const lookEveryMs = 2_000;

/** What was valued longer ago is not known. */
const validForMs = 3 * lookEveryMs;

/**
 * Values every account, every two seconds: keeps its high-water mark and its days, and stops its trading where a limit of loss is
 * reached. It only ever makes a state stricter: to trade again is a person's decision, whatever the market does and however often
 * the server starts.
 */
export class EquityMonitor {
  readonly #known = new Map<string, { readonly facts: EquityFacts; readonly at: EpochMs }>();
  readonly #rounds: Repeating;

  constructor(private readonly parts: EquityMonitorParts) {
    const { schedule, runner } = parts;
    this.#rounds = new Repeating({
      task: 'equity monitor',
      everyMs: lookEveryMs,
      schedule,
      runner,
      work: () => this.look(),
    });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Resolves when the look that is under way has ended. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** As it was valued last; null where that is too long ago, or a price was not known. */
  latest(accountId: string): EquityFacts | null {
    const known = this.#known.get(accountId);
    return known === undefined || this.parts.clock() - known.at > validForMs ? null : known.facts;
  }

  /** Looks at all accounts once. One that cannot be valued does not keep the others from it. */
  async look(): Promise<void> {
    const prices = new Map<string, Prices>();
    const accounts = await this.parts.store.accounts();
    const ids = new Set(accounts.map((account) => account.id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
    for (const account of accounts) {
      const ofExchange = prices.get(account.exchange) ?? this.parts.equity.prices(account.exchange);
      prices.set(account.exchange, ofExchange);
      try {
        await this.#follow(account, ofExchange);
      } catch (error) {
        this.#known.delete(account.id);
        this.parts.logger.error({ err: error, accountId: account.id }, 'account could not be valued');
      }
    }
  }

  async #follow({ id }: AccountRecord, prices: Prices): Promise<void> {
    const { risk, equity, clock, epoch } = this.parts;
    const at = clock();
    const snapshot = await risk.snapshot(id, null);
    const step = snapshot === null ? null : await equity.step(snapshot, prices);
    if (snapshot === null || step === null) {
      this.#known.delete(id);
      return;
    }
    this.#known.set(id, { facts: step.facts, at });
    const leading = epoch();
    if (leading === null) return;
    await risk.saveValuation({ accountId: id, epoch: leading, change: step.change, days: step.days });
    const breach = findBreach(snapshot.account, step.facts);
    if (breach !== null && isStricter(breach.state, snapshot.account.tradingState))
      await this.#restrict(id, { epoch: leading, facts: step.facts });
  }

  /** Judged once more with the account held: its limits may have changed meanwhile. */
  async #restrict(
    accountId: string,
    { epoch, facts }: { readonly epoch: number; readonly facts: EquityFacts },
  ): Promise<void> {
    const now = this.parts.clock();
    const breach = await this.parts.store.transaction({ accountId, epoch }, async (tx): Promise<Breach | null> => {
      const found = findBreach(tx.account, facts);
      if (found === null || !isStricter(found.state, tx.account.tradingState)) return null;
      const before = hashOfTradingState(tx.account);
      await tx.updateAccount({ tradingState: found.state, tradingStateReason: found.reason });
      const outcome = `${found.state}: ${found.reason}`;
      const hashes = { before, after: hashOfTradingState(tx.account) };
      await tx.audit({ at: now, actor: 'risk', action: 'risk.breach', target: accountId, outcome, ...hashes });
      const status = riskStatusOf({ account: tx.account, house: tx.house, equity: facts });
      tx.appendEvent('risk', now, status);
      return found;
    });
    if (breach === null) return;
    this.parts.logger.fatal(
      { alarm: 'CRITICAL', code: breach.code, accountId, state: breach.state, reason: breach.reason },
      'a limit of loss is reached: trading of the account was restricted',
    );
  }
}
