import { differencesByCcxtId } from './exchangeRegistry';
import type { ExchangeSettings } from './exchangeSettings';
import { loadCcxt } from './loadCcxt';

/** Which of them ccxt.pro does not have, and what it has. Loads ccxt only where there is one that we know nothing of. */
export function findUnknownExchanges(settings: readonly ExchangeSettings[]): {
  readonly unknown: readonly string[];
  readonly offered: readonly string[];
} {
  const asked = settings.filter(({ ccxtId }) => differencesByCcxtId[ccxtId] === undefined);
  if (asked.length === 0) return { unknown: [], offered: [] };
  const offered = loadCcxt().pro.exchanges;
  return { unknown: asked.filter(({ ccxtId }) => !offered.includes(ccxtId)).map(({ id }) => id), offered };
}
