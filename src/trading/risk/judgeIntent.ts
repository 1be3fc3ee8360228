import { compareDecimals } from '../../domain/compareDecimals';
import type { DecimalString } from '../../domain/decimal';
import { holdsFlattening } from '../../domain/lockdown';
import type { EpochMs } from '../../domain/marketData';
import { share } from '../../domain/money';
import type { AccountRecord, OrderOrigin } from '../../storage/trading/records';
import type { HouseRecord } from '../../storage/trading/tradingHouse';
import { refuse, type Refusal } from '../refusal';
import { hasLost, isDrawnDown, type Losses } from './breach';
import { costOf, notionalAfter, reduces, type ExposureFacts } from './exposure';

/** What an account was worth when it was valued last, in its own currency. */
export interface EquityFacts extends Losses {
  readonly equity: DecimalString;
}

/** Everything that decides. Read in the transaction that holds the account, so that no other order comes in between. */
export interface IntentFacts extends ExposureFacts {
  readonly account: AccountRecord;
  readonly house: HouseRecord;
  readonly origin: OrderOrigin;
  /** What the order is worth in the account's currency; null where no current price converts it. */
  readonly notional: DecimalString | null;
  /** How long ago the source of `price` was last proven alive. */
  readonly quoteAgeMs: number;
  /** Orders that clients placed in the last 60 s. */
  readonly ordersLastMinute: number;
  /** Null where a price that it needs is not known. */
  readonly equity: EquityFacts | null;
  readonly now: EpochMs;
}

interface Intent extends IntentFacts {
  readonly isReducing: boolean;
}

type Check = (intent: Intent) => Refusal | null;

/** In this order; the first that refuses decides. */
const checks: readonly Check[] = [
  checkGlobalState,
  checkApproval,
  checkAccountState,
  checkPriceAge,
  checkOrderRate,
  checkOrderNotional,
  checkDailyLoss,
  checkDrawdown,
  checkPositionNotional,
];

/**
 * Whether the risk governor lets an order through; null where it does. Where a limit is set and what it needs is not known, it
 * refuses (RISK_UNKNOWN).
 *
 * What only makes a position smaller passes REDUCING, and the limits of position, daily loss and drawdown: the way out stays
 * open. It does not pass HALTED, nor the limits that guard against mistakes (order notional, orders a minute, price age).
 * The orders of a flatten pass everything, as long as they reduce, but a lockdown that holds them too.
 */
export function judgeIntent(facts: IntentFacts): Refusal | null {
  const intent: Intent = { ...facts, isReducing: reduces(facts) };
  if (facts.origin === 'FLATTEN') {
    if (holdsFlattening(facts.house.lockdown)) return globalHalt();
    return intent.isReducing ? null : refuse('FLATTEN_NOT_REDUCING', 'There is no such position to flatten any more.');
  }
  for (const check of checks) {
    const refusal = check(intent);
    if (refusal !== null) return refusal;
  }
  return null;
}

function checkGlobalState({ house, isReducing }: Intent): Refusal | null {
  if (house.lockdown !== 'NONE' || house.state === 'HALTED') return globalHalt();
  if (house.state === 'REDUCING' && !isReducing)
    return refuse('GLOBAL_REDUCING', 'The operator lets only orders through that make a position smaller.');
  return null;
}

function globalHalt(): Refusal {
  return refuse('GLOBAL_HALTED', 'The operator has halted all trading. Only cancels pass.');
}

/** Not even what reduces: on the spot every sale does, and so all that lies at the exchange could be sold. */
function checkApproval({ account }: Intent): Refusal | null {
  if (account.approval !== 'AWAITED') return null;
  return refuse(
    'ACCOUNT_NOT_APPROVED',
    `This account waits for a second person. Ask an admin, other than yourself, to call approveAccount with its id and with "${account.keyHint ?? ''}", the last characters of its key. Only cancels pass until then.`,
    ['account'],
  );
}

function checkAccountState({ account, isReducing }: Intent): Refusal | null {
  if (account.tradingState === 'HALTED')
    return refuse('TRADING_HALTED', 'Trading of this account is halted. Only cancels pass.');
  if (account.tradingState === 'REDUCING' && !isReducing)
    return refuse('TRADING_REDUCING', 'This account lets only orders through that make a position smaller.');
  return null;
}

function checkPriceAge({ account, quoteAgeMs }: Intent): Refusal | null {
  const { maxPriceAgeMs } = account.limits;
  if (maxPriceAgeMs === null || quoteAgeMs <= maxPriceAgeMs) return null;
  return refuse('STALE_PRICE', `The latest price is older than this account's limit of ${maxPriceAgeMs} ms.`, [
    'market',
  ]);
}

function checkOrderRate({ account, ordersLastMinute }: Intent): Refusal | null {
  const { maxOrdersPerMinute } = account.limits;
  if (maxOrdersPerMinute === null || ordersLastMinute < maxOrdersPerMinute) return null;
  return refuse('MAX_ORDERS_PER_MINUTE', `This account's limit is ${maxOrdersPerMinute} orders a minute.`);
}

function checkOrderNotional({ account, notional }: Intent): Refusal | null {
  const { maxOrderNotional } = account.limits;
  if (maxOrderNotional === null) return null;
  if (notional === null) return unknown('what this order is worth');
  if (compareDecimals(notional, maxOrderNotional) <= 0) return null;
  const told = `This order is worth ${notional} ${account.currency}; the limit is ${maxOrderNotional}.`;
  return refuse('MAX_ORDER_NOTIONAL', told, ['amount']);
}

function checkDailyLoss({ account, equity, isReducing }: Intent): Refusal | null {
  const { maxDailyLoss } = account.limits;
  if (maxDailyLoss === null || isReducing) return null;
  const dayPnl = equity?.dayPnl ?? null;
  if (dayPnl === null) return unknown("today's profit or loss");
  if (!hasLost(dayPnl, maxDailyLoss)) return null;
  return refuse('MAX_DAILY_LOSS', `This account has lost its limit of ${maxDailyLoss} ${account.currency} today.`);
}

function checkDrawdown({ account, equity, isReducing }: Intent): Refusal | null {
  const { maxDrawdown } = account.limits;
  if (maxDrawdown === null || isReducing) return null;
  const drawdown = equity?.drawdown ?? null;
  if (drawdown === null) return unknown('how far it is below its high-water mark');
  if (!isDrawnDown(drawdown, maxDrawdown)) return null;
  return refuse('MAX_DRAWDOWN', `This account is below its high-water mark by its limit of ${maxDrawdown} or more.`);
}

function checkPositionNotional(intent: Intent): Refusal | null {
  const { account, isReducing } = intent;
  const { maxPositionNotional } = account.limits;
  if (maxPositionNotional === null || isReducing) return null;
  const after = inAccountCurrency(intent, notionalAfter(intent));
  if (after === null) return unknown('what its position would be worth');
  if (compareDecimals(after, maxPositionNotional) <= 0) return null;
  const told = `With it, position and open orders of this market would be worth ${after} ${account.currency}; the limit is ${maxPositionNotional}.`;
  return refuse('MAX_POSITION_NOTIONAL', told, ['amount']);
}

/** All of one market is in one quote currency: what the order is worth in both tells how to convert the rest. */
function inAccountCurrency({ terms, price, notional }: Intent, cost: DecimalString): DecimalString | null {
  const own = costOf(terms, price);
  return notional === null || own === '0' ? null : share(cost, notional, own);
}

function unknown(what: string): Refusal {
  return refuse('RISK_UNKNOWN', `The account has a limit, and it is not known now ${what}. Try again in a moment.`);
}
