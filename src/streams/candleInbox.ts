import type { CandleMessage } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import type { CandleUpdate, EpochMs, Timeframe } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { Draft, Inbox } from './inbox';
import { SourceStates } from './sourceStates';
import type { CandleEvent } from './streamEvents';
import type { Position } from './streamSource';

type Body = Omit<CandleEvent, 'meta'>;

/** Candles that wait for a slow reader: the last state of each. Beyond, the oldest are given up. */
const maxWaitingCandles = 100;

interface ToldCandle {
  readonly update: CandleUpdate;
  readonly seq: number;
}

/** Candles of one market and timeframe: of each candle the newest state, so that none is seen unfinished for ever. */
export class CandleInbox implements Inbox<Body> {
  readonly toldItems = 0;
  readonly #states: SourceStates;
  readonly #waiting = new Map<EpochMs, CandleUpdate>();
  /** In the order in which they were told last. */
  readonly #told = new Map<EpochMs, ToldCandle>();
  /** Of the newest candle: one before it may be corrected late. */
  #last: CandleUpdate | null = null;

  constructor(
    private readonly parts: {
      readonly marketId: MarketId;
      readonly timeframe: Timeframe;
      readonly onConflated: () => void;
    },
  ) {
    this.#states = new SourceStates([parts.marketId]);
  }

  get isUrgent(): boolean {
    return this.#states.isSnapshotDue || this.#states.isStaleDue;
  }

  /** A STALE event carries the last candle known; where there never was one, the stream says that the exchange does not answer. */
  get failure(): AppError | null {
    if (this.#states.failure !== null || this.#last !== null || !this.#states.isStaleDue) return this.#states.failure;
    return new AppError('EXCHANGE_UNAVAILABLE');
  }

  receive(message: CandleMessage): void {
    this.#states.note(this.parts.marketId, message);
    if (message.kind === 'stale') this.#last ??= message.last;
    if (message.kind !== 'data') return;
    const { openTime } = message.data.candle;
    if (this.#waiting.has(openTime)) this.parts.onConflated();
    this.#waiting.set(openTime, message.data);
    if (this.#last === null || openTime >= this.#last.candle.openTime) this.#last = message.data;
    if (dropOldest(this.#waiting)) this.parts.onConflated();
  }

  take(seq: number): Draft<Body> | null {
    if (this.#states.isSnapshotDue) {
      this.#states.tellSnapshot(seq);
      return this.#takeNext('SNAPSHOT', seq);
    }
    if (this.#states.hasOpened && this.#waiting.size > 0) return this.#takeNext('UPDATE', seq);
    if (!this.#states.isStaleDue || this.#last === null) return null;
    return this.#staleDraft(this.#last, this.#states.tellStale(seq).reason);
  }

  opening(): readonly Draft<Body>[] {
    const { toldStale } = this.#states;
    if (toldStale !== null) return this.#last === null ? [] : [this.#staleDraft(this.#last, toldStale.reason)];
    const newest = this.#told.get(Math.max(...this.#told.keys()));
    return newest === undefined ? [] : [{ kind: 'SNAPSHOT', reason: null, body: this.#body(newest.update) }];
  }

  /** The last state of every candle told since, each under the number of the event that told it. */
  since({ seq }: Position): readonly Draft<Body>[] {
    const missed = [...this.#told.values()].filter((told) => told.seq > seq);
    const { toldStale, changedAt } = this.#states;
    const hasChangedState = changedAt > seq;
    const drafts = missed.map((told, index): Draft<Body> => ({
      kind: hasChangedState && index === 0 ? 'SNAPSHOT' : 'UPDATE',
      reason: null,
      body: this.#body(told.update),
      seq: told.seq,
    }));
    if (!hasChangedState) return drafts;
    if (toldStale === null) return drafts.length > 0 ? drafts : this.opening();
    return [...drafts, ...this.opening()];
  }

  #takeNext(kind: 'SNAPSHOT' | 'UPDATE', seq: number): Draft<Body> | null {
    const [update] = this.#waiting.values();
    if (update === undefined) return null;
    const { openTime } = update.candle;
    this.#waiting.delete(openTime);
    this.#told.delete(openTime);
    this.#told.set(openTime, { update, seq });
    dropOldest(this.#told);
    return { kind, reason: null, body: this.#body(update) };
  }

  #staleDraft(last: CandleUpdate, reason: string): Draft<Body> {
    return { kind: 'STALE', reason, body: this.#body(last) };
  }

  #body({ candle, exchangeTime, receivedTime }: CandleUpdate): Body {
    const { marketId, timeframe } = this.parts;
    return { marketId, timeframe, candle, exchangeTime, receivedTime };
  }
}

/** True where there was one too many. */
function dropOldest(candles: Map<EpochMs, unknown>): boolean {
  if (candles.size <= maxWaitingCandles) return false;
  const [oldest] = candles.keys();
  if (oldest !== undefined) candles.delete(oldest);
  return true;
}
