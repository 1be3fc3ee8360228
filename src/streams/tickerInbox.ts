import type { TickerMessage } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import type { Ticker } from '../domain/marketData';
import type { AppError } from '../errors/appError';
import type { Draft, Inbox } from './inbox';
import { SourceStates, type StaleSources } from './sourceStates';
import type { TickerEvent } from './streamEvents';
import type { Position } from './streamSource';

type Body = Omit<TickerEvent, 'meta'>;

/** Tickers of several markets: the newest of each is kept, in the order of the subscription. */
export class TickerInbox implements Inbox<Body> {
  readonly toldItems = 0;
  readonly #states: SourceStates;
  readonly #tickers = new Map<MarketId, Ticker>();
  readonly #changed = new Set<MarketId>();
  /** As the readers know them. */
  readonly #told = new Map<MarketId, Ticker>();
  readonly #toldAt = new Map<MarketId, number>();

  constructor(
    private readonly ids: readonly MarketId[],
    private readonly onConflated: () => void,
  ) {
    this.#states = new SourceStates(ids);
  }

  get isUrgent(): boolean {
    return this.#states.isSnapshotDue || this.#states.isStaleDue;
  }

  get failure(): AppError | null {
    return this.#states.failure;
  }

  receive(id: MarketId, message: TickerMessage): void {
    this.#states.note(id, message);
    if (message.kind === 'stale') {
      this.#changed.delete(id);
      if (message.last !== null) this.#tickers.set(id, message.last);
    }
    if (message.kind !== 'data') return;
    this.#tickers.set(id, message.data);
    if (this.#changed.has(id)) this.onConflated();
    this.#changed.add(id);
  }

  take(seq: number): Draft<Body> | null {
    if (this.#states.isSnapshotDue) {
      this.#states.tellSnapshot(seq);
      this.#changed.clear();
      this.#tell(this.#live());
      return this.#snapshot();
    }
    if (this.#states.isStaleDue) {
      const stale = this.#states.tellStale(seq);
      this.#tell(stale.ids);
      return this.#staleDraft(stale);
    }
    if (!this.#states.hasOpened || this.#changed.size === 0) return null;
    const changed = this.#changed.size === 1 ? [...this.#changed] : this.ids.filter((id) => this.#changed.has(id));
    this.#changed.clear();
    this.#tell(changed);
    for (const id of changed) this.#toldAt.set(id, seq);
    return this.#update(changed);
  }

  opening(): readonly Draft<Body>[] {
    const { hasToldLive, toldStale } = this.#states;
    const snapshot = hasToldLive ? [this.#snapshot()] : [];
    return toldStale === null ? snapshot : [...snapshot, this.#staleDraft(toldStale)];
  }

  since({ seq }: Position): readonly Draft<Body>[] {
    if (this.#states.changedAt > seq) return this.opening();
    const changed = this.ids.filter((id) => (this.#toldAt.get(id) ?? 0) > seq);
    return changed.length === 0 ? [] : [this.#update(changed)];
  }

  #live(): readonly MarketId[] {
    return this.ids.filter((id) => this.#states.isToldLive(id));
  }

  #tell(ids: readonly MarketId[]): void {
    for (const id of ids) {
      const ticker = this.#tickers.get(id);
      if (ticker !== undefined) this.#told.set(id, ticker);
    }
  }

  #snapshot(): Draft<Body> {
    return { kind: 'SNAPSHOT', reason: null, body: { tickers: this.#known(this.#live()) } };
  }

  #update(changed: readonly MarketId[]): Draft<Body> {
    return { kind: 'UPDATE', reason: null, body: { tickers: this.#known(changed) } };
  }

  #staleDraft({ ids, reason }: StaleSources): Draft<Body> {
    return { kind: 'STALE', reason, body: { tickers: this.#known(ids) } };
  }

  #known(ids: readonly MarketId[]): readonly Ticker[] {
    return ids.map((id) => this.#told.get(id)).filter((ticker) => ticker !== undefined);
  }
}
