import type { TickerMessage } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import type { Ticker } from '../domain/marketData';
import type { AppError } from '../errors/appError';
import type { Draft, Inbox } from './inbox';
import { SourceStates } from './sourceStates';
import type { TickerEvent } from './streamEvents';

type Body = Omit<TickerEvent, 'meta'>;

/** Tickers of several markets for one reader: the newest of each is kept, in the order of the subscription. */
export class TickerInbox implements Inbox<Body> {
  readonly #states: SourceStates;
  readonly #tickers = new Map<MarketId, Ticker>();
  readonly #changed = new Set<MarketId>();

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

  take(): Draft<Body> | null {
    if (this.#states.isSnapshotDue) {
      this.#states.tellSnapshot();
      this.#changed.clear();
      const live = this.ids.filter((id) => this.#states.isLive(id));
      return { kind: 'SNAPSHOT', reason: null, body: { tickers: this.#known(live) } };
    }
    if (this.#states.isStaleDue) {
      const { ids, reason } = this.#states.tellStale();
      return { kind: 'STALE', reason, body: { tickers: this.#known(ids) } };
    }
    if (!this.#states.hasOpened || this.#changed.size === 0) return null;
    const changed = this.ids.filter((id) => this.#changed.has(id));
    this.#changed.clear();
    return { kind: 'UPDATE', reason: null, body: { tickers: this.#known(changed) } };
  }

  #known(ids: readonly MarketId[]): readonly Ticker[] {
    return ids.map((id) => this.#tickers.get(id)).filter((ticker) => ticker !== undefined);
  }
}
