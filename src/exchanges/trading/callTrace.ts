import { AsyncLocalStorage } from 'node:async_hooks';
import type { EpochMs } from '../../domain/marketData';
import type { Urgency } from '../tradingPort';

/** What one call of ccxt has done on the wire so far. */
export interface CallTrace {
  /** What the request is signed with; null: ccxt's own time. */
  readonly signedAt: EpochMs | null;
  /** A request that has not left by then is not sent any more; null: whenever its turn comes. */
  readonly sendBefore: EpochMs | null;
  readonly urgency: Urgency;
  /** Requests that were handed to the network. */
  requests: number;
  /** True: no connection came about for the last of them, so not a byte of it has left. */
  isUnconnected: boolean;
  /** Nobody waits any more: what has not left by now is not sent. */
  isAbandoned: boolean;
  /** Of the last answer; null while there is none. */
  answer: RestAnswer | null;
}

export interface RestAnswer {
  readonly status: number;
  /** The exchange's own error code and words, where the body has them. */
  readonly code: string | null;
  readonly message: string | null;
}

const traces = new AsyncLocalStorage<CallTrace>();

/** Runs a call of ccxt and follows what it does on the wire, whatever else the same ccxt object does meanwhile. */
export function traced<T>(
  timing: Pick<CallTrace, 'signedAt' | 'sendBefore' | 'urgency'>,
  call: (trace: CallTrace) => Promise<T>,
): Promise<T> {
  const trace: CallTrace = { ...timing, requests: 0, isUnconnected: false, isAbandoned: false, answer: null };
  return traces.run(trace, () => call(trace));
}

/** The trace of the call that is running; null outside of `traced`. */
export function currentTrace(): CallTrace | null {
  return traces.getStore() ?? null;
}
