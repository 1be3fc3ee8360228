import type { Quote, VenueLevel } from '../../engine/venue';
import type { LevelItem } from '../protobuf';
import { every, type Close, type OpeningChannel } from './channel';

/** MEXC tells no pace for whole books. */
const limitDepthIntervalMs = 100;

/**
 * The changed levels of each window of time. fromVersion and toVersion are the first and the last version of the window
 * and join without a gap: fromVersion is always the toVersion before plus one. A window without a change sends nothing.
 */
export function openDepth(opening: OpeningChannel, window: { speedMs: number; eventType: string }): Close {
  const { market, push } = opening;
  const changed = new Map<string, VenueLevel>();
  let sentVersion = market.updateId;
  const unlisten = market.listen((event) => {
    if (event.kind === 'level') changed.set(`${event.level.side}${event.level.price}`, event.level);
  });
  const stop = every(window.speedMs, () => {
    if (changed.size === 0) return;
    const levels = [...changed.values()];
    changed.clear();
    const side = (name: VenueLevel['side']): LevelItem[] =>
      levels.filter((level) => level.side === name).map((level) => toItem(level));
    const toVersion = market.updateId;
    const versions = { fromVersion: String(sentVersion + 1), toVersion: String(toVersion) };
    sentVersion = toVersion;
    const { eventType } = window;
    push({ publicAggreDepths: { asks: side('SELL'), bids: side('BUY'), eventType, ...versions } });
  });
  return () => {
    stop();
    unlisten();
  };
}

/** The best levels, whole, wherever the book may have changed. */
export function openLimitDepth(opening: OpeningChannel, wanted: { levels: number; eventType: string }): Close {
  const { market, push } = opening;
  let sentVersion = -1;
  return every(limitDepthIntervalMs, () => {
    if (market.updateId === sentVersion) return;
    const { updateId, asks, bids } = market.book(wanted.levels);
    sentVersion = updateId;
    const { eventType } = wanted;
    const version = String(updateId);
    push({ publicLimitDepths: { asks: asks.map(toItem), bids: bids.map(toItem), eventType, version } });
  });
}

/** A level that is gone has the quantity "0". */
function toItem({ price, amount }: Quote): LevelItem {
  return { price, quantity: /[1-9]/.test(amount) ? amount : '0' };
}
