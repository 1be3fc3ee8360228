import type { VenueMarket } from '../../engine/venue';
import type { PushBody } from '../protobuf';

/** A channel of one market that is being opened. */
export interface OpeningChannel {
  readonly market: VenueMarket;
  /** Sends a frame with this inside. */
  readonly push: (body: PushBody) => void;
}

/** Ends a channel; nothing is pushed after it. */
export type Close = () => void;

/** Runs a task again and again until it is closed. */
export function every(intervalMs: number, task: () => void): Close {
  const timer = setInterval(task, intervalMs);
  return () => {
    clearInterval(timer);
  };
}
