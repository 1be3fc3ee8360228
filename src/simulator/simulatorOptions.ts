import type { EpochMs } from '../domain/marketData';

export interface SimulatorOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly weightLimitPerMinute: number;
  readonly pingIntervalMs: number;
  readonly source: SyntheticSource | ReplaySource;
  readonly now: () => EpochMs;
  /** Told of what fails while nobody waits for it. */
  readonly onError: (error: unknown) => void;
}

/** Invented traders in a real matching engine. */
export interface SyntheticSource {
  readonly kind: 'synthetic';
  readonly seed: string;
  readonly ratePerSecond: number;
  readonly quietMarkets: readonly string[];
}

/** Recorded sockets of Binance spot, or of its USD-M futures. */
export interface ReplaySource {
  readonly kind: 'replay';
  readonly files: readonly string[];
  readonly speed: number | null;
  readonly waitFor: readonly string[];
}
