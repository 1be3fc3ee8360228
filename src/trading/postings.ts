import type { DecimalString } from '../domain/decimal';
import type { Market } from '../domain/market';
import type { Fill } from '../domain/orders';
import type { LedgerLine, Posting } from '../storage/trading/posting';
import type { LedgerBook } from '../storage/trading/records';

/** The two lines of a movement: what the account gains, and what it came from. */
export function movement(currency: string, amount: DecimalString, from: LedgerBook): readonly LedgerLine[] {
  if (amount === '0') return [];
  return [
    { book: 'ASSETS', currency, amount },
    { book: from, currency, amount: negative(amount) },
  ];
}

/** What was booked as of one book and is of another. */
export function transition(
  currency: string,
  amount: DecimalString,
  { from, to }: { readonly from: LedgerBook; readonly to: LedgerBook },
): readonly LedgerLine[] {
  return [
    { book: from, currency, amount },
    { book: to, currency, amount: negative(amount) },
  ];
}

function negative(amount: DecimalString): DecimalString {
  if (amount === '0') return amount;
  return (amount.startsWith('-') ? amount.slice(1) : `-${amount}`) as DecimalString;
}

/** What a fill does to the balances: a spot trade swaps coins for money, that of a swap settles what it realized; fees are paid on top. */
export function postingOf(market: Market, fill: Fill, realizedPnl: DecimalString): Posting {
  const traded =
    market.type === 'SPOT'
      ? [
          ...movement(market.base, fill.side === 'BUY' ? fill.amount : negative(fill.amount), 'TRADING'),
          ...movement(market.quote, fill.side === 'BUY' ? negative(fill.cost) : fill.cost, 'TRADING'),
        ]
      : movement(market.settle ?? market.quote, realizedPnl, 'TRADING');
  return {
    id: `trade:${market.id}:${fill.tradeId}`,
    lines: [...traded, ...fill.fees.flatMap(({ currency, cost }) => movement(currency, negative(cost), 'FEES'))],
    marketId: market.id,
    at: fill.exchangeTime,
  };
}
