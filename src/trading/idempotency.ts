import { createHash } from 'node:crypto';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import type { OrderRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';
import { refuse, type Refusal } from './refusal';

/** A client's key and what it stood for when it was first used. */
export interface KeyUse {
  readonly key: string;
  readonly bodyHash: Buffer;
}

/** What a key that was used before answers: the order it stands for, or that the key is taken. */
export type Repeat =
  | { readonly kind: 'stored'; readonly order: OrderRecord; readonly replayed: true }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const longestKey = 128;

/** Begins the keys of orders that flatten. */
export const flattenKeys = 'flatten:';

/** Another account of the same owner took the key between our look and our write: the whole transaction is undone. */
export class KeyTaken extends Error {
  constructor() {
    super('the idempotency key was taken in this moment');
    this.name = 'KeyTaken';
  }
}

/** The same body in whichever order its fields were given. */
export function hashBody(body: object): Buffer {
  const fields = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(fields)).digest();
}

export function findBadKey(key: string): Refusal | null {
  return key.length >= 1 && key.length <= longestKey
    ? null
    : refuse('IDEMPOTENCY_KEY_NOT_ACCEPTABLE', `A key has 1 to ${longestKey} characters.`, ['idempotencyKey']);
}

/** A client who took the key of an order that flattens would keep a position open. */
export function findReservedKey(key: string): Refusal | null {
  return key.startsWith(flattenKeys)
    ? refuse('IDEMPOTENCY_KEY_NOT_ACCEPTABLE', `A key does not begin with \`${flattenKeys}\`.`, ['idempotencyKey'])
    : null;
}

/** Looked up before an account is held. Null where the key was not used yet. */
export async function findRepeat(store: TradingStore, ownerId: string, use: KeyUse): Promise<Repeat | null> {
  const known = await store.orderByKey(ownerId, use.key);
  return known === null ? null : repeatOf(known, use);
}

/** Looked up again while the account is held: this answer counts. */
export async function findRepeatWithin(tx: AccountTransaction, use: KeyUse): Promise<Repeat | null> {
  const known = await tx.findKey(use.key);
  if (known === null) return null;
  const order = await tx.order(known.orderId);
  // A key of another account of the same owner.
  return order === null ? keyConflict() : repeatOf({ order, bodyHash: known.bodyHash }, use);
}

function repeatOf(
  { order, bodyHash }: { readonly order: OrderRecord; readonly bodyHash: Buffer },
  use: KeyUse,
): Repeat {
  return bodyHash.equals(use.bodyHash) ? { kind: 'stored', order, replayed: true } : keyConflict();
}

function keyConflict(): Repeat {
  return {
    kind: 'refused',
    refusal: refuse(
      'IDEMPOTENCY_CONFLICT',
      'This key already stands for something else. Take a new key for each request.',
      ['idempotencyKey'],
    ),
  };
}
