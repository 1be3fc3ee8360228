import type { AccountEventRecord, AccountLog } from '../trading/accountLog';
import type { Logger } from '../telemetry/logger';
import { AccountFeed, type FeedListener } from './accountFeed';

export interface AccountFeedsParts {
  readonly log: Pick<AccountLog, 'heads' | 'after'>;
  readonly logger: Logger;
  readonly timing: AccountFeedTiming;
}

export interface AccountFeedTiming {
  /** Between two looks at the numbers of all accounts that are read, be there news of them or not. */
  readonly pollMs: number;
  /** How long the database may take to answer before what is known counts as old. */
  readonly answerWithinMs: number;
}

/** The outboxes that somebody in this process reads: each is read once, however many read its streams. */
export class AccountFeeds {
  readonly #feeds = new Map<string, AccountFeed>();
  #poll: NodeJS.Timeout | null = null;
  #isPolling = false;

  constructor(private readonly parts: AccountFeedsParts) {}

  start(): void {
    this.#poll = setInterval(() => {
      void this.#look();
    }, this.parts.timing.pollMs);
  }

  stop(): void {
    if (this.#poll !== null) clearInterval(this.#poll);
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
  }

  /** Tells a listener what happens from now on; gives what ends it, at once. */
  join(accountId: string, listener: FeedListener): () => void {
    const feed = this.#feeds.get(accountId) ?? this.#open(accountId);
    feed.add(listener);
    return () => {
      if (feed.remove(listener) > 0 || this.#feeds.get(accountId) !== feed) return;
      feed.close();
      this.#feeds.delete(accountId);
    };
  }

  /** An account may have new events. */
  wake(accountId: string): void {
    this.#feeds.get(accountId)?.wake();
  }

  wakeAll(): void {
    for (const feed of this.#feeds.values()) feed.wake();
  }

  #open(accountId: string): AccountFeed {
    const { log, logger, timing } = this.parts;
    const bounded = async <T>(reading: Promise<T>): Promise<T> => within(reading, timing.answerWithinMs);
    const feed = new AccountFeed({
      head: async () => (await bounded(log.heads([accountId]))).get(accountId) ?? 0,
      after: (seq, most): Promise<readonly AccountEventRecord[]> => bounded(log.after(accountId, seq, most)),
      onFailure: (error) => {
        logger.warn({ err: error, accountId }, 'the events of an account cannot be read');
      },
    });
    this.#feeds.set(accountId, feed);
    feed.wake();
    return feed;
  }

  /** One question for all of them. Where it is not answered, no event of theirs would be heard of either. */
  async #look(): Promise<void> {
    if (this.#isPolling || this.#feeds.size === 0) return;
    this.#isPolling = true;
    try {
      const heads = await within(this.parts.log.heads([...this.#feeds.keys()]), this.parts.timing.answerWithinMs);
      for (const [accountId, feed] of this.#feeds) {
        if (feed.isSilent || (heads.get(accountId) ?? 0) > feed.seq) feed.wake();
      }
    } catch (error) {
      this.parts.logger.warn({ err: error }, 'the events of accounts cannot be read');
      for (const feed of this.#feeds.values()) feed.fallSilent();
    } finally {
      this.#isPolling = false;
    }
  }
}

/** Rejects where the answer does not come in time; what comes later is passed over. */
export async function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the database has not answered within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
