import { Decimal } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import { product } from '../../domain/money';
import type { OrderSide, OrderTerms } from '../../domain/orders';
import type { PaperLedger, PaperOrder, PaperPosition } from '../../domain/paperLedger';
import { applyFundingToPosition, notional, unrealizedPnl } from '../../domain/position';
import { endOrder, execute } from './execution';
import type { LedgerDraft } from './ledgerDraft';
import type { MarketView } from './marketSource';
import { textOf, zero } from './money';
import { insure } from './swapSettlement';

/** Of a position's worth at the mark: with less than this left in the account, it is closed. Binance's first bracket is 0.4 to 0.5 %. */
const maintenanceRate = new Decimal('0.005');

/** One settle currency of an account, and where the prices are. */
interface MarginScope {
  readonly currency: string;
  readonly viewOf: (symbol: string) => MarketView | null;
}

export interface FundingDue {
  /** Positive where longs pay. */
  readonly rate: string;
  readonly markPrice: string;
  readonly dueAt: EpochMs;
}

/** The mark price, or where none is told, the last price. Null while neither is known. */
function markOf(view: MarketView | null): Decimal | null {
  return view?.mark ?? view?.last ?? null;
}

/**
 * True where the account has to be liquidated: cross margin, all of the currency's money stands for all of its positions. What
 * there is, and what the positions have gained or lost at the mark, is no more than the maintenance margin of them all.
 * False while the mark of one of them is unknown: nothing is sold at a price that nobody knows.
 */
export function isMarginGone(ledger: PaperLedger, { currency, viewOf }: MarginScope): boolean {
  const held = [...ledger.positions.values()].filter(({ settleCurrency }) => settleCurrency === currency);
  if (held.length === 0) return false;
  const balance = ledger.balances.get(currency);
  let margin = balance === undefined ? zero : balance.free.plus(balance.used);
  for (const { symbol, state } of held) {
    const mark = markOf(viewOf(symbol));
    if (mark === null) return false;
    margin = margin.plus(unrealizedPnl(state, textOf(mark)));
    margin = margin.minus(maintenanceRate.times(notional(state.amount, textOf(mark))));
  }
  return margin.lessThanOrEqualTo(0);
}

/**
 * Ends every order that holds money of the currency, then closes every position of it at the mark, those with a profit first,
 * by market orders of the exchange's own. What the account then cannot pay is paid for it, so that it ends at zero and not below.
 */
export function liquidate(draft: LedgerDraft, { currency, viewOf }: MarginScope): void {
  for (const order of draft.openOrders()) {
    if (order.reservedCurrency === currency) endOrder(draft, order, 'CANCELED');
  }
  const held = draft.positions().flatMap((position) => {
    const view = viewOf(position.symbol);
    const mark = markOf(view);
    if (position.settleCurrency !== currency || view === null || mark === null) return [];
    return [{ position, market: view.market, mark, profit: new Decimal(unrealizedPnl(position.state, textOf(mark))) }];
  });
  for (const { position, market, mark } of held.toSorted((a, b) => b.profit.comparedTo(a.profit))) {
    const order = closingOrder(draft, position);
    draft.put(order);
    const amount = new Decimal(position.state.amount);
    execute(draft, { market, order, price: mark, amount, takerOrMaker: 'taker', isInsured: true });
  }
}

function closingOrder(draft: LedgerDraft, { symbol, slot, state, settleCurrency }: PaperPosition): PaperOrder {
  const side: OrderSide = state.side === 'LONG' ? 'SELL' : 'BUY';
  const terms: OrderTerms = {
    symbol,
    type: 'MARKET',
    side,
    amount: state.amount,
    quoteAmount: null,
    price: null,
    triggerPrice: null,
    trailingDelta: null,
    timeInForce: null,
    positionSide: slot === 'NET' ? null : slot,
    reduceOnly: slot === 'NET',
  };
  return {
    number: draft.nextOrderNumber(),
    clientOrderId: null,
    terms,
    status: 'OPEN',
    placedAt: draft.now,
    updatedAt: draft.now,
    filled: zero,
    cost: zero,
    reservePrice: null,
    reservedCurrency: settleCurrency,
    reserved: zero,
    triggeredAt: null,
    queueAhead: null,
    bestPrice: null,
  };
}

/** Books the funding of a market's positions, once for each time that it falls due. Positions opened after that owe nothing. */
export function payFunding(
  draft: LedgerDraft,
  { symbol, due }: { readonly symbol: string; readonly due: FundingDue },
): void {
  for (const position of draft.positions()) {
    if (position.symbol !== symbol || position.openedAt > due.dueAt) continue;
    const { state, settleCurrency: currency, slot } = position;
    const worth = new Decimal(state.amount).times(due.markPrice);
    const owed = new Decimal(product(textOf(worth), textOf(new Decimal(due.rate))));
    const received = state.side === 'LONG' ? owed.negated() : owed;
    if (received.isZero()) continue;
    const id = `funding ${symbol} ${slot} ${due.dueAt}`;
    const missing = draft.free(currency).plus(received);
    if (missing.isNegative()) insure(draft, { id, currency, amount: missing.negated() });
    draft.credit(currency, received);
    draft.addTransfer({ id, kind: 'FUNDING', symbol, currency, amount: received });
    draft.putPosition({ ...position, state: applyFundingToPosition(state, textOf(received)) });
  }
}
