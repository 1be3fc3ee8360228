import type { Decimal } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { Fill } from '../../domain/orders';
import {
  positionKey,
  type PaperBalance,
  type PaperChange,
  type PaperLedger,
  type PaperOrder,
  type PaperPosition,
  type PaperTransfer,
  type PositionSlot,
} from '../../domain/paperLedger';
import { isFlat } from '../../domain/position';
import { zero } from './money';

const nothing: PaperBalance = { free: zero, used: zero };

/**
 * A change of one account while it is decided on. The ledger that it began with stays as it is; `change` is what to store and
 * `ledger` what is true once it is stored. Throws RangeError where a balance would become negative: a defect, not a refusal.
 */
export class LedgerDraft {
  readonly fills: Fill[] = [];
  readonly #balances = new Map<string, PaperBalance>();
  readonly #positions = new Map<string, PaperPosition>();
  readonly #transfers: PaperTransfer[] = [];
  readonly #orders: Map<number, PaperOrder>;
  readonly #toStore = new Set<number>();
  /** Those that ended in this change: they are stored, and open no more. */
  readonly #ended = new Map<number, PaperOrder>();
  #orderNumber: number;
  #tradeNumber: number;

  constructor(
    private readonly base: PaperLedger,
    readonly now: EpochMs,
  ) {
    this.#orders = new Map(base.openOrders);
    this.#orderNumber = base.lastOrderNumber;
    this.#tradeNumber = base.lastTradeNumber;
  }

  get positionMode(): PaperLedger['positionMode'] {
    return this.base.positionMode;
  }

  balance(currency: string): PaperBalance {
    return this.#balances.get(currency) ?? this.base.balances.get(currency) ?? nothing;
  }

  free(currency: string): Decimal {
    return this.balance(currency).free;
  }

  /** amount: below zero takes from what is free. */
  credit(currency: string, amount: Decimal): void {
    this.move(currency, { gain: amount, unheld: zero });
  }

  /** Moves from free to used; below zero, back. */
  hold(currency: string, amount: Decimal): void {
    this.move(currency, { gain: zero, unheld: amount.negated() });
  }

  /** Both at once: what is gained (or lost), and what is held no more. Only the outcome must not be negative. */
  move(currency: string, by: { readonly gain: Decimal; readonly unheld: Decimal }): void {
    const now = this.balance(currency);
    const next = { free: now.free.plus(by.gain).plus(by.unheld), used: now.used.minus(by.unheld) };
    if (next.free.isNegative() || next.used.isNegative()) {
      throw new RangeError(`${currency} would become free ${next.free.toString()}, used ${next.used.toString()}`);
    }
    if (!by.gain.isZero() || !by.unheld.isZero()) this.#balances.set(currency, next);
  }

  openOrders(): readonly PaperOrder[] {
    return [...this.#orders.values()];
  }

  /** The order as it is now, open or ended in this change. */
  order(number: number): PaperOrder | null {
    return this.#orders.get(number) ?? this.#ended.get(number) ?? null;
  }

  nextOrderNumber(): number {
    this.#orderNumber += 1;
    return this.#orderNumber;
  }

  put(order: PaperOrder): void {
    this.#toStore.add(order.number);
    if (order.status === 'OPEN') this.#orders.set(order.number, order);
    else {
      this.#orders.delete(order.number);
      this.#ended.set(order.number, order);
    }
  }

  /** Keeps what need not survive a crash: it is not stored for its own sake. */
  remember(order: PaperOrder): void {
    this.#orders.set(order.number, order);
  }

  get nextTradeId(): string {
    return String(this.#tradeNumber + 1);
  }

  addFill(fill: Fill): void {
    this.#tradeNumber += 1;
    this.fills.push(fill);
  }

  position(symbol: string, slot: PositionSlot): PaperPosition | null {
    const key = positionKey({ symbol, slot });
    const position = this.#positions.get(key) ?? this.base.positions.get(key);
    return position === undefined || isFlat(position.state) ? null : position;
  }

  positions(): readonly PaperPosition[] {
    return [...new Map([...this.base.positions, ...this.#positions]).values()].filter(({ state }) => !isFlat(state));
  }

  putPosition(position: PaperPosition): void {
    this.#positions.set(positionKey(position), position);
  }

  addTransfer(transfer: Omit<PaperTransfer, 'at'>): void {
    this.#transfers.push({ ...transfer, at: this.now });
  }

  /** Null where there is nothing to store. */
  change(): PaperChange | null {
    const isEmpty =
      this.#toStore.size + this.#balances.size + this.#positions.size + this.#transfers.length + this.fills.length ===
      0;
    if (isEmpty) return null;
    return {
      accountId: this.base.accountId,
      expectedVersion: this.base.version,
      lastOrderNumber: this.#orderNumber,
      lastTradeNumber: this.#tradeNumber,
      balances: [...this.#balances].map(([currency, balance]) => ({ currency, ...balance })),
      orders: [...this.#toStore].map((number) => this.order(number)).filter((order) => order !== null),
      fills: this.fills,
      positions: [...this.#positions.values()],
      transfers: this.#transfers,
    };
  }

  /** The account with this change made. */
  ledger(isStored: boolean): PaperLedger {
    const { base } = this;
    return {
      ...base,
      version: isStored ? base.version + 1 : base.version,
      lastOrderNumber: this.#orderNumber,
      lastTradeNumber: this.#tradeNumber,
      balances: new Map([...base.balances, ...this.#balances]),
      openOrders: this.#orders,
      positions: new Map(this.positions().map((position) => [positionKey(position), position])),
    };
  }
}
