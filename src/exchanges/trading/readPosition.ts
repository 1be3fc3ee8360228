import type { DecimalString } from '../../domain/decimal';
import { BadMarketData } from '../badMarketData';
import { optional, readAmount, readDecimal, readPrice, readRecord } from '../readNumbers';
import type { ExchangePosition } from '../tradingPort';
import { toBaseUnits } from './readUnified';
import type { AccountMarket } from './tradingDifferences';

/** Reads ccxt's position structure; null where there is none (any more). Throws BadMarketData. */
export function readPosition(value: unknown, market: AccountMarket): ExchangePosition | null {
  const raw = readRecord(value, 'position');
  const contracts = readAmount(raw.contracts, 'contracts');
  if (contracts === '0') return null;
  if (raw.side !== 'long' && raw.side !== 'short') throw new BadMarketData('a position has no side');
  return {
    symbol: market.symbol,
    side: raw.side === 'long' ? 'LONG' : 'SHORT',
    amount: toBaseUnits(contracts, market.contractSize),
    entryPrice: readPrice(raw.entryPrice, 'entry price'),
    markPrice: optional(raw.markPrice, (price) => readPrice(price, 'mark price')),
    leverage: optional(raw.leverage, (leverage) => readPrice(leverage, 'leverage')),
    liquidationPrice: optional(raw.liquidationPrice, readLiquidationPrice),
  };
}

/** A position that cannot be liquidated has one of zero or less. */
function readLiquidationPrice(value: unknown): DecimalString | null {
  const price = readDecimal(value, 'liquidation price');
  return price === '0' || price.startsWith('-') ? null : price;
}
