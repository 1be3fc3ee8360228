import type { Decimal } from '../../domain/decimal';
import type { Fill, OrderReport } from '../../domain/orders';
import type { PaperLedger, PaperOrder } from '../../domain/paperLedger';
import { entryPriceOf } from '../../domain/position';
import type { ExchangeBalance, ExchangePosition } from '../tradingPort';
import { textOf } from './money';
import { leverage } from './swapSettlement';

export function toReport(order: PaperOrder, fills: readonly Fill[] = []): OrderReport {
  return {
    exchangeOrderId: String(order.number),
    clientOrderId: order.clientOrderId,
    symbol: order.terms.symbol,
    status: order.status,
    terms: order.terms,
    filled: textOf(order.filled),
    cost: textOf(order.cost),
    average: order.filled.isZero() ? null : textOf(order.cost.dividedBy(order.filled).toDecimalPlaces(18)),
    exchangeTime: order.updatedAt,
    fills,
  };
}

export function toBalances(ledger: PaperLedger): readonly ExchangeBalance[] {
  return [...ledger.balances].map(([currency, { free, used }]) => ({
    currency,
    free: textOf(free),
    used: textOf(used),
    total: textOf(free.plus(used)),
  }));
}

/** markOf: the mark price of a symbol, where it is known. Liquidation is of the account as a whole, at no one price. */
export function toPositions(
  ledger: PaperLedger,
  markOf: (symbol: string) => Decimal | null = () => null,
): readonly ExchangePosition[] {
  return [...ledger.positions.values()].flatMap(({ symbol, state }) => {
    const entryPrice = entryPriceOf(state);
    if (entryPrice === null) return [];
    const mark = markOf(symbol);
    return [
      {
        symbol,
        side: state.side,
        amount: state.amount,
        entryPrice,
        markPrice: mark === null ? null : textOf(mark),
        leverage: textOf(leverage),
        liquidationPrice: null,
      },
    ];
  });
}
