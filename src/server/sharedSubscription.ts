import type { AppError } from '../errors/appError';
import type { Reader } from '../streams/reader';
import type { Position } from '../streams/streamSource';
import type { JoinedGroup } from '../streams/subscriptionHub';
import type { Connection } from './connection';
import type { Operation } from './operationsById';
import type { WaitingReader } from './readerSocket';
import { toIdText, type SharedFrame } from './sharedFrame';

/** Who looks after the subscriptions of all sockets. */
export interface SubscriptionKeeper {
  /** The stream has ended by itself, or failed: its reader is to be told. */
  tellEnd(subscription: SharedSubscription, error: Error | null): void;
  /** Nothing may be left out for its reader, and more waits than is kept. */
  giveUp(subscription: SharedSubscription): void;
  onStopped(operation: Operation): void;
}

export interface SharedSubscriptionParts {
  readonly connection: Connection;
  readonly id: string;
  readonly rootField: string;
  readonly payer: string;
  readonly keeper: SubscriptionKeeper;
}

/** One reader of a group: one operation id on one socket. There are many: it holds little. */
export class SharedSubscription implements Reader<SharedFrame>, WaitingReader, Operation {
  index = -1;
  behind: Position | null = null;
  after: string | null = null;
  /** True until it is known whether it may read, and what. */
  isJoining = true;
  /** True where its client has completed it before that. */
  isAbandoned = false;
  readonly connection: Connection;
  readonly id: string;
  readonly rootField: string;
  readonly payer: string;
  readonly idText: string;
  #group: JoinedGroup<SharedFrame> | null = null;
  #isOver = false;
  readonly #keeper: SubscriptionKeeper;

  constructor({ connection, id, rootField, payer, keeper }: SharedSubscriptionParts) {
    this.connection = connection;
    this.id = id;
    this.rootField = rootField;
    this.payer = payer;
    this.idText = toIdText(id);
    this.#keeper = keeper;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isKeptWaiting(): boolean {
    return this.behind !== null && this.#group?.keepsEverything === true;
  }

  /** The group that it now reads; where it was ended meanwhile, it leaves at once. */
  joined(group: JoinedGroup<SharedFrame>): void {
    if (this.#isOver) group.leave(this);
    else this.#group = group;
  }

  offer(frame: SharedFrame): boolean {
    return this.connection.reader.offer(frame, this);
  }

  catchUp(): void {
    this.#group?.catchUp(this);
  }

  overrun(): void {
    // Not from within the group's own round: leaving changes the list that it walks.
    setImmediate(() => {
      this.#keeper.giveUp(this);
    });
  }

  end(error: Error | null): void {
    if (this.#isOver) return;
    this.stop();
    this.#keeper.tellEnd(this, error);
  }

  refuse(error: AppError): void {
    this.end(error);
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#group?.leave(this);
    this.#group = null;
    this.#keeper.onStopped(this);
  }
}
