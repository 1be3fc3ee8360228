import { AppError } from '../errors/appError';
import { toMarketId } from '../domain/market';
import type { CcxtModule } from './ccxtTypes';

/** How a watch call may fail, and so what to do next. */
export type WatchFailure = 'unsubscribed' | 'gap' | 'rateLimited' | 'network' | 'refused' | 'badData';

/** Sorts a failure of a watch call. Order matters: ccxt's ChecksumError and RateLimitExceeded are NetworkErrors too. */
export function classifyWatchFailure(error: unknown, ccxt: CcxtModule): WatchFailure {
  if (error instanceof ccxt.UnsubscribeError) return 'unsubscribed';
  if (error instanceof ccxt.ChecksumError) return 'gap';
  if (error instanceof ccxt.RateLimitExceeded || error instanceof ccxt.DDoSProtection) return 'rateLimited';
  if (error instanceof ccxt.NetworkError) return 'network';
  if (error instanceof ccxt.BadSymbol || error instanceof ccxt.NotSupported) return 'refused';
  // A frame that is no JSON ends in a plain TypeError, one with a value that cannot be in BadMarketData.
  return 'badData';
}

/** Turns what ccxt throws into what our clients may see. retryAfterMs: what the exchange asked for, where known. */
export function translateError(error: unknown, ccxt: CcxtModule, retryAfterMs: number | null): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ccxt.BadSymbol) return new AppError('MARKET_NOT_FOUND', { cause: error });
  if (error instanceof ccxt.RateLimitExceeded || error instanceof ccxt.DDoSProtection)
    return rateLimited(retryAfterMs, error);
  return new AppError('EXCHANGE_UNAVAILABLE', { cause: error });
}

export function rateLimited(retryAfterMs: number | null, cause?: unknown): AppError {
  return new AppError('EXCHANGE_RATE_LIMITED', {
    ...(retryAfterMs === null ? {} : { extensions: { retryAfterMs } }),
    cause,
  });
}

export function marketNotFound(exchange: string, symbol: string): AppError {
  const publicMessage = `No such market: ${toMarketId(exchange, symbol)}. List them with the query \`markets\`.`;
  return new AppError('MARKET_NOT_FOUND', { publicMessage });
}
