import type { Decimal } from '../../domain/decimal';
import type { PaperOrder } from '../../domain/paperLedger';
import { endOrder, execute } from './execution';
import type { LedgerDraft } from './ledgerDraft';
import type { MarketView } from './marketSource';
import { zero } from './money';
import { limitOf } from './orderStage';
import { restingPrice, type PriceSpan } from './priceSpan';
import { closableAmount } from './swapSettlement';

/** What has come to a resting order. */
export interface Meeting {
  readonly order: PaperOrder;
  readonly view: MarketView;
  /** The price that has come to it: of a level, or of a trade. */
  readonly met: Decimal;
  readonly amount: Decimal;
  /** Where the market has been. */
  readonly seen: PriceSpan | null;
}

/**
 * Fills a resting order as maker. Null where it was not: there was nothing to fill, or the order has ended as EXPIRED because there is
 * no position left for it to close, or because the account cannot pay.
 */
export function fillResting(draft: LedgerDraft, { order, view, met, amount, seen }: Meeting): PaperOrder | null {
  if (closableAmount(draft, order.terms)?.isZero() === true) {
    endOrder(draft, order, 'EXPIRED');
    return null;
  }
  const limit = limitOf(order.terms);
  if (limit === null || amount.isZero()) return null;
  const price = restingPrice({ side: order.terms.side, limit }, met, seen);
  const first = { ...order, queueAhead: zero };
  const filled = execute(draft, { market: view.market, order: first, price, amount, takerOrMaker: 'maker' });
  if (filled === null) endOrder(draft, order, 'EXPIRED');
  return filled;
}
