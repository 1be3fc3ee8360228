import type { EpochMs } from '../domain/marketData';
import { pendingOrder } from '../domain/orderState';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import { targetOf } from '../storage/trading/audit';
import type { AccountRecord, OrderOrigin, OrderRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';
import { Booking, type BookingParts } from './booking';
import { findBadKey, findRepeat, findRepeatWithin, hashBody, KeyTaken, type KeyUse, type Repeat } from './idempotency';
import type { IntentJudge, PreparedIntent } from './intentJudge';
import { askedOf, type OrderInput } from './orderTerms';
import { refuse, type Refusal } from './refusal';
import { reservationOf } from './reservation';

/** Who asks, for the audit log, and whose account it must be. */
export interface Asker {
  readonly userId: string;
  /** The user's id, or that of the key. */
  readonly actor: string;
  /** Where the request came from; left out where it is the service's own. */
  readonly ip?: string | null;
}

export interface IntentRequest {
  readonly accountId: string;
  readonly idempotencyKey: string;
  /** What a key stands for, where that is not the input itself: an order whose figures are ours. */
  readonly subject: string | null;
  readonly input: OrderInput;
  /** Refuses where the latest price is older. */
  readonly maxPriceAgeMs: number | null;
}

export type IntentResult =
  | { readonly kind: 'stored'; readonly order: OrderRecord; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What would come of a request. `prepared` is null where so little is right that it cannot be valued. */
export interface IntentVerdict {
  readonly refusal: Refusal | null;
  readonly prepared: PreparedIntent | null;
}

export interface OrderIntakeParts {
  readonly store: TradingStore;
  readonly judge: Pick<IntentJudge, 'prepare' | 'judge'>;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
  readonly worthOfFee: BookingParts['worthOfFee'];
  /** Told of every order that is stored and waits to be sent. */
  readonly onStored: (order: OrderRecord) => void;
}

interface Draft extends PreparedIntent {
  readonly asker: Asker;
  readonly origin: OrderOrigin;
  readonly use: KeyUse;
  readonly now: EpochMs;
}

/** What is known of a request before its account is held. */
type Reading =
  | { readonly kind: 'known'; readonly repeat: Repeat }
  | { readonly kind: 'read'; readonly account: AccountRecord; readonly use: KeyUse; readonly prepared: PreparedIntent };

/**
 * Takes orders in. Everything that decides whether there is an order stands in one transaction that holds its account: the key, the
 * limits, what is free, the intent, the reservation, the audit entry. Nothing is sent from here.
 */
export class OrderIntake {
  constructor(private readonly parts: OrderIntakeParts) {}

  async take(asker: Asker, request: IntentRequest, origin: OrderOrigin = 'API'): Promise<IntentResult> {
    const { store, clock } = this.parts;
    const reading = await this.#read(asker, request, origin);
    if (reading.kind === 'known') {
      // What the service asks for by itself it asks for again and again: it keeps count of that.
      if (origin === 'API') await this.#noteKnown(asker, request, reading.repeat);
      return reading.repeat;
    }
    const { account, use, prepared } = reading;
    try {
      const result = await store.transaction({ accountId: account.id, epoch: null }, (tx) =>
        this.#store(tx, { asker, origin, use, ...prepared, now: clock() }),
      );
      if (result?.kind === 'stored' && !result.replayed) this.parts.onStored(result.order);
      return result ?? refused(accountNotFound());
    } catch (error) {
      const taken = error instanceof KeyTaken ? await findRepeat(store, asker.userId, use) : null;
      if (taken === null) throw error;
      return taken;
    }
  }

  /** What `take` would say at this moment, by the same code, and writes nothing. */
  async judge(asker: Asker, request: IntentRequest): Promise<IntentVerdict> {
    const reading = await this.#read(asker, request, 'API');
    if (reading.kind === 'known') return { refusal: refusalOf(reading.repeat), prepared: null };
    const { account, use, prepared } = reading;
    const draft: Draft = { asker, origin: 'API', use, ...prepared, now: this.parts.clock() };
    const decision = await this.parts.store.transaction({ accountId: account.id, epoch: null }, (tx) =>
      this.#decide(tx, draft),
    );
    return { refusal: decision === null ? null : refusalOf(decision), prepared };
  }

  async #read(asker: Asker, request: IntentRequest, origin: OrderOrigin): Promise<Reading> {
    const { store, judge } = this.parts;
    const badKey = findBadKey(request.idempotencyKey);
    if (badKey !== null) return { kind: 'known', repeat: refused(badKey) };
    const use = { key: request.idempotencyKey, bodyHash: hashOf(request) };
    const [account, repeat] = await Promise.all([
      store.ownedAccount(asker.userId, request.accountId),
      findRepeat(store, asker.userId, use),
    ]);
    if (account === null) return { kind: 'known', repeat: refused(accountNotFound()) };
    if (repeat !== null) return { kind: 'known', repeat };
    const prepared = await judge.prepare(account, { ...request, origin });
    if ('code' in prepared) return { kind: 'known', repeat: refused(prepared) };
    return { kind: 'read', account, use, prepared };
  }

  /** Nothing comes of it; that it was asked is written down all the same. */
  #noteKnown({ actor, ip = null }: Asker, { accountId }: IntentRequest, repeat: Repeat): Promise<void> {
    const { store, clock } = this.parts;
    const audit = { at: clock(), actor, ip, action: 'order.create', target: targetOf(accountId) };
    return store.audit({ ...audit, outcome: outcomeOf(repeat) });
  }

  /** Null where there may be an order. Reads alone. */
  async #decide(tx: AccountTransaction, draft: Draft): Promise<Repeat | null> {
    if (tx.account.ownerId !== draft.asker.userId || tx.account.removedAt !== null) return refused(accountNotFound());
    const repeat = await findRepeatWithin(tx, draft.use);
    if (repeat !== null) return repeat;
    const refusal = await this.parts.judge.judge(tx, { ...draft, replaced: null });
    return refusal === null ? null : refused(refusal);
  }

  async #store(tx: AccountTransaction, draft: Draft): Promise<IntentResult> {
    const { asker, use, market, terms, origin, now } = draft;
    const { actor, ip = null } = asker;
    const audit = { at: now, actor, ip, action: 'order.create', target: tx.account.id };
    const decision = await this.#decide(tx, draft);
    if (decision !== null) {
      const refusal = refusalOf(decision);
      const outcome = refusal === null ? outcomeOf(decision) : `${refusal.code}: ${terms.side} ${market.id}`;
      await tx.audit({ ...audit, outcome });
      return decision;
    }
    const order = this.#draftOrder(tx.account, draft);
    const booking = new Booking(tx, { now, newId: this.parts.newId, worthOfFee: this.parts.worthOfFee });
    await booking.insert(order, origin === 'API' ? 'created' : 'flatten');
    if (!(await tx.takeKey({ ...use, orderId: order.id, at: now }))) throw new KeyTaken();
    await tx.audit({ ...audit, outcome: `stored ${order.id}`, after: use.bodyHash });
    await booking.finish();
    return { kind: 'stored', order, replayed: false };
  }

  #draftOrder(account: AccountRecord, { market, terms, price, origin, now }: Draft): OrderRecord {
    const reservation = reservationOf(market, terms, price);
    return {
      ...pendingOrder(terms.amount),
      ...askedOf(terms),
      id: this.parts.newId(),
      accountId: account.id,
      origin,
      clientOrderId: null,
      exchangeOrderId: null,
      marketId: market.id,
      rejectCode: null,
      signedAt: null,
      unknownSince: null,
      misses: 0,
      lastMissedAt: null,
      cancelRequestedAt: null,
      editPrice: null,
      editAmount: null,
      reservedCurrency: reservation.currency,
      reserved: reservation.amount,
      fees: [],
      createdAt: now,
      updatedAt: now,
    };
  }
}

function hashOf({ accountId, input, subject, maxPriceAgeMs }: IntentRequest): Buffer {
  return hashBody(subject === null ? { ...input, maxPriceAgeMs, accountId } : { subject, accountId });
}

function refused(refusal: Refusal): Extract<Repeat, { kind: 'refused' }> {
  return { kind: 'refused', refusal };
}

function refusalOf(repeat: Repeat): Refusal | null {
  return repeat.kind === 'refused' ? repeat.refusal : null;
}

/** For the audit log. */
export function outcomeOf(repeat: Repeat): string {
  return repeat.kind === 'refused' ? repeat.refusal.code : `repeat of ${repeat.order.id}`;
}

export function accountNotFound(): Refusal {
  return refuse('ACCOUNT_NOT_FOUND', 'You have no such account. List yours with the query `accounts`.', ['account']);
}
