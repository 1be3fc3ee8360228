import type { EpochMs } from '../domain/marketData';
import type { TradingFigureStore } from '../storage/trading/tradingFigures';
import type { AccountRecord } from '../storage/trading/records';
import type { HealthState } from '../telemetry/health';
import type { TradingVitals } from '../telemetry/tradingMetrics';

/** Comparisons are half a minute apart: what is older has failed several times, or nobody trades. */
const defaultOverdueAfterMs = 120_000;
/** As long as it may take to prove what became of an order. */
const unknownAfterMs = 60_000;

/** How trading stands, for operators: counts and ages over all accounts, and none of them by name. */
export class TradingHealth {
  /** Accounts that could not be opened when it was last tried, and since when. */
  readonly #unopened = new Map<string, EpochMs>();

  constructor(
    private readonly parts: {
      readonly figures: TradingFigureStore;
      readonly clock: () => EpochMs;
      readonly isLeading: () => boolean;
      readonly overdueAfterMs?: number;
    },
  ) {}

  /** The same way to an exchange; remembers which accounts it could not open. */
  following<Port>(open: (account: AccountRecord) => Promise<Port>): (account: AccountRecord) => Promise<Port> {
    return async (account) => {
      try {
        const port = await open(account);
        this.#unopened.delete(account.id);
        return port;
      } catch (error) {
        this.#unopened.set(account.id, this.#unopened.get(account.id) ?? this.parts.clock());
        throw error;
      }
    };
  }

  /** Rejects where the database does not answer. */
  async vitals(): Promise<TradingVitals> {
    const { figures, clock, overdueAfterMs = defaultOverdueAfterMs } = this.parts;
    const now = clock();
    const isLeading = this.parts.isLeading();
    const found = await figures.read({ overdueBefore: now - overdueAfterMs });
    const there = new Set(found.accountIds);
    // What another node opens meanwhile is not known here.
    for (const id of this.#unopened.keys()) if (!isLeading || !there.has(id)) this.#unopened.delete(id);
    const ageS = (since: EpochMs | null): number => (since === null ? 0 : Math.max(0, now - since) / 1_000);
    return {
      isLeading,
      accounts: there.size,
      unopenedAccounts: this.#unopened.size,
      unopenedAgeS: ageS(this.#unopened.size === 0 ? null : Math.min(...this.#unopened.values())),
      overdueComparisons: found.overdue,
      comparisonAgeS: ageS(found.leastComparedAt),
      unknownOrders: found.unknownOrders,
      unknownOrderAgeS: ageS(found.unknownSince),
    };
  }

  async check(): Promise<HealthState> {
    try {
      return judge(await this.vitals());
    } catch {
      return { name: 'trading', healthy: false, detail: 'the database does not answer' };
    }
  }
}

function judge(vitals: TradingVitals): HealthState {
  const { unopenedAccounts, overdueComparisons, unknownOrderAgeS, unknownOrders } = vitals;
  const problems = [
    ...(unopenedAccounts === 0 ? [] : [`${unopenedAccounts} not open for up to ${seconds(vitals.unopenedAgeS)}`]),
    ...(overdueComparisons === 0
      ? []
      : [`${overdueComparisons} not compared with their exchange for up to ${seconds(vitals.comparisonAgeS)}`]),
    ...(unknownOrderAgeS * 1_000 <= unknownAfterMs
      ? []
      : [`${unknownOrders} orders unknown for up to ${seconds(unknownOrderAgeS)}`]),
  ];
  const role = vitals.isLeading ? 'trades' : 'does not lead';
  const detail = [`${role}, ${vitals.accounts} accounts`, ...problems].join('; ');
  return { name: 'trading', healthy: problems.length === 0, detail };
}

function seconds(ageS: number): string {
  return `${Math.round(ageS)} s`;
}
