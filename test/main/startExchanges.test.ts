import { ConfigError } from '../../src/config/configError';
import type { ExchangeSettings } from '../../src/exchanges/exchangeSettings';
import * as loading from '../../src/exchanges/loadCcxt';
import { assertOffered } from '../../src/startExchanges';

// The real one, whose calls are counted.
jest.mock('../../src/exchanges/loadCcxt', () => {
  const { loadCcxt } = jest.requireActual<typeof loading>('../../src/exchanges/loadCcxt');
  return { loadCcxt: jest.fn(loadCcxt) };
});
const loadCcxt = jest.mocked(loading.loadCcxt);

function named(id: string, ccxtId = id): ExchangeSettings {
  return { id, ccxtId, sandbox: false, restUrl: null, wsUrl: null };
}

/** What the start is refused for. */
function problemsOf(...exchanges: readonly ExchangeSettings[]): readonly string[] {
  try {
    assertOffered(exchanges);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

it('takes exchanges that ccxt.pro has, and loads it only for one that nothing is known of here', () => {
  const known = [named('binance'), named('mexc'), named('simulator', 'binance')];
  expect(problemsOf(...known)).toEqual([]);
  expect(loadCcxt).not.toHaveBeenCalled();
  expect(problemsOf(...known, named('kraken'))).toEqual([]);
  expect(loadCcxt).toHaveBeenCalled();
});

it('refuses each name that ccxt.pro does not have, with the one that is near, or with all that it has', () => {
  const refused = (id: string, hint: string): string =>
    `EXCHANGES names ${id}, and ccxt.pro has no exchange of that name. ${hint}`;
  expect(problemsOf(named('binance'), named('binnance'), named('kraken'), named('nowhere'))).toEqual([
    refused('binnance', 'Did you mean binance?'),
    refused('nowhere', `It has ${loading.loadCcxt().pro.exchanges.join(', ')}.`),
  ]);
});
