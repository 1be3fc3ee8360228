import { checkMarketRules, isAlgoOrder } from '../domain/checkMarketRules';
import type { DecimalString } from '../domain/decimal';
import type { Market } from '../domain/market';
import type { EpochMs } from '../domain/marketData';
import type { MarketRules } from '../domain/marketRules';
import { product } from '../domain/money';
import type { OrderTerms } from '../domain/orders';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import type { AccountRecord, OrderOrigin, OrderRecord } from '../storage/trading/records';
import { freeOf, isCovered, viewBalances } from './balanceViews';
import type { MarketFacts, Quote } from './marketFacts';
import { isRefusal, readTerms, type OrderInput } from './orderTerms';
import { refuse, type Refusal } from './refusal';
import { reservationOf } from './reservation';
import { judgeIntent, type EquityFacts } from './risk/judgeIntent';

/** An order that could be read, its market, and what that costs now. */
export interface PreparedIntent {
  readonly market: Market;
  readonly rules: MarketRules;
  readonly terms: OrderTerms;
  /** What it is valued at, quote units a base unit. */
  readonly price: DecimalString;
  readonly last: DecimalString;
  readonly quoteAgeMs: number;
  /** What a quote unit is worth in the account's currency; null where no current price says. */
  readonly rate: DecimalString | null;
}

/** What is asked for, before it was read. */
export interface RawIntent {
  readonly input: OrderInput;
  readonly maxPriceAgeMs: number | null;
  /** A flatten closes at whatever price there is: a dead feed must not keep positions open. */
  readonly origin: OrderOrigin;
}

export interface IntentCase extends PreparedIntent {
  readonly origin: OrderOrigin;
  /** The order whose place this one takes: it counts no more. */
  readonly replaced: OrderRecord | null;
  readonly now: EpochMs;
}

export interface IntentJudgeParts {
  readonly markets: MarketFacts;
  readonly clock: () => EpochMs;
  /** The account's equity as it was valued last; null where a price that it needs is not known. */
  readonly equity: (accountId: string) => EquityFacts | null;
  /** False while this node knows that the exchange would not take what is signed now; left out: never. */
  readonly isClockTrusted?: (accountId: string) => boolean;
}

/** A quote that nobody has proven alive for longer than this is no price to trade at. */
const provenWithinMs = 2_000;
const minuteMs = 60_000;
const zero = '0' as DecimalString;

/** Decides whether there may be an order, in two steps: what can be said of it beforehand, and what its account says while it is held. */
export class IntentJudge {
  constructor(private readonly parts: IntentJudgeParts) {}

  /** The clock, the market, its rules, its price. Throws EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED. */
  async prepare(
    account: AccountRecord,
    { input, maxPriceAgeMs, origin }: RawIntent,
  ): Promise<PreparedIntent | Refusal> {
    const { markets, clock, isClockTrusted } = this.parts;
    if (isClockTrusted?.(account.id) === false)
      return refuse(
        'CLOCK_SKEWED',
        'The clock of this server and that of the exchange differ: no order is sent until they agree.',
      );
    const market = input.market.startsWith(`${account.exchange}:`) ? await markets.market(input.market) : null;
    if (market === null)
      return refuse('MARKET_NOT_FOUND', `This account trades at ${account.exchange}, which has no such market.`, [
        'market',
      ]);
    if (!market.active) return refuse('MARKET_CLOSED', 'The exchange does not trade this market now.', ['market']);
    const terms = readTerms(input, { market, positionMode: account.positionMode });
    if (isRefusal(terms)) return terms;
    const [rules, quote, rate] = await Promise.all([
      markets.rules(market.id),
      markets.quote(market.id),
      markets.rate(account.exchange, market.quote, account.currency),
    ]);
    const quoteAgeMs = Math.max(0, clock() - quote.provenAt);
    const allowedAgeMs = Math.min(
      provenWithinMs,
      maxPriceAgeMs ?? provenWithinMs,
      account.limits.maxPriceAgeMs ?? provenWithinMs,
    );
    const price = priceOf(terms, quote);
    if (price === null || (origin !== 'FLATTEN' && quoteAgeMs > allowedAgeMs))
      return refuse('STALE_PRICE', 'No price of this market is proven to be current. Try again in a moment.', [
        'market',
      ]);
    return { market, rules, terms, price, last: quote.last ?? price, quoteAgeMs, rate };
  }

  /** Null where it may be. Reads alone: writes nothing. */
  async judge(tx: AccountTransaction, intent: IntentCase): Promise<Refusal | null> {
    const { account, house } = tx;
    const { market, terms, price, rate, now, replaced } = intent;
    if (account.reconciledEpoch !== house.epoch)
      return refuse(
        'ACCOUNT_NOT_RECONCILED',
        'This account is being compared with its exchange. Try again in a moment.',
      );
    const [open, positions, balances, ordersLastMinute] = [
      await tx.openOrders(),
      await tx.positions(),
      await tx.balances(),
      await tx.countOrdersSince(now - minuteMs),
    ];
    const openOrders = replaced === null ? open : open.filter((order) => order.id !== replaced.id);
    const refusal =
      findFrozen(openOrders, intent) ??
      findViolation(openOrders, intent) ??
      judgeIntent({
        ...intent,
        account,
        house,
        notional: rate === null ? null : product(terms.quoteAmount ?? product(terms.amount ?? zero, price), rate),
        openOrders,
        positions,
        ordersLastMinute,
        equity: this.parts.equity(account.id),
      });
    if (refusal !== null) return refusal;
    const reservation = reservationOf(market, terms, price);
    if (reservation.currency === null) return null;
    const free = freeOf(viewBalances(balances, openOrders, positions), reservation.currency);
    if (isCovered(free, reservation.amount)) return null;
    return refuse(
      'INSUFFICIENT_BALANCE',
      `This needs ${reservation.amount} ${reservation.currency}; ${free} are free.`,
      ['amount'],
    );
  }
}

/** A limit is what it may cost at worst; what has none is worth the side of the book that it takes. */
function priceOf(terms: OrderTerms, quote: Quote): DecimalString | null {
  if (terms.price !== null) return terms.price;
  if (terms.triggerPrice !== null) return terms.triggerPrice;
  return (terms.side === 'BUY' ? quote.ask : quote.bid) ?? quote.last;
}

function findFrozen(openOrders: readonly OrderRecord[], { market, now }: IntentCase): Refusal | null {
  const isFrozen = openOrders.some(
    (order) =>
      order.marketId === market.id && order.phase === 'UNKNOWN' && now - (order.unknownSince ?? now) > minuteMs,
  );
  return isFrozen
    ? refuse('MARKET_FROZEN', 'What became of an earlier order of this market is not known yet.', ['market'])
    : null;
}

function findViolation(openOrders: readonly OrderRecord[], { market, rules, terms, last }: IntentCase): Refusal | null {
  const ofMarket = openOrders.filter((order) => order.marketId === market.id);
  const violation = checkMarketRules(rules, terms, {
    // The exchange takes its own average of some minutes, or its mark price; the last trade is what we have of both.
    averagePrice: last,
    lastPrice: last,
    markPrice: last,
    openOrders: ofMarket.length,
    openAlgoOrders: ofMarket.filter((order) => isAlgoOrder(order.type)).length,
  });
  if (violation === null) return null;
  return refuse(violation.code, violation.message, violation.field === null ? null : [violation.field]);
}
