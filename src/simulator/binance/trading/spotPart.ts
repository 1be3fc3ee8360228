import type { ExchangePart } from '../../control/exchangePart';
import { moneyDecimals } from '../../engine/accounts/money';
import type { SyntheticVenue } from '../../engine/syntheticVenue';
import { parseSignedUnits, parseUnits } from '../../engine/units';
import { spotLedger } from './spotLedger';

/** The spot markets and wallets, for the control endpoint. */
export function spotPart(venue: SyntheticVenue): ExchangePart {
  return {
    name: 'spot',
    symbols: [...venue.markets.keys()],
    move: (symbol, price) => {
      const market = venue.markets.get(symbol);
      const ticks = market === undefined ? null : parseUnits(price, market.spec.priceDecimals);
      if (market === undefined || ticks === null || ticks < 1) return false;
      venue.move(market, ticks);
      return true;
    },
    transfer: (account, { asset, amount, reason, listAfterMs }) => {
      const time = venue.now();
      const units = parseSignedUnits(amount, moneyDecimals);
      return account.transfer({ asset, amount: units, reason, time, listedAt: time + listAfterMs });
    },
    placedOrders: (account) =>
      [...account.orders.values()].map(({ id, clientOrderId, spec }) => ({
        clientOrderId,
        symbol: spec.id,
        orderId: id,
      })),
    ledger: spotLedger,
  };
}
