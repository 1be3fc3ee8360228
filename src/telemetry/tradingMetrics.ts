import { Gauge, type Registry } from 'prom-client';

/** How trading stands at one moment. Ages in seconds, 0 where there is nothing that could be old. */
export interface TradingVitals {
  readonly isLeading: boolean;
  readonly accounts: number;
  readonly unopenedAccounts: number;
  readonly unopenedAgeS: number;
  readonly overdueComparisons: number;
  readonly comparisonAgeS: number;
  readonly unknownOrders: number;
  readonly unknownOrderAgeS: number;
}

const gauges: readonly (readonly [name: string, help: string, value: (vitals: TradingVitals) => number])[] = [
  ['leading', '1 on the node that trades, else 0.', ({ isLeading }) => (isLeading ? 1 : 0)],
  ['accounts', 'Accounts that were not removed.', ({ accounts }) => accounts],
  ['accounts_unopened', 'Accounts that this node leads and cannot open.', (vitals) => vitals.unopenedAccounts],
  ['accounts_unopened_max_age_seconds', 'Since when the first of them is not open.', (vitals) => vitals.unopenedAgeS],
  ['comparisons_overdue', 'Accounts not compared with their exchange of late.', (vitals) => vitals.overdueComparisons],
  ['comparison_max_age_seconds', 'Since the oldest of the last comparisons.', (vitals) => vitals.comparisonAgeS],
  ['orders_unknown', 'Orders whose fate is unknown.', ({ unknownOrders }) => unknownOrders],
  ['orders_unknown_max_age_seconds', 'Since when the first of them is unknown.', (vitals) => vitals.unknownOrderAgeS],
];

/** Gauges that are read when they are asked for, all of one answer at once; NaN where `read` rejects. */
export function registerTradingMetrics(registry: Registry, read: () => Promise<TradingVitals>): void {
  let reading: Promise<TradingVitals | null> | null = null;
  const shared = (): Promise<TradingVitals | null> => {
    reading ??= read()
      .catch(() => null)
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  for (const [name, help, value] of gauges) {
    const gauge: Gauge = new Gauge({
      name: `tickgate_trading_${name}`,
      help,
      registers: [registry],
      collect: async () => {
        const vitals = await shared();
        gauge.set(vitals === null ? Number.NaN : value(vitals));
      },
    });
  }
}
