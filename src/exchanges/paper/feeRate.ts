import { Decimal } from '../../domain/decimal';
import type { Market } from '../../domain/market';

/** Where an exchange does not tell its fees: 10 bps, Binance's rate for spot. */
const usualRate = new Decimal('0.001');

/** As a fraction of what is traded. */
export function feeRateOf(market: Market, takerOrMaker: 'taker' | 'maker'): Decimal {
  const rate = market[takerOrMaker];
  return rate === null ? usualRate : new Decimal(rate);
}
