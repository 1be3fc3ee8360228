import type { Config } from './config/config';
import { ConfigError } from './config/configError';
import { nearestName } from './config/nearestName';
import type { ExchangeRegistry } from './exchanges/exchangeRegistry';
import { findUnknownExchanges } from './exchanges/unknownExchanges';
import type { Logger } from './telemetry/logger';

/** An exchange that there is not would be asked for ever, and everybody told to try again in a moment. Throws ConfigError. */
export function assertOffered(exchanges: Config['exchanges']): void {
  const { unknown, offered } = findUnknownExchanges(exchanges);
  if (unknown.length === 0) return;
  throw new ConfigError(
    unknown.map((id) => {
      const near = nearestName(id, offered);
      const hint = near === null ? `It has ${offered.join(', ')}.` : `Did you mean ${near}?`;
      return `EXCHANGES names ${id}, and ccxt.pro has no exchange of that name. ${hint}`;
    }),
  );
}

/** Loading ccxt and the list of markets takes a second or two: better now than while the first reader waits. */
export function warmUp(
  exchanges: ExchangeRegistry,
  { logger, isStopping }: { readonly logger: Logger; readonly isStopping: () => boolean },
): void {
  for (const exchange of exchanges.all()) {
    exchange.loadMarkets().then(
      (markets) => {
        logger.info({ exchange: exchange.id, markets: markets.size }, 'exchange answers');
      },
      (error: unknown) => {
        if (isStopping()) return;
        logger.warn(
          { exchange: exchange.id, err: error },
          'exchange does not answer yet; it is asked again when someone needs it',
        );
      },
    );
  }
}
