import type { ExchangePart } from '../../control/exchangePart';
import { moneyDecimals } from '../../engine/accounts/money';
import { marginAsset } from '../../engine/futures/contracts';
import type { FuturesAccount } from '../../engine/futures/futuresAccount';
import type { FuturesHouse } from '../../engine/futures/futuresHouse';
import type { SyntheticVenue } from '../../engine/syntheticVenue';
import { parseSignedUnits, parseUnits } from '../../engine/units';
import { money } from '../trading/orderFormat';
import { toIncome } from './usdmAccountFormat';
import { amount, toAlgoOrder, toUsdmOrder, toUserTrade } from './usdmFormat';

/** The futures markets and wallets, for the control endpoint. */
export function usdmPart(venue: SyntheticVenue, house: FuturesHouse): ExchangePart {
  return {
    name: 'usdm',
    symbols: [...venue.markets.keys()],
    move: (symbol, price) => {
      const market = venue.markets.get(symbol);
      const ticks = market === undefined ? null : parseUnits(price, market.spec.priceDecimals);
      if (market === undefined || ticks === null || ticks < 1) return false;
      venue.move(market, ticks);
      return true;
    },
    transfer: (account, { asset, amount: sum, reason }) =>
      asset === marginAsset && house.transfer(house.accountOf(account), parseSignedUnits(sum, moneyDecimals), reason),
    placedOrders: (account) => {
      const { orders, algos } = house.accountOf(account);
      // What a condition released keeps the client id of its condition: that is one order, not two.
      const plain = [...orders.values()].filter(({ algo }) => algo === null);
      return [
        ...plain.map(({ clientOrderId, spec, id }) => ({ clientOrderId, symbol: spec.id, orderId: id })),
        ...[...algos.values()].map(({ clientAlgoId, spec, id }) => ({
          clientOrderId: clientAlgoId,
          symbol: spec.id,
          orderId: id,
        })),
      ];
    },
    ledger: (account) => ledgerOf(house.accountOf(account)),
  };
}

function ledgerOf(account: FuturesAccount): object {
  return {
    wallet: money(account.wallet),
    isHedged: account.isHedged,
    positions: account.positions.map((position) => ({
      symbol: position.spec.id,
      positionSide: position.side,
      positionAmt: amount(position.spec, position.lots),
      entryPrice: money(position.entryPrice()),
      entryCost: money(position.entryCost),
      realizedPnl: money(position.realized),
    })),
    orders: [...account.orders.values()].map(toUsdmOrder),
    algoOrders: [...account.algos.values()].map(toAlgoOrder),
    trades: account.fills.map((fill) => ({ ...toUserTrade(fill), clientOrderId: fill.order.clientOrderId })),
    income: account.income.map(toIncome),
    transfers: account.transfers.map((transfer) => ({ ...transfer, amount: money(transfer.amount) })),
    differences: differences(account),
  };
}

/** A wallet that is not what transfers and income come to: none, unless the exchange itself is wrong. */
function differences(account: FuturesAccount): object[] {
  const outside = account.transfers.filter(({ reason }) => reason === 'initial' || reason === 'drift');
  const expected = [...outside, ...account.income].reduce((total, entry) => total + entry.amount, 0n);
  if (expected === account.wallet) return [];
  return [{ asset: marginAsset, expected: money(expected), actual: money(account.wallet) }];
}
