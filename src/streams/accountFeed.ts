import type { AccountEventRecord } from '../trading/accountLog';

/** Somebody who follows an account. */
export interface FeedListener {
  /** In order, without a hole. */
  onEvents(events: readonly AccountEventRecord[]): void;
  /** The account's events cannot be read. */
  onSilent(): void;
  /** They can, and have been, up to this number. Told first of all, and after each silence. */
  onReady(seq: number): void;
  /** Some are gone that nobody was told of. */
  onGap(): void;
}

export interface AccountFeedParts {
  /** The number of the newest event. */
  readonly head: () => Promise<number>;
  readonly after: (seq: number, most: number) => Promise<readonly AccountEventRecord[]>;
  readonly onFailure: (error: unknown) => void;
}

const pageSize = 500;

/** One account's events as they are committed, read from the database by one reader: woken up, it reads until there are no more. */
export class AccountFeed {
  readonly #listeners = new Set<FeedListener>();
  #state: 'opening' | 'ready' | 'silent' = 'opening';
  #seq = 0;
  #isReading = false;
  #isWoken = false;
  #isClosed = false;

  constructor(private readonly parts: AccountFeedParts) {}

  /** Of the newest event that was told. */
  get seq(): number {
    return this.#seq;
  }

  get isSilent(): boolean {
    return this.#state !== 'ready';
  }

  /** Tells it what comes after this call. Whatever a listener reads once it was told that the feed is ready holds all that came before. */
  add(listener: FeedListener): void {
    this.#listeners.add(listener);
    if (this.#state === 'ready') listener.onReady(this.#seq);
  }

  /** Gives how many are left. */
  remove(listener: FeedListener): number {
    this.#listeners.delete(listener);
    return this.#listeners.size;
  }

  wake(): void {
    this.#isWoken = true;
    if (!this.#isReading && !this.#isClosed) void this.#read();
  }

  fallSilent(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'silent';
    for (const listener of this.#listeners) listener.onSilent();
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
  }

  /** Never rejects: what could not be read is read when it is woken again. */
  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      if (this.#state === 'opening') this.#seq = await this.parts.head();
      while (this.#isWoken && !this.#isClosed) {
        this.#isWoken = false;
        await this.#readNew();
      }
      if (this.#state !== 'ready') this.#becomeReady();
    } catch (error) {
      this.parts.onFailure(error);
      this.fallSilent();
    } finally {
      this.#isReading = false;
    }
  }

  async #readNew(): Promise<void> {
    for (;;) {
      const events = await this.parts.after(this.#seq, pageSize);
      const [first] = events;
      const last = events.at(-1);
      if (first === undefined || last === undefined || this.#isClosed) return;
      const hasGap = first.seq !== this.#seq + 1;
      this.#seq = last.seq;
      for (const listener of this.#listeners) {
        if (hasGap) listener.onGap();
        listener.onEvents(events);
      }
      if (events.length < pageSize) return;
    }
  }

  #becomeReady(): void {
    this.#state = 'ready';
    for (const listener of this.#listeners) listener.onReady(this.#seq);
  }
}
