import { compareDecimals } from '../domain/compareDecimals';
import { isDecimalString, type DecimalString } from '../domain/decimal';
import type { EpochMs } from '../domain/marketData';
import { product, roundToStep } from '../domain/money';
import type { PositionMode } from '../domain/orders';
import { targetOf } from '../storage/trading/audit';
import type { OrderRecord, PositionRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';
import { findReservedKey } from './idempotency';
import type { MarketFacts } from './marketFacts';
import type { Asker, IntentRequest, OrderIntake } from './orderIntake';
import type { EditRequest, OrderEdits } from './orderEdits';
import type { OrderRequests, RequestResult } from './orderRequests';
import type { OrderWatch } from './orderWatch';
import { refuse, type Refusal } from './refusal';

/** What came of a request for an order. `order` is as it was when the answer was given. */
export interface OrderAnswer {
  readonly order: OrderRecord | null;
  /** True where the key stood for this order before. */
  readonly replayed: boolean;
  readonly refusal: Refusal | null;
}

export interface TradingParts {
  readonly store: TradingStore;
  readonly clock: () => EpochMs;
  readonly markets: MarketFacts;
  readonly intake: OrderIntake;
  readonly requests: OrderRequests;
  readonly edits: OrderEdits;
  readonly watch: OrderWatch;
}

/** What clients can have done with orders. Every answer waits a moment for the exchange, and says what is known then. */
export class Trading {
  constructor(private readonly parts: TradingParts) {}

  async createOrder(asker: Asker, request: IntentRequest): Promise<OrderAnswer> {
    const reserved = findReservedKey(request.idempotencyKey);
    if (reserved !== null) return this.#refuse(asker, createdIn(request.accountId), reserved);
    const result = await this.parts.intake.take(asker, request);
    if (result.kind === 'refused') return refused(result.refusal);
    const order = await this.parts.watch.settled(result.order);
    return { order, replayed: result.replayed, refusal: null };
  }

  async cancelOrder(asker: Asker, orderId: string): Promise<OrderAnswer> {
    return this.#settle(await this.parts.requests.cancel(asker, orderId));
  }

  async editOrder(asker: Asker, request: EditRequest): Promise<OrderAnswer> {
    const reserved = findReservedKey(request.idempotencyKey);
    if (reserved !== null) return this.#refuse(asker, { action: 'order.edit', target: request.orderId }, reserved);
    return this.#settle(await this.parts.edits.edit(asker, request));
  }

  /** Every open order of an account, or of one market of it. Null where the asker has no such account. */
  async cancelAllOrders(
    asker: Asker,
    { accountId, market }: { readonly accountId: string; readonly market: string | null },
  ): Promise<readonly OrderAnswer[] | null> {
    const isMeant = ({ marketId }: OrderRecord): boolean => market === null || marketId === market;
    const canceled = await this.parts.requests.cancelAll(asker, accountId, isMeant);
    const deed = { action: 'order.cancelAll', target: accountId };
    if (canceled === null) await this.#note(asker, deed, 'ACCOUNT_NOT_FOUND');
    if (canceled?.length === 0) await this.#note(asker, deed, 'none is open');
    if (canceled === null) return null;
    return Promise.all(canceled.map((order) => this.#settle({ kind: 'done', order, replayed: false })));
  }

  /** Closes a part of a position at the market price. fraction: above 0, at most 1. */
  async closePosition(
    asker: Asker,
    request: { readonly positionId: string; readonly idempotencyKey: string; readonly fraction: string },
  ): Promise<OrderAnswer> {
    const { fraction } = request;
    const deed = { action: 'position.close', target: request.positionId };
    if (!isDecimalString(fraction) || compareDecimals(fraction, zero) <= 0 || compareDecimals(fraction, one) > 0)
      return this.#refuse(
        asker,
        deed,
        refuse('NUMBER_NOT_ACCEPTABLE', '`fraction` must be above 0 and at most 1.', ['fraction']),
      );
    const { store } = this.parts;
    const position = await store.ownedPosition(asker.userId, request.positionId);
    const account = position === null ? null : await store.ownedAccount(asker.userId, position.accountId);
    if (position === null || account === null) return this.#refuse(asker, deed, positionNotFound());
    const amount = await this.#closingAmount(position, fraction);
    // A repeat is answered with its first order, whatever has become of the position by then.
    const intent = closingOrder(position, { ...request, amount, positionMode: account.positionMode });
    const answer = await this.createOrder(asker, { ...intent, subject: `close ${fraction} of ${position.id}` });
    const isKeyTaken = answer.refusal?.code === 'IDEMPOTENCY_CONFLICT';
    return position.closedAt !== null && answer.order === null && !isKeyTaken ? refused(positionNotFound()) : answer;
  }

  async #refuse(asker: Asker, deed: Deed, refusal: Refusal): Promise<OrderAnswer> {
    await this.#note(asker, deed, refusal.code);
    return refused(refusal);
  }

  /** That it was asked is written down, also where nothing comes of it. */
  #note({ actor, ip = null }: Asker, { action, target }: Deed, outcome: string): Promise<void> {
    const { store, clock } = this.parts;
    return store.audit({ at: clock(), actor, ip, action, target: targetOf(target), outcome });
  }

  async #closingAmount(position: PositionRecord, fraction: DecimalString): Promise<DecimalString> {
    const rules = await this.parts.markets.rules(position.marketId);
    const amount = product(position.amount, fraction);
    const step = rules.marketAmount.step ?? rules.amount.step;
    return step === null ? amount : roundToStep(amount, step, 'DOWN');
  }

  async #settle(result: RequestResult): Promise<OrderAnswer> {
    if (result.kind === 'refused') return { order: result.order, replayed: false, refusal: result.refusal };
    return { order: await this.parts.watch.settled(result.order), replayed: result.replayed, refusal: null };
  }
}

const zero = '0' as DecimalString;
const one = '1' as DecimalString;

/** The order that makes a position smaller by an amount: reduce-only where the market has that. */
export function closingOrder(
  position: PositionRecord,
  terms: { readonly amount: DecimalString; readonly idempotencyKey: string; readonly positionMode: PositionMode },
): IntentRequest {
  // Contracts are a matter of swaps; what was bought on the spot is sold.
  const isSwap = position.contractSize !== null;
  return {
    accountId: position.accountId,
    idempotencyKey: terms.idempotencyKey,
    subject: null,
    maxPriceAgeMs: null,
    input: {
      market: position.marketId,
      type: 'MARKET',
      side: position.side === 'LONG' ? 'SELL' : 'BUY',
      amount: terms.amount,
      quoteAmount: null,
      price: null,
      triggerPrice: null,
      trailingDelta: null,
      timeInForce: null,
      positionSide: isSwap && terms.positionMode === 'HEDGE' ? position.side : null,
      reduceOnly: isSwap && terms.positionMode === 'ONE_WAY',
    },
  };
}

interface Deed {
  readonly action: string;
  readonly target: string;
}

function createdIn(accountId: string) {
  return { action: 'order.create', target: accountId };
}

function refused(refusal: Refusal): OrderAnswer {
  return { order: null, replayed: false, refusal };
}

function positionNotFound(): Refusal {
  return refuse('POSITION_NOT_FOUND', 'You have no such open position. List yours with the query `positions`.', ['id']);
}
