import type { TradeMessage } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import type { PublicTrade } from '../domain/marketData';
import type { AppError } from '../errors/appError';
import { joinReasons } from './eventStream';
import type { Draft, Inbox } from './inbox';
import { SourceStates } from './sourceStates';
import { streamReasons, type PublicTradeEvent } from './streamEvents';

type Body = Omit<PublicTradeEvent, 'meta'>;

/** Trades that wait for a slow reader; beyond, the oldest are dropped and the reader is told how many. */
export const maxWaitingTrades = 1_000;

/** Of what happened before the subscription, this many trades a market stand in the opening SNAPSHOT. */
const openingTrades = 100;

/** Trades of several markets for one reader, each once and in order. */
export class TradeInbox implements Inbox<Body> {
  readonly #states: SourceStates;
  readonly #joined = new Set<MarketId>();
  #waiting: PublicTrade[] = [];
  #dropped = 0;
  #hasMissed = false;

  constructor(
    ids: readonly MarketId[],
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

  receive(id: MarketId, message: TradeMessage): void {
    this.#states.note(id, message);
    if (message.kind !== 'data') return;
    const { trades, isComplete } = message.data;
    const isOpening = !this.#joined.has(id);
    this.#joined.add(id);
    if (!isOpening && !isComplete) this.#hasMissed = true;
    this.#waiting.push(...(isOpening ? trades.slice(-openingTrades) : trades));
    const tooMany = this.#waiting.length - maxWaitingTrades;
    if (tooMany <= 0) return;
    this.#waiting.splice(0, tooMany);
    this.#dropped += tooMany;
    this.onDropped(tooMany);
  }

  take(): Draft<Body> | null {
    if (this.#states.isSnapshotDue) {
      this.#states.tellSnapshot();
      return this.#takeTrades('SNAPSHOT');
    }
    // Trades from before the silence come before the word of it.
    if (this.#states.hasOpened && this.#waiting.length > 0) return this.#takeTrades('UPDATE');
    if (!this.#states.isStaleDue) return null;
    return { kind: 'STALE', reason: this.#states.tellStale().reason, body: { trades: [] } };
  }

  #takeTrades(kind: 'SNAPSHOT' | 'UPDATE'): Draft<Body> {
    const trades = this.#waiting;
    const dropped = this.#dropped === 0 ? null : `${streamReasons.tradesDropped}: ${this.#dropped}`;
    const missed = this.#hasMissed ? streamReasons.tradesMissed : null;
    this.#waiting = [];
    this.#dropped = 0;
    this.#hasMissed = false;
    return { kind, reason: joinReasons(dropped, missed), body: { trades } };
  }
}
