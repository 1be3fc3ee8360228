import type { CandleMessage } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import type { CandleUpdate, EpochMs, Timeframe } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { Draft, Inbox } from './inbox';
import { SourceStates } from './sourceStates';
import type { CandleEvent } from './streamEvents';

type Body = Omit<CandleEvent, 'meta'>;

/** Candles that wait for a slow reader: the last state of each. Beyond, the oldest are given up. */
const maxWaitingCandles = 100;

/** Candles of one market and timeframe for one reader: of each candle the newest state, so that none is seen unfinished for ever. */
export class CandleInbox implements Inbox<Body> {
  readonly #states: SourceStates;
  readonly #waiting = new Map<EpochMs, CandleUpdate>();
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
    if (message.kind !== 'data') return;
    const { openTime } = message.data.candle;
    if (this.#waiting.has(openTime)) this.parts.onConflated();
    this.#waiting.set(openTime, message.data);
    this.#last = message.data;
    if (this.#waiting.size <= maxWaitingCandles) return;
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined) this.#waiting.delete(oldest);
    this.parts.onConflated();
  }

  take(): Draft<Body> | null {
    if (this.#states.isSnapshotDue) {
      this.#states.tellSnapshot();
      return this.#takeNext('SNAPSHOT');
    }
    if (this.#states.hasOpened && this.#waiting.size > 0) return this.#takeNext('UPDATE');
    if (!this.#states.isStaleDue || this.#last === null) return null;
    return { kind: 'STALE', reason: this.#states.tellStale().reason, body: this.#body(this.#last) };
  }

  #takeNext(kind: 'SNAPSHOT' | 'UPDATE'): Draft<Body> | null {
    const [next] = this.#waiting.values();
    if (next === undefined) return null;
    this.#waiting.delete(next.candle.openTime);
    return { kind, reason: null, body: this.#body(next) };
  }

  #body({ candle, exchangeTime, receivedTime }: CandleUpdate): Body {
    const { marketId, timeframe } = this.parts;
    return { marketId, timeframe, candle, exchangeTime, receivedTime };
  }
}
