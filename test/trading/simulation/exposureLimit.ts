import { left, type SimulatedExchange } from './simulatedExchange';
import { lowestPrice, simulatedMarkets } from './simulatedMarkets';
import { times, toText, toUnits, type Units } from './units';

/** What the account may hold of one market at most, open orders included; quote units. */
export const maxPositionNotional = '10000';

/**
 * Whether what is held and what open orders may still buy of a market is above the limit, reckoned at their limits and at the lowest price
 * that the market ever has: no moment's price excuses it. coins: what was there before, which no position counts.
 */
export function findExcess(exchange: SimulatedExchange, coins: ReadonlyMap<string, Units>): readonly string[] {
  return simulatedMarkets.flatMap((market) => {
    const lowest = lowestPrice(market);
    const open = exchange.orders
      // What has no limit is executed at once.
      .filter(({ status, terms }) => status === 'OPEN' && terms.side === 'BUY' && terms.price !== null)
      .filter(({ terms }) => terms.symbol === market.symbol)
      .reduce((total, order) => total + times(left(order), cheaper(toUnits(order.terms.price!), lowest)), 0n);
    const held = (exchange.balances.get(market.base) ?? 0n) - (coins.get(market.base) ?? 0n);
    const worth = times(held, lowest) + open;
    if (worth <= toUnits(maxPositionNotional)) return [];
    return [`${market.symbol} stands for ${toText(worth)}, the limit is ${maxPositionNotional}`];
  });
}

function cheaper(a: Units, b: Units): Units {
  return a < b ? a : b;
}
