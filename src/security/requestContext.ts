import type { Principal } from '../identity/principal';

export type Transport = 'http' | 'ws';

/** What the rules may know of a request: who asks, from where, over what. */
export interface RequestContext {
  /** Null where no credentials were given. Bad credentials never get as far as a context. */
  readonly principal: Principal | null;
  /** Whom limits are counted against: "user:<id>" or "ip:<address, IPv6 by /64>". */
  readonly rateKey: string;
  /** Where it came from (`plainAddress`). */
  readonly ip: string;
  /** What the client calls itself; null where it says nothing, and over WebSocket. */
  readonly userAgent: string | null;
  readonly transport: Transport;
  readonly requestId: string;
}
