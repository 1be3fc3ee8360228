import type { TradeMessage } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import type { PublicTrade } from '../domain/marketData';
import type { AppError } from '../errors/appError';
import { joinReasons } from './eventStream';
import type { Draft, Inbox } from './inbox';
import { SourceStates } from './sourceStates';
import { streamReasons, type PublicTradeEvent } from './streamEvents';
import type { Position } from './streamSource';

type Body = Omit<PublicTradeEvent, 'meta'>;

/** Trades that wait for a slow reader; beyond, the oldest are dropped and the reader is told how many. */
export const maxWaitingTrades = 1_000;

/** Of what happened before a reader joined, this many trades a market stand in its SNAPSHOT. */
const openingTrades = 100;

/** Trades of several markets, each once and in order. */
export class TradeInbox implements Inbox<Body> {
  readonly #states: SourceStates;
  readonly #joined = new Set<MarketId>();
  #waiting: PublicTrade[] = [];
  #dropped = 0;
  #hasBegun = false;
  #hasMissed = false;
  /** The latest of those told, in order. */
  #told: PublicTrade[] = [];
  /** Those dropped before they were told among them. */
  #toldItems = 0;
  #missedAt = 0;

  constructor(
    private readonly ids: readonly MarketId[],
    private readonly onDropped: (count: number) => void,
  ) {
    this.#states = new SourceStates(ids);
  }

  get isUrgent(): boolean {
    return this.#states.isSnapshotDue || this.#states.isStaleDue;
  }

  get failure(): AppError | null {
    return this.#states.failure;
  }

  get toldItems(): number {
    return this.#toldItems;
  }

  receive(id: MarketId, message: TradeMessage): void {
    this.#states.note(id, message);
    if (message.kind !== 'data') return;
    const { trades, isComplete } = message.data;
    const isOpening = !this.#joined.has(id);
    this.#joined.add(id);
    if (!isOpening && !isComplete) this.#hasMissed = true;
    this.#waiting.push(...(isOpening ? trades.slice(-openingTrades) : trades));
    // What every market opens with waits for the last of them, and is no sign of a slow reader.
    const allowed = this.#hasBegun ? maxWaitingTrades : maxWaitingTrades + openingTrades * this.ids.length;
    const tooMany = this.#waiting.length - allowed;
    if (tooMany <= 0) return;
    this.#waiting.splice(0, tooMany);
    this.#dropped += tooMany;
    this.onDropped(tooMany);
  }

  take(seq: number): Draft<Body> | null {
    if (this.#states.isSnapshotDue) {
      this.#states.tellSnapshot(seq);
      this.#hasBegun = true;
      return this.#takeTrades('SNAPSHOT', seq);
    }
    // Trades from before the silence come before the word of it.
    if (this.#states.hasOpened && this.#waiting.length > 0) return this.#takeTrades('UPDATE', seq);
    if (!this.#states.isStaleDue) return null;
    return staleDraft(this.#states.tellStale(seq).reason);
  }

  opening(): readonly Draft<Body>[] {
    const { hasToldLive, toldStale } = this.#states;
    const snapshot: Draft<Body>[] = hasToldLive
      ? [{ kind: 'SNAPSHOT', reason: null, body: { trades: this.#latestOfEach() } }]
      : [];
    return toldStale === null ? snapshot : [...snapshot, staleDraft(toldStale.reason)];
  }

  /** All that was told since, the oldest dropped beyond the bound; not from an opening, which would repeat trades. */
  since({ seq, items }: Position): readonly Draft<Body>[] {
    const missed = this.#toldItems - items;
    const trades = missed === 0 ? [] : this.#told.slice(-Math.min(missed, maxWaitingTrades));
    const dropped = missed - trades.length;
    if (dropped > 0) this.onDropped(dropped);
    const { hasToldLive, toldStale, changedAt } = this.#states;
    const hasChangedState = changedAt > seq;
    const reason = reasonOf(dropped, this.#missedAt > seq);
    // Whoever missed a change of state may believe a source silent that is back.
    const isTold = trades.length > 0 || reason !== null || (hasChangedState && hasToldLive);
    const kind = hasChangedState ? 'SNAPSHOT' : 'UPDATE';
    const drafts: Draft<Body>[] = isTold ? [{ kind, reason, body: { trades } }] : [];
    return toldStale === null || !hasChangedState ? drafts : [...drafts, staleDraft(toldStale.reason)];
  }

  #takeTrades(kind: 'SNAPSHOT' | 'UPDATE', seq: number): Draft<Body> {
    const trades = this.#waiting;
    const reason = reasonOf(this.#dropped, this.#hasMissed);
    // Whoever misses this event misses those too.
    this.#toldItems += this.#dropped;
    if (this.#hasMissed) this.#missedAt = seq;
    this.#waiting = [];
    this.#dropped = 0;
    this.#hasMissed = false;
    this.#remember(trades);
    return { kind, reason, body: { trades } };
  }

  #remember(trades: readonly PublicTrade[]): void {
    this.#toldItems += trades.length;
    this.#told.push(...trades);
    // Cut back in large steps: one at a time would move the whole list for every trade.
    const kept = maxWaitingTrades + openingTrades * this.ids.length;
    if (this.#told.length > 2 * kept) this.#told = this.#told.slice(-kept);
  }

  #latestOfEach(): readonly PublicTrade[] {
    const counts = new Map<MarketId, number>();
    const latest = this.#told.toReversed().filter(({ marketId }) => {
      const count = counts.get(marketId) ?? 0;
      counts.set(marketId, count + 1);
      return count < openingTrades;
    });
    return latest.toReversed();
  }
}

function staleDraft(reason: string): Draft<Body> {
  return { kind: 'STALE', reason, body: { trades: [] } };
}

function reasonOf(dropped: number, hasMissed: boolean): string | null {
  return joinReasons(
    dropped === 0 ? null : `${streamReasons.tradesDropped}: ${dropped}`,
    hasMissed ? streamReasons.tradesMissed : null,
  );
}
