import type { AccountEventKind, AccountReader } from '../trading/accountLog';

export type AccountStreamName = 'orders' | 'positions' | 'balances' | 'risk';

/** What was read of an account for one stream, as of the event `seq`; nothing of it counts before `keep`. */
export interface ReadContent {
  readonly seq: number;
  readonly keep: () => void;
}

/**
 * What a stream of an account is about: what its readers know, in the words of its events. It is brought forward by the events that
 * they are told, one after the other.
 */
export interface AccountContent<Body> {
  readonly stream: AccountStreamName;
  /** The events that concern it. */
  readonly kind: AccountEventKind;
  /** Null where the account is not this reader's to see. */
  read(reader: AccountReader): Promise<ReadContent | null>;
  /** What an event says; it is not noted as told. */
  toUpdate(payload: unknown): Body;
  /** An event is told. */
  apply(payload: unknown): void;
  /** All that is known. */
  whole(): Body;
  /** What stands in an event that says no more than that it is old. */
  lastKnown(): Body;
  /** Of content that changes between the account's events as well. */
  readonly between: ChangesBetween<Body> | null;
}

/** What of a stream follows something else than the account: prices. */
export interface ChangesBetween<Body> {
  /** At most one event in this time. */
  readonly intervalMs: number;
  /** onChange: called when there is something to take. */
  follow(onChange: () => void): void;
  /** What has changed since the last call; null where nothing has. */
  take(): Body | null;
  /** Stops following, at once. */
  release(): void;
}
