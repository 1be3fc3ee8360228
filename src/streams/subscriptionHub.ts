import { AppError } from '../errors/appError';
import type { Reader, SharedPayload } from './reader';
import type { RingBounds } from './replayRing';
import { StreamGroup } from './streamGroup';
import type { StreamEvent, StreamSource } from './streamSource';

export interface GroupRequest<Event extends StreamEvent, Payload extends SharedPayload> {
  /** Equal for all who are sent the same. */
  readonly key: string;
  readonly source: StreamSource<Event>;
  /** Asked once, where the group is opened. */
  readonly newRender: () => (event: Event) => Payload;
}

export interface SubscriptionHubParts {
  /** What is held for those who come back. */
  readonly ringBounds: RingBounds;
  /** The same for streams of which nothing may be left out: whoever is further behind is given up. */
  readonly keptBounds: RingBounds;
  /** Groups that one payer may keep open at a time: each costs an execution an event. */
  readonly maxGroupsPerPayer: number;
  /** Told of a reader whose payer may open no further group. */
  readonly onPayerFull: () => void;
  /** Told the number of open groups when it changes. */
  readonly onGroups: (count: number) => void;
}

/** What a reader holds of the group it has joined; one object for all of the group. */
export interface JoinedGroup<Payload extends SharedPayload> {
  /** True where no event may be left out for a reader. */
  readonly keepsEverything: boolean;
  /** Asked for by a reader that had refused a payload and can take some again. */
  catchUp(reader: Reader<Payload>): void;
  /** At once; the last to leave releases the stream. */
  leave(reader: Reader<Payload>): void;
}

type Group<Payload extends SharedPayload> = Pick<StreamGroup<never, Payload>, keyof StreamGroup<never, Payload>>;

/** All groups of this process. What a group costs is counted against one of its readers, first the one who opened it. */
export class SubscriptionHub<Payload extends SharedPayload> {
  readonly #entries = new Map<string, Entry<Payload>>();
  readonly #paid = new Map<string, number>();
  #turn: Promise<void> | null = null;

  constructor(private readonly parts: SubscriptionHubParts) {}

  /** Throws TOO_MANY_SUBSCRIPTIONS where a new group would be one too many for this reader. */
  join<Event extends StreamEvent>(
    request: GroupRequest<Event, Payload>,
    reader: Reader<Payload>,
  ): JoinedGroup<Payload> {
    const entry = this.#entries.get(request.key) ?? this.#open(request, reader.payer);
    entry.group.join(reader);
    return entry;
  }

  #open<Event extends StreamEvent>(
    { key, source, newRender }: GroupRequest<Event, Payload>,
    payer: string,
  ): Entry<Payload> {
    const { maxGroupsPerPayer, onPayerFull, keptBounds, ringBounds } = this.parts;
    if ((this.#paid.get(payer) ?? 0) >= maxGroupsPerPayer) {
      onPayerFull();
      throw new AppError('TOO_MANY_SUBSCRIPTIONS');
    }
    const stream = source.open();
    const group = new StreamGroup<Event, Payload>({
      stream,
      render: newRender(),
      ringBounds: stream.keepsEverything ? keptBounds : ringBounds,
      nextTurn: () => this.#nextTurn(),
      onOver: () => {
        this.#forget(key, entry);
      },
    });
    const entry = new Entry(group, payer, (reader) => {
      this.#afterLeaving(key, entry, reader);
    });
    this.#entries.set(key, entry);
    this.parts.onGroups(this.#entries.size);
    this.#charge(payer, 1);
    return entry;
  }

  #nextTurn(): Promise<void> {
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = null;
        resolve();
      });
    });
    return this.#turn;
  }

  #afterLeaving(key: string, entry: Entry<Payload>, reader: Reader<Payload>): void {
    if (this.#entries.get(key) !== entry) return;
    const heir = entry.group.anyPayer;
    if (heir === null) {
      this.#forget(key, entry);
      entry.group.close();
    } else if (reader.payer === entry.payer) {
      // Whoever has left does not go on paying for those who stay.
      this.#charge(entry.payer, -1);
      this.#charge(heir, 1);
      entry.payer = heir;
    }
  }

  #forget(key: string, entry: Entry<Payload>): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.parts.onGroups(this.#entries.size);
    this.#charge(entry.payer, -1);
  }

  #charge(payer: string, groups: number): void {
    const paid = (this.#paid.get(payer) ?? 0) + groups;
    if (paid === 0) this.#paid.delete(payer);
    else this.#paid.set(payer, paid);
  }
}

class Entry<Payload extends SharedPayload> implements JoinedGroup<Payload> {
  constructor(
    readonly group: Group<Payload>,
    public payer: string,
    private readonly afterLeaving: (reader: Reader<Payload>) => void,
  ) {}

  get keepsEverything(): boolean {
    return this.group.keepsEverything;
  }

  catchUp(reader: Reader<Payload>): void {
    this.group.catchUp(reader);
  }

  leave(reader: Reader<Payload>): void {
    this.group.leave(reader);
    this.afterLeaving(reader);
  }
}
