/** In which every node that is well has read the ring, whatever it missed: with it, a key is published for longer than any client keeps what it read. */
const nodesReadWithinMs = 60_000;
/** How far the clocks of nodes may differ, and how much later than it should a node may sign. */
const clockSkewMs = 30_000;

/** How long the keys of a ring stay in their states; all in ms. */
export interface KeyTimes {
  /** A key is pending for so long at least. */
  readonly publishMs: number;
  /** A key is retiring for so long: until every token of its has expired on every clock. */
  readonly retireMs: number;
  /** How much later than another key may have taken its place a key may sign. Less than what `retireMs` has beyond the life of a token. */
  readonly graceMs: number;
}

/** jwksMaxAgeS: how long clients may keep the published keys before they ask again. */
export function keyTimesFor(parts: { readonly tokenTtlS: number; readonly jwksMaxAgeS: number }): KeyTimes {
  return {
    publishMs: parts.jwksMaxAgeS * 1000 + nodesReadWithinMs,
    retireMs: parts.tokenTtlS * 1000 + 2 * clockSkewMs,
    graceMs: clockSkewMs,
  };
}
