import type { CcxtExchange, CcxtModule } from './ccxtTypes';
import { tapConnections, type ConnectionTap } from './connectionTap';
import type { ExchangeDifferences } from './exchangeDifferences';
import type { ExchangeSettings } from './exchangeSettings';

/** A ping a second proves that a connection lives; two without an answer end it. */
const streaming = { keepAlive: 1_000, maxPingPongMisses: 2, connectionTimeout: 5_000 };

const common = {
  // Decimals as the exchange wrote them, never floats.
  number: String,
  enableRateLimit: true,
  // ccxt would send a failed order a second time.
  maxRetriesOnFailure: 0,
  // Milliseconds for one REST answer.
  timeout: 5_000,
  newUpdates: true,
  streaming,
};

/** Makes the ccxt object of one exchange. Throws RangeError where ccxt.pro has no such exchange. */
export function createCcxtExchange(parts: {
  readonly ccxt: CcxtModule;
  readonly settings: ExchangeSettings;
  readonly differences: ExchangeDifferences;
  readonly tap: ConnectionTap;
}): CcxtExchange {
  const { ccxt, settings, differences, tap } = parts;
  const base = ccxt.pro[settings.ccxtId];
  if (base === undefined) throw new RangeError(`ccxt.pro has no exchange "${settings.ccxtId}"`);
  const Exchange = tapConnections(differences.refine(base, ccxt), tap);
  const exchange = new Exchange({ ...common, ...differences.options(settings) });
  if (settings.sandbox) exchange.setSandboxMode(true);
  // Sent twice, a market order buys twice: no option of an exchange may switch this on again.
  if (exchange.maxRetriesOnFailure !== 0) throw new Error('ccxt would repeat failed requests by itself');
  return exchange;
}
