import type { FeedMessage, StaleCause } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import { AppError } from '../errors/appError';
import { streamReasons } from './streamEvents';

const staleReasons: Readonly<Record<StaleCause, string>> = {
  disconnected: streamReasons.sourceDisconnected,
  silent: streamReasons.sourceSilent,
  outOfSync: streamReasons.outOfSync,
};

type Phase = 'waiting' | 'live' | 'stale';

/** Sources that are silent, and why, in the words of a stream. */
export interface StaleSources {
  readonly ids: readonly MarketId[];
  readonly reason: string;
}

/**
 * What the readers of a stream have to be told about its sources, apart from their data: an opening SNAPSHOT when every
 * source has said something, STALE when one falls silent, a SNAPSHOT when it is back, with STALE behind it for those that are
 * silent still. What is undone before it is told is not told.
 */
export class SourceStates {
  readonly #phases: Map<MarketId, Phase>;
  readonly #staleReasons = new Map<MarketId, string>();
  readonly #untoldStale = new Set<MarketId>();
  #needsSnapshot = true;
  #failure: AppError | null = null;
  #changedAt = 0;

  constructor(ids: readonly MarketId[]) {
    this.#phases = new Map(ids.map((id) => [id, 'waiting']));
  }

  get failure(): AppError | null {
    return this.#failure;
  }

  /** True where a SNAPSHOT is due and there is something to fill it with. */
  get isSnapshotDue(): boolean {
    if (!this.#needsSnapshot) return false;
    const phases = [...this.#phases.values()];
    return !phases.includes('waiting') && phases.includes('live');
  }

  get isStaleDue(): boolean {
    return this.#untoldStale.size > 0 && ![...this.#phases.values()].includes('waiting');
  }

  get hasOpened(): boolean {
    return !this.#needsSnapshot;
  }

  /** The sources that are silent now; null where none is. */
  get stale(): StaleSources | null {
    return this.#staleReasons.size === 0 ? null : this.#describe([...this.#staleReasons.keys()]);
  }

  /** The number of the last event that told of a state: whoever has not seen it needs an opening, not an update. */
  get changedAt(): number {
    return this.#changedAt;
  }

  isLive(id: MarketId): boolean {
    return this.#phases.get(id) === 'live';
  }

  /** Notes the state of a source; the data of the message is for the caller. */
  note(id: MarketId, message: FeedMessage<unknown>): void {
    switch (message.kind) {
      case 'data':
        if (message.isRestart || !this.isLive(id)) this.#needsSnapshot = true;
        this.#phases.set(id, 'live');
        this.#staleReasons.delete(id);
        this.#untoldStale.delete(id);
        return;
      case 'stale':
        this.#phases.set(id, 'stale');
        this.#staleReasons.set(id, staleReasons[message.cause]);
        this.#untoldStale.add(id);
        return;
      case 'refused':
        this.#failure = new AppError(message.code);
    }
  }

  /** A SNAPSHOT says that all are live: those that are not have to be named anew. */
  tellSnapshot(seq: number): void {
    this.#needsSnapshot = false;
    for (const id of this.#staleReasons.keys()) this.#untoldStale.add(id);
    this.#changedAt = seq;
  }

  /** The sources that fell silent since the last call. */
  tellStale(seq: number): StaleSources {
    const stale = this.#describe([...this.#untoldStale]);
    this.#untoldStale.clear();
    this.#changedAt = seq;
    return stale;
  }

  #describe(ids: readonly MarketId[]): StaleSources {
    const codes = [...new Set(ids.map((id) => this.#staleReasons.get(id)))].join(', ');
    return { ids, reason: this.#phases.size === 1 ? codes : `${codes}: ${ids.join(', ')}` };
  }
}
