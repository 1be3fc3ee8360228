import type { KeyDefinition } from './keyDefinition';
import { baseUrl, listOf, text } from './valueTypes';

/** How an exchange of the configuration is reached. */
export interface ExchangeSettings {
  /** Our name of it, e.g. "binance-testnet". */
  readonly id: string;
  /** The class of ccxt.pro that speaks to it. */
  readonly ccxtId: string;
  /** True where ccxt's sandbox mode is to be switched on. */
  readonly sandbox: boolean;
  /** Base URLs that replace ccxt's own, or null for the exchange's real ones. */
  readonly restUrl: string | null;
  readonly wsUrl: string | null;
}

/** Names with a meaning of our own; every other name is ccxt's. */
const ownNames: ReadonlyMap<string, { readonly ccxtId: string; readonly sandbox: boolean }> = new Map([
  ['simulator', { ccxtId: 'binance', sandbox: false }],
  ['binance-testnet', { ccxtId: 'binance', sandbox: true }],
]);

/**
 * Exchanges that can be reached at another address: those whose addresses in ccxt we know how to replace.
 * An address of any other is an unknown setting, not one that is taken and has no effect.
 */
export const addressableExchanges = ['simulator', 'binance', 'binance-testnet', 'mexc'] as const;

const exchangeName = text({
  pattern: /^(binance-testnet|[a-z][a-z0-9]{1,39})$/,
  allowed: 'an exchange id of ccxt such as binance or mexc, "binance-testnet", or "simulator"',
});

/** Whether ccxt knows the id is for the exchanges room to say: this room checks the form. */
export const exchangeNames = listOf(exchangeName);

function prefixOf(exchange: string): string {
  return `EXCHANGE_${exchange.toUpperCase().replaceAll('-', '_')}`;
}

/** The settings of one exchange by their names, e.g. EXCHANGE_BINANCE_REST_URL. */
export function exchangeKeys(exchange: string): Readonly<Record<string, KeyDefinition>> {
  return {
    [`${prefixOf(exchange)}_REST_URL`]: {
      type: baseUrl(['http:', 'https:']),
      default: null,
      description: `Base URL that replaces the REST address of ${exchange}, e.g. http://127.0.0.1:7000.`,
    },
    [`${prefixOf(exchange)}_WS_URL`]: {
      type: baseUrl(['ws:', 'wss:']),
      default: null,
      description: `Base URL that replaces the WebSocket address of ${exchange}, e.g. ws://127.0.0.1:7000.`,
    },
  };
}

export function toExchangeSettings(id: string, values: ReadonlyMap<string, unknown>): ExchangeSettings {
  const own = ownNames.get(id);
  return {
    id,
    ccxtId: own?.ccxtId ?? id,
    sandbox: own?.sandbox ?? false,
    restUrl: urlOrNull(values.get(`${prefixOf(id)}_REST_URL`)),
    wsUrl: urlOrNull(values.get(`${prefixOf(id)}_WS_URL`)),
  };
}

function urlOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
