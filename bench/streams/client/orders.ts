import type { ServerKind } from '../server/serverKind';
import type { StreamKind } from '../streamKind';

export interface ConnectOrder {
  readonly kind: ServerKind;
  readonly port: number;
  readonly controlPort: number;
  /** One socket each. */
  readonly readers: number;
  /** One subscription a market and socket. */
  readonly markets: number;
  readonly stream: StreamKind;
  /** Access tokens, one a user, dealt out in turn; empty where none is asked for. */
  readonly tokens: readonly string[];
}

export interface LoadOrder {
  readonly kind: ServerKind;
  readonly durationMs: number;
  /** Open loop alone: events a second, over all markets. */
  readonly updatesPerSecond?: number;
  /** Open loop alone: the first so many readers are those who stop reading at times; no latency of theirs is measured. */
  readonly unmeasuredReaders?: number;
  /** Open loop alone: they begin to read again. */
  readonly isResuming?: boolean;
}

export interface LoadReport {
  /** Events that reached readers. */
  readonly messages: number;
  readonly bytes: number;
  /** From the moment that an event was due to its frame's arrival, the unmeasured readers left out; null of a closed loop. */
  readonly latency: { readonly medianMs: number; readonly p99Ms: number } | null;
  /** Null where nobody resumed. */
  readonly resumed: ResumeReport | null;
}

/** What readers saw who had stopped reading. The worst of them. */
export interface ResumeReport {
  /** For how long after resuming events were read of whose market there had been a newer one for more than 100 ms. */
  readonly outdatedForMs: number;
  /** Bytes of such events that a reader had to read. */
  readonly outdatedBytes: number;
}

export interface StallOrder {
  readonly kind: ServerKind;
  readonly readers: number;
}
