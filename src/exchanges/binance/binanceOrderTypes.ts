import type { OrderType } from '../../domain/orders';

/** "STOP" and "TAKE_PROFIT" have a limit on swaps, and none on spot. */
const types: Readonly<Record<'spot' | 'swap', Readonly<Record<string, OrderType>>>> = {
  spot: {
    MARKET: 'MARKET',
    LIMIT: 'LIMIT',
    LIMIT_MAKER: 'LIMIT',
    STOP_LOSS: 'STOP',
    STOP_LOSS_LIMIT: 'STOP_LIMIT',
    TAKE_PROFIT: 'TAKE_PROFIT',
    TAKE_PROFIT_LIMIT: 'TAKE_PROFIT_LIMIT',
  },
  swap: {
    MARKET: 'MARKET',
    LIMIT: 'LIMIT',
    STOP_MARKET: 'STOP',
    STOP: 'STOP_LIMIT',
    TAKE_PROFIT_MARKET: 'TAKE_PROFIT',
    TAKE_PROFIT: 'TAKE_PROFIT_LIMIT',
    TRAILING_STOP_MARKET: 'TRAILING_STOP',
  },
};

/** Null for what is no type of ours. */
export function orderTypeOf(name: string, isSwap: boolean): OrderType | null {
  return types[isSwap ? 'swap' : 'spot'][name] ?? null;
}
