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
  readonly #toldLive = new Set<MarketId>();
  /** With the reasons that were told. */
  readonly #toldStale = new Map<MarketId, string>();
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

  /** True where the readers believe a source live: what has changed since is still to be told. */
  get hasToldLive(): boolean {
    return this.#toldLive.size > 0;
  }

  /** The sources that the readers believe silent; null where there are none. */
  get toldStale(): StaleSources | null {
    return this.#toldStale.size === 0 ? null : this.#describe(this.#toldStale);
  }

  /** The number of the last event that told of a state: whoever has not seen it needs an opening, not an update. */
  get changedAt(): number {
    return this.#changedAt;
  }

  isToldLive(id: MarketId): boolean {
    return this.#toldLive.has(id);
  }

  /** Notes the state of a source; the data of the message is for the caller. */
  note(id: MarketId, message: FeedMessage<unknown>): void {
    switch (message.kind) {
      case 'data':
        if (message.isRestart || this.#phases.get(id) !== 'live') this.#needsSnapshot = true;
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
    this.#toldLive.clear();
    this.#toldStale.clear();
    for (const [id, phase] of this.#phases) if (phase === 'live') this.#toldLive.add(id);
    for (const id of this.#staleReasons.keys()) this.#untoldStale.add(id);
    this.#changedAt = seq;
  }

  /** The sources that fell silent since the last call. */
  tellStale(seq: number): StaleSources {
    const untold = [...this.#staleReasons].filter(([id]) => this.#untoldStale.has(id));
    for (const [id, reason] of untold) {
      this.#toldStale.set(id, reason);
      this.#toldLive.delete(id);
    }
    this.#untoldStale.clear();
    this.#changedAt = seq;
    return this.#describe(new Map(untold));
  }

  #describe(reasons: ReadonlyMap<MarketId, string>): StaleSources {
    const ids = [...reasons.keys()];
    const codes = [...new Set(reasons.values())].join(', ');
    return { ids, reason: this.#phases.size === 1 ? codes : `${codes}: ${ids.join(', ')}` };
  }
}
