import type { CcxtClass, CcxtExchange, CcxtModule } from './ccxtTypes';
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

/** What makes a ccxt object speak for an account. */
export interface AccountAccess {
  /** Laid over the common options: keys and time-outs. Called once, so that revealed keys stand nowhere but in ccxt. */
  config(): Readonly<Record<string, unknown>>;
  /** Laid over the exchange's entry `options`. */
  readonly options: Readonly<Record<string, unknown>>;
  refine(base: CcxtClass, ccxt: CcxtModule): CcxtClass;
}

/** Makes the ccxt object of one exchange. Throws RangeError where ccxt.pro has no such exchange. */
export function createCcxtExchange(parts: {
  readonly ccxt: CcxtModule;
  readonly settings: ExchangeSettings;
  readonly differences: ExchangeDifferences;
  readonly tap: ConnectionTap;
  readonly account?: AccountAccess | undefined;
}): CcxtExchange {
  const { ccxt, settings, differences, tap, account } = parts;
  const base = ccxt.pro[settings.ccxtId];
  if (base === undefined) throw new RangeError(`ccxt.pro has no exchange "${settings.ccxtId}"`);
  const refined = differences.refine(base, ccxt);
  const Exchange = tapConnections(account?.refine(refined, ccxt) ?? refined, tap);
  const config = { ...common, ...differences.options(settings), ...account?.config() };
  const exchange = new Exchange({ ...config, options: { ...config.options, ...account?.options } });
  if (settings.sandbox) exchange.setSandboxMode(true);
  // Sent twice, a market order buys twice: no option of an exchange may switch this on again.
  if (exchange.maxRetriesOnFailure !== 0) throw new Error('ccxt would repeat failed requests by itself');
  return exchange;
}
