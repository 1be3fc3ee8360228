import type { MarketId } from '../../src/domain/market';
import type { StreamEvent } from '../../src/streams/streamSource';

/**
 * The markets that a reader holds for silent, by the contract: a SNAPSHOT says that all are live, but for those that a STALE
 * after it names. A stream of one market need not name it.
 */
export function staleAfter(events: readonly StreamEvent[], ids: readonly MarketId[]): readonly MarketId[] {
  const stale = new Set<MarketId>();
  for (const { meta } of events) {
    if (meta.kind === 'SNAPSHOT') stale.clear();
    if (meta.kind !== 'STALE') continue;
    for (const id of ids) if (ids.length === 1 || meta.reason?.includes(id) === true) stale.add(id);
  }
  return ids.filter((id) => stale.has(id));
}
