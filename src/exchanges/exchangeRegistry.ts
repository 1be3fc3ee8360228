import type { EpochMs } from '../domain/marketData';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import { binanceDifferences } from './binance/binanceDifferences';
import { CcxtExchange } from './ccxtExchange';
import type { ExchangeDifferences } from './exchangeDifferences';
import type { ExchangePort } from './exchangePort';
import type { ExchangeSettings } from './exchangeSettings';
import { genericDifferences } from './genericDifferences';
import { mexcDifferences } from './mexc/mexcDifferences';

export const differencesByCcxtId: Readonly<Record<string, ExchangeDifferences>> = {
  binance: binanceDifferences,
  mexc: mexcDifferences,
};

/** The exchanges of the configuration, by our names for them. */
export class ExchangeRegistry {
  readonly #exchanges: ReadonlyMap<string, ExchangePort>;

  constructor(exchanges: readonly ExchangePort[]) {
    this.#exchanges = new Map(exchanges.map((exchange) => [exchange.id, exchange]));
  }

  find(id: string): ExchangePort | null {
    return this.#exchanges.get(id) ?? null;
  }

  all(): readonly ExchangePort[] {
    return [...this.#exchanges.values()];
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((exchange) => exchange.close()));
  }
}

/** Builds every exchange of the configuration on ccxt. Nothing is loaded or dialled before the first use. */
export function createExchangeRegistry(parts: {
  readonly settings: readonly ExchangeSettings[];
  readonly clock: () => EpochMs;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): ExchangeRegistry {
  const { settings, ...shared } = parts;
  return new ExchangeRegistry(
    settings.map((one) => {
      const differences = differencesByCcxtId[one.ccxtId] ?? genericDifferences;
      return new CcxtExchange({ ...shared, settings: one, differences });
    }),
  );
}
