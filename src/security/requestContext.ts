import type { AppError } from '../errors/appError';
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
  readonly cost: OperationCost;
}

/** What an operation costs: found by the admission, charged when the first of its fields is asked for, and then no more. */
export class OperationCost {
  /** Null before it was admitted, and of what was not. */
  units: number | null = null;
  #charge: Promise<true | AppError> | null = null;

  charge(by: (units: number) => Promise<true | AppError>): Promise<true | AppError> {
    if (this.units === null) throw new Error('a field was asked for before its operation was admitted');
    return (this.#charge ??= by(this.units));
  }
}
