import type { VenueLevel, VenueMarket } from '../../engine/venue';
import { fixed8, toPair } from '../format';
import type { Close, Emit } from './stream';

/**
 * The changed levels of each window of time. U and u are the first and the last update id of the window and join without
 * a gap: U is always the u before plus one. A window without a change sends nothing.
 */
export function openDepth(options: {
  readonly market: VenueMarket;
  readonly speedMs: number;
  readonly emit: Emit;
}): Close {
  const { market, speedMs, emit } = options;
  const changed = new Map<string, VenueLevel>();
  let sentId = market.updateId;
  const unlisten = market.listen((event) => {
    if (event.kind === 'level') changed.set(`${event.level.side}${event.level.price}`, event.level);
  });
  const timer = setInterval(() => {
    if (changed.size === 0) return;
    const levels = [...changed.values()];
    changed.clear();
    const side = (name: VenueLevel['side']): [string, string][] =>
      levels.filter((level) => level.side === name).map((level) => [fixed8(level.price), fixed8(level.amount)]);
    const u = market.updateId;
    const event = { e: 'depthUpdate', E: market.time(), s: market.spec.id };
    emit(JSON.stringify({ ...event, U: sentId + 1, u, b: side('BUY'), a: side('SELL') }));
    sentId = u;
  }, speedMs);
  return () => {
    clearInterval(timer);
    unlisten();
  };
}

/** The best levels, whole, wherever they may have changed. */
export function openPartialDepth(options: {
  readonly market: VenueMarket;
  readonly levels: number;
  readonly speedMs: number;
  readonly emit: Emit;
}): Close {
  const { market, levels, speedMs, emit } = options;
  let sentId = -1;
  const timer = setInterval(() => {
    if (market.updateId === sentId) return;
    const book = market.book(levels);
    sentId = book.updateId;
    emit(JSON.stringify({ lastUpdateId: sentId, bids: book.bids.map(toPair), asks: book.asks.map(toPair) }));
  }, speedMs);
  return () => {
    clearInterval(timer);
  };
}
