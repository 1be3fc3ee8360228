import type { EpochMs, OrderBook } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { PaperChange, PaperLedger } from '../../domain/paperLedger';
import type { AccountEvent } from '../tradingPort';
import type { Matching } from './enterBook';
import { LedgerDraft } from './ledgerDraft';
import type { PaperStore } from './paperStore';
import { toBalances, toPositions, toReport } from './reports';
import { PendingTakes, TakenLiquidity } from './takenLiquidity';

/** A change repeats at once when another process was faster; as often as this it is given up. */
const maxConflicts = 20;

/**
 * One paper account: makes one change after the other, each in one transaction of the store, and tells listeners once it is
 * stored. What is known in memory is what was stored last; where that is in doubt, it is read again.
 */
export class PaperAccount {
  #ledger: PaperLedger | null = null;
  /** True where what is stored may be something else than what was known last. */
  #isInDoubt = false;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #taken = new TakenLiquidity();
  readonly #listeners = new Set<(event: AccountEvent) => void>();

  constructor(
    private readonly parts: { readonly id: string; readonly store: PaperStore; readonly clock: () => EpochMs },
  ) {}

  get id(): string {
    return this.parts.id;
  }

  /**
   * What `isConcerned` says of the account as it is known. True while changes are under way or it is in doubt, so that nothing
   * is passed over; false of an account that nobody has used yet.
   */
  mayBeConcerned(isConcerned: (ledger: PaperLedger) => boolean): boolean {
    if (this.#waiting > 0 || this.#isInDoubt) return true;
    return this.#ledger !== null && isConcerned(this.#ledger);
  }

  listen(listener: (event: AccountEvent) => void): () => void {
    const own = (event: AccountEvent): void => {
      listener(event);
    };
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  observeBook(symbol: string, book: OrderBook): void {
    this.#taken.observe(symbol, book);
  }

  /** Reads the account anew where another process has changed it. */
  async refresh(): Promise<PaperLedger> {
    return this.#inTurn(async () => {
      const stored = await this.parts.store.load(this.parts.id);
      if (stored?.version !== this.#ledger?.version) this.#ledger = stored;
      return this.#load();
    });
  }

  /**
   * Decides on a change and stores it; `decide` may be called again where another process has changed the account meanwhile.
   * `duplicate` where an id is in use. Rejects where the store fails: then nobody knows whether the change was made.
   */
  async change<Result>(
    decide: (matching: Matching) => Result,
  ): Promise<{ readonly result: Result; readonly draft: LedgerDraft } | 'duplicate'> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < maxConflicts; attempt += 1) {
        const draft = new LedgerDraft(await this.#load(), this.parts.clock());
        const takes = new PendingTakes(this.#taken);
        const result = decide({ draft, takes });
        const outcome = await this.#commit(draft);
        if (outcome === 'duplicate') return outcome;
        if (outcome === 'conflict') continue;
        takes.settle();
        return { result, draft };
      }
      throw new AppError('EXCHANGE_UNAVAILABLE');
    });
  }

  async #commit(draft: LedgerDraft): Promise<'done' | 'conflict' | 'duplicate'> {
    const change = draft.change();
    if (change === null) {
      this.#ledger = draft.ledger(false);
      return 'done';
    }
    const outcome = await this.#store(change);
    if (outcome === 'done') {
      this.#ledger = draft.ledger(true);
      this.#tellChange(change);
    }
    if (outcome === 'conflict') {
      // Another process tells its own listeners; ours have to ask.
      this.#forget();
      this.#tell({ type: 'disconnected' });
      this.#tell({ type: 'connected' });
    }
    return outcome;
  }

  async #store(change: PaperChange): Promise<'done' | 'conflict' | 'duplicate'> {
    try {
      return await this.parts.store.commit(change);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  async #load(): Promise<PaperLedger> {
    this.#ledger ??= await this.parts.store.load(this.parts.id);
    if (this.#ledger === null) throw new AppError('EXCHANGE_UNAVAILABLE');
    this.#isInDoubt = false;
    return this.#ledger;
  }

  #forget(): void {
    this.#ledger = null;
    this.#isInDoubt = true;
  }

  #tellChange(change: PaperChange): void {
    const ledger = this.#ledger;
    for (const fill of change.fills) this.#tell({ type: 'fill', fill });
    for (const order of change.orders) {
      const number = String(order.number);
      const fills = change.fills.filter(({ exchangeOrderId }) => exchangeOrderId === number);
      this.#tell({ type: 'order', report: toReport(order, fills) });
    }
    if (ledger === null) return;
    if (change.balances.length > 0) this.#tell({ type: 'balances', balances: toBalances(ledger) });
    if (change.positions.length > 0) this.#tell({ type: 'positions', positions: toPositions(ledger) });
  }

  #tell(event: AccountEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waiting += 1;
    const turn = this.#tail.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}
