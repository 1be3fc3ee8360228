import { compareDecimals } from '../../domain/compareDecimals';
import type { DecimalString } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import type { EpochMs } from '../../domain/marketData';
import { difference, sum } from '../../domain/money';
import { pendingOrder } from '../../domain/orderState';
import type { OrderReport } from '../../domain/orders';
import type { OrderRecord } from '../../storage/trading/records';
import type { AccountDesk } from '../accountDesk';
import { askedOf } from '../orderTerms';
import { reservationOf } from '../reservation';

const zero = '0' as DecimalString;

export interface LearnedOrder {
  readonly market: Market;
  readonly report: OrderReport;
  readonly cause: string;
  /** The account's first comparison: only then an order can be older than the account here. */
  readonly isOpening: boolean;
}

/** Books what the exchange says of an order; one that was never ours is adopted as EXTERNAL. */
export async function learnOrder(desk: AccountDesk, { market, report, cause, isOpening }: LearnedOrder): Promise<void> {
  const isKnown = await desk.book(async (booking) => (await booking.report(market, report, cause)) !== null);
  if (isKnown) return;
  const before = isOpening ? await executedBefore(desk, market, report) : zero;
  await desk.book(async (booking) => {
    // Somebody may have adopted it meanwhile: the socket and a round of questions both come here.
    if ((await booking.report(market, report, cause)) !== null) return;
    const order = draftOf(desk, { market, report, before });
    await booking.adopt(order, report.clientOrderId ?? report.exchangeOrderId);
    await booking.report(market, report, 'found at the exchange');
  });
}

/** What an order had executed when the account was opened here: that is in its opening balance, and never booked as a fill. */
async function executedBefore(desk: AccountDesk, market: Market, report: OrderReport): Promise<DecimalString> {
  const { filled, exchangeOrderId } = report;
  if (compareDecimals(filled, zero) === 0) return zero;
  const since = await desk.port.fillsSince(market.symbol, desk.openedAt);
  const booked = since.filter((fill) => fill.exchangeOrderId === exchangeOrderId).map(({ amount }) => amount);
  const before = difference(filled, sum(...booked));
  return compareDecimals(before, zero) > 0 ? before : zero;
}

/** Somebody placed it beside us. It is shown, counted and canceled like any other; it is not one that we would ever send. */
function draftOf(
  desk: AccountDesk,
  { market, report, before }: { readonly market: Market; readonly report: OrderReport; readonly before: DecimalString },
): OrderRecord {
  const { terms, clientOrderId, exchangeOrderId, exchangeTime } = report;
  const now: EpochMs = desk.now();
  const left = terms.amount === null ? null : difference(terms.amount, before);
  const reservation = terms.price === null ? null : reservationOf(market, { ...terms, amount: left }, terms.price);
  return {
    ...pendingOrder(terms.amount),
    ...askedOf(terms),
    filled: before,
    attemptRemaining: left,
    phase: compareDecimals(before, zero) > 0 ? 'PARTIALLY_FILLED' : 'OPEN',
    id: desk.newId(),
    accountId: desk.accountId,
    origin: 'EXTERNAL',
    clientOrderId,
    exchangeOrderId,
    marketId: market.id,
    rejectCode: null,
    signedAt: null,
    unknownSince: null,
    misses: 0,
    lastMissedAt: null,
    cancelRequestedAt: null,
    editPrice: null,
    editAmount: null,
    reservedCurrency: reservation?.currency ?? null,
    reserved: reservation?.amount ?? zero,
    fees: [],
    createdAt: exchangeTime,
    updatedAt: now,
  };
}
