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

/**
 * What one reader has to be told about its sources, apart from their data: an opening SNAPSHOT when every source has
 * said something, STALE when one falls silent, a SNAPSHOT when it is back. What is undone before it is told is not told.
 */
export class SourceStates {
  readonly #phases: Map<MarketId, Phase>;
  readonly #untoldStale = new Map<MarketId, string>();
  #needsSnapshot = true;
  #failure: AppError | null = null;

  constructor(ids: readonly MarketId[]) {
    this.#phases = new Map(ids.map((id) => [id, 'waiting']));
  }

  get failure(): AppError | null {
    return this.#failure;
  }

  /** True where a SNAPSHOT is due and there is something to fill it with. */
  get isSnapshotDue(): boolean {
    const phases = [...this.#phases.values()];
    return this.#needsSnapshot && !phases.includes('waiting') && phases.includes('live');
  }

  get isStaleDue(): boolean {
    return this.#untoldStale.size > 0 && ![...this.#phases.values()].includes('waiting');
  }

  get hasOpened(): boolean {
    return !this.#needsSnapshot;
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
        this.#untoldStale.delete(id);
        return;
      case 'stale':
        this.#phases.set(id, 'stale');
        this.#untoldStale.set(id, staleReasons[message.cause]);
        return;
      case 'refused':
        this.#failure = new AppError(message.code);
    }
  }

  tellSnapshot(): void {
    this.#needsSnapshot = false;
  }

  /** The sources that fell silent since the last call, and the reason in the words of a stream. */
  tellStale(): { readonly ids: readonly MarketId[]; readonly reason: string } {
    const ids = [...this.#untoldStale.keys()];
    const codes = [...new Set(this.#untoldStale.values())].join(', ');
    this.#untoldStale.clear();
    return { ids, reason: this.#phases.size === 1 ? codes : `${codes}: ${ids.join(', ')}` };
  }
}
