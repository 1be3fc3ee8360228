import type { DecimalString } from './decimal';

declare const marketId: unique symbol;
/** `exchange:symbol` with ccxt's ids, e.g. "binance:BTC/USDT". */
export type MarketId = string & { readonly [marketId]: true };

export const marketTypes = ['SPOT', 'SWAP'] as const;
export type MarketType = (typeof marketTypes)[number];

/** What an exchange says about one of its markets. Steps are increments, e.g. pricePrecision "0.01". */
export interface Market {
  readonly id: MarketId;
  /** Our name of the exchange, e.g. "binance-testnet". */
  readonly exchange: string;
  /** ccxt's unified symbol, e.g. "BTC/USDT". */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly settle: string | null;
  readonly type: MarketType;
  readonly active: boolean;
  readonly contractSize: DecimalString | null;
  /** Fee rates as fractions: "0.001" is 10 bps. */
  readonly maker: DecimalString | null;
  readonly taker: DecimalString | null;
  /** Smallest price increment, in quote units. */
  readonly pricePrecision: DecimalString;
  /** Smallest amount increment, in base units. */
  readonly amountPrecision: DecimalString;
  readonly minAmount: DecimalString | null;
  /** Smallest price × amount, in quote units. */
  readonly minCost: DecimalString | null;
}

const shape = /^([a-z0-9][a-z0-9-]{0,39}):([A-Z0-9][A-Za-z0-9/:._-]{0,59})$/;

export function toMarketId(exchange: string, symbol: string): MarketId {
  return `${exchange}:${symbol}` as MarketId;
}

/** Splits a market id into its parts, or gives null where the text has not the shape of one. */
export function parseMarketId(
  text: string,
): { readonly id: MarketId; readonly exchange: string; readonly symbol: string } | null {
  const match = shape.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { id: text as MarketId, exchange: match[1], symbol: match[2] };
}
