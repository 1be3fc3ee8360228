import { compareDecimals } from '../domain/compareDecimals';
import { isDecimalString, toDecimalString, type DecimalString } from '../domain/decimal';
import type { EpochMs } from '../domain/marketData';
import { difference } from '../domain/money';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import { targetOf } from '../storage/trading/audit';
import type { OrderRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';
import { Booking, type BookingParts } from './booking';
import { findBadKey, findRepeat, findRepeatWithin, hashBody, KeyTaken, type KeyUse } from './idempotency';
import type { IntentJudge, PreparedIntent } from './intentJudge';
import { accountNotFound, outcomeOf, type Asker } from './orderIntake';
import { orderNotFound, type RequestResult } from './orderRequests';
import { askedOf, type OrderInput } from './orderTerms';
import { refuse, type Refusal } from './refusal';
import { reservationOf } from './reservation';

export interface EditRequest {
  readonly orderId: string;
  readonly idempotencyKey: string;
  readonly price: string | null;
  readonly amount: string | null;
  readonly expectedVersion: number | null;
}

export interface OrderEditsParts {
  readonly store: TradingStore;
  readonly judge: Pick<IntentJudge, 'prepare' | 'judge'>;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
  readonly worthOfFee: BookingParts['worthOfFee'];
  /** Told that something of this account waits to be carried out. */
  readonly onRequested: (accountId: string) => void;
}

/** What an order is to become. */
interface Edit {
  readonly price: DecimalString | null;
  /** Of the whole order, above what is filled. */
  readonly amount: DecimalString;
}

interface Draft {
  readonly asker: Asker;
  readonly request: EditRequest;
  readonly use: KeyUse;
  readonly prepared: PreparedIntent | Refusal;
}

/**
 * Writes down that an order is to change; the leading node carries it out. What the edited order would still have to execute is judged
 * as a new order in the place of the old one, in the transaction that writes it down.
 */
export class OrderEdits {
  constructor(private readonly parts: OrderEditsParts) {}

  async edit(asker: Asker, request: EditRequest): Promise<RequestResult> {
    const { store, onRequested } = this.parts;
    const badKey = findBadKey(request.idempotencyKey);
    if (badKey !== null) return this.#note(asker, request, refused(badKey));
    const accountId = await store.accountOfOrder(asker.userId, request.orderId);
    if (accountId === null) return this.#note(asker, request, refused(orderNotFound()));
    const { idempotencyKey: key, ...body } = request;
    const use = { key, bodyHash: hashBody(body) };
    try {
      const repeat = await findRepeat(store, asker.userId, use);
      if (repeat !== null) return await this.#note(asker, request, toResult(repeat));
      const prepared = await this.#prepare(asker, accountId, request);
      const result = await store.transaction({ accountId, epoch: null }, (tx) =>
        this.#write(tx, { asker, request, use, prepared }),
      );
      onRequested(accountId);
      return result ?? refused(orderNotFound());
    } catch (error) {
      const taken = error instanceof KeyTaken ? await findRepeat(store, asker.userId, use) : null;
      if (taken === null) throw error;
      return toResult(taken);
    }
  }

  /** Nothing comes of it; that it was asked is written down all the same. */
  async #note({ actor, ip = null }: Asker, { orderId }: EditRequest, result: RequestResult): Promise<RequestResult> {
    const { store, clock } = this.parts;
    const outcome = result.kind === 'refused' ? result.refusal.code : `repeat of ${result.order.id}`;
    await store.audit({ at: clock(), actor, ip, action: 'order.edit', target: targetOf(orderId), outcome });
    return result;
  }

  async #prepare(asker: Asker, accountId: string, request: EditRequest): Promise<PreparedIntent | Refusal> {
    const { store, judge } = this.parts;
    const account = await store.ownedAccount(asker.userId, accountId);
    if (account === null) return accountNotFound();
    const order = await store.order(accountId, request.orderId);
    if (order === null) return orderNotFound();
    const edit = readEdit(order, request);
    if ('code' in edit) return edit;
    return judge.prepare(account, { input: inputOf(order, edit), maxPriceAgeMs: null, origin: order.origin });
  }

  async #write(tx: AccountTransaction, draft: Draft): Promise<RequestResult> {
    const { asker, request, use } = draft;
    const { clock, newId, worthOfFee } = this.parts;
    const now = clock();
    const order = await tx.order(request.orderId);
    if (order === null || tx.account.ownerId !== asker.userId) return refused(orderNotFound());
    const repeat = await findRepeatWithin(tx, use);
    const { actor, ip = null } = asker;
    const audit = { at: now, actor, ip, action: 'order.edit', target: order.id };
    if (repeat !== null) {
      await tx.audit({ ...audit, outcome: outcomeOf(repeat) });
      return toResult(repeat);
    }
    const change = await this.#decide(tx, { ...draft, order, now });
    if ('code' in change) {
      await tx.audit({ ...audit, outcome: change.code });
      return { kind: 'refused', order, refusal: change };
    }
    const booking = new Booking(tx, { now, newId, worthOfFee });
    const cause = `asked for by ${asker.actor}`;
    const moved = await booking.move(order, { type: 'EDIT_REQUESTED' }, { cause, change });
    if (!(await tx.takeKey({ ...use, orderId: order.id, at: now }))) throw new KeyTaken();
    await tx.audit({ ...audit, outcome: 'written down', after: use.bodyHash });
    await booking.finish();
    return { kind: 'done', order: moved, replayed: false };
  }

  /** The order as it is now decides: it may have moved since it was looked at. */
  async #decide(
    tx: AccountTransaction,
    { request, prepared, order, now }: Draft & { readonly order: OrderRecord; readonly now: EpochMs },
  ): Promise<Refusal | Partial<OrderRecord>> {
    const edit = readEdit(order, request);
    if ('code' in edit) return edit;
    if ('code' in prepared) return prepared;
    const terms = { ...prepared.terms, price: edit.price, amount: difference(edit.amount, order.filled) };
    const refusal = await this.parts.judge.judge(tx, {
      ...prepared,
      terms,
      origin: order.origin,
      replaced: order,
      now,
    });
    if (refusal !== null) return refusal;
    const { amount: needed } = reservationOf(prepared.market, terms, prepared.price);
    // Until the old one is gone, either of them may be executed.
    const reserved = compareDecimals(needed, order.reserved) > 0 ? needed : order.reserved;
    return { editPrice: edit.price, editAmount: edit.amount, reserved };
  }
}

/** What is left of an order once it is edited, as it would be asked for anew. */
function inputOf(order: OrderRecord, edit: Edit): OrderInput {
  return {
    ...askedOf(order),
    market: order.marketId,
    price: edit.price,
    amount: difference(edit.amount, order.filled),
    quoteAmount: null,
  };
}

/** Only what stands in the book can be edited: a price or an amount of a limit, and the amount above what is filled. */
function readEdit(order: OrderRecord, request: EditRequest): Refusal | Edit {
  const { price, amount, expectedVersion } = request;
  if (expectedVersion !== null && expectedVersion !== order.version)
    return refuse('VERSION_CONFLICT', `The order is at version ${order.version} by now. Look at it, then try again.`, [
      'expectedVersion',
    ]);
  if (order.phase !== 'OPEN' && order.phase !== 'PARTIALLY_FILLED')
    return refuse('ORDER_NOT_OPEN', 'Only an open order can be edited.', ['id']);
  if (order.quoteAmount !== null)
    return refuse('ORDER_NOT_OPEN', 'An order by `quoteAmount` cannot be edited.', ['id']);
  if (price === null && amount === null) return refuse('FIELD_MISSING', 'Give a new `price` or `amount`.', ['price']);
  if (price !== null && order.price === null)
    return refuse('FIELD_NOT_USED', `A ${order.type} order has no \`price\`.`, ['price']);
  for (const [field, value] of [['price', price] as const, ['amount', amount] as const]) {
    if (value !== null && !(isDecimalString(value) && compareDecimals(value, '0' as DecimalString) > 0))
      return refuse('NUMBER_NOT_ACCEPTABLE', `\`${field}\` must be a decimal above 0.`, [field]);
  }
  const edited = amount === null ? order.amount : toDecimalString(amount);
  if (edited === null || compareDecimals(edited, order.filled) <= 0)
    return refuse('AMOUNT_ALREADY_FILLED', `${order.filled} of it are filled; ask for more than that, or cancel it.`, [
      'amount',
    ]);
  return { price: price === null ? order.price : toDecimalString(price), amount: edited };
}

function refused(refusal: Refusal): RequestResult {
  return { kind: 'refused', order: null, refusal };
}

function toResult(repeat: NonNullable<Awaited<ReturnType<typeof findRepeat>>>): RequestResult {
  if (repeat.kind === 'refused') return refused(repeat.refusal);
  return { kind: 'done', order: repeat.order, replayed: true };
}
