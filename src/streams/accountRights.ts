import type { Logger } from '../telemetry/logger';
import type { AccountLog, AccountReader } from '../trading/accountLog';

/** A stream that is open on behalf of somebody. */
export interface WatchedStream {
  readonly accountId: string;
  readonly reader: AccountReader;
  changeReader(reader: AccountReader): void;
  /** Its reader may not see the account any more. */
  refuse(): void;
}

/** How long after news of an account its readers are asked about; more news in this time are one. */
const pauseMs = 200;
/** What could not be asked is asked again. */
const retryMs = 500;

/** Asks again whether those who read an account may, whenever that may have changed. */
export class AccountRights {
  readonly #streams = new Map<string, Set<WatchedStream>>();
  readonly #due = new Map<string, NodeJS.Timeout>();

  constructor(private readonly parts: { readonly log: Pick<AccountLog, 'account'>; readonly logger: Logger }) {}

  /** What was told between the question at its door and now was told to nobody: what the stream reads from now on asks for the right again. */
  add(stream: WatchedStream): void {
    const others = this.#streams.get(stream.accountId) ?? new Set();
    this.#streams.set(stream.accountId, others.add(stream));
  }

  remove(stream: WatchedStream): void {
    const streams = this.#streams.get(stream.accountId);
    if (streams?.delete(stream) === true && streams.size === 0) this.#streams.delete(stream.accountId);
  }

  doubt(accountId: string): void {
    this.#ask(accountId, pauseMs);
  }

  doubtAll(): void {
    for (const accountId of this.#streams.keys()) this.doubt(accountId);
  }

  noteReader(reader: AccountReader): void {
    for (const [accountId, streams] of this.#streams) {
      for (const stream of streams) {
        if (stream.reader.userId !== reader.userId) continue;
        stream.changeReader(reader);
        this.#ask(accountId, 0);
      }
    }
  }

  stop(): void {
    for (const timer of this.#due.values()) clearTimeout(timer);
    this.#due.clear();
    this.#streams.clear();
  }

  #ask(accountId: string, afterMs: number): void {
    if (this.#due.has(accountId) || !this.#streams.has(accountId)) return;
    const timer = setTimeout(() => {
      this.#due.delete(accountId);
      this.#askNow(accountId).catch((error: unknown) => {
        this.parts.logger.warn({ err: error, accountId }, 'it is not known who may read an account');
        this.#ask(accountId, retryMs);
      });
    }, afterMs);
    this.#due.set(accountId, timer);
  }

  /** One question for each user, however many of their streams there are. */
  async #askNow(accountId: string): Promise<void> {
    const byReader = new Map<string, WatchedStream[]>();
    for (const stream of this.#streams.get(accountId) ?? []) {
      const key = JSON.stringify(stream.reader);
      byReader.set(key, [...(byReader.get(key) ?? []), stream]);
    }
    for (const streams of byReader.values()) {
      const [first] = streams;
      const account = first === undefined ? null : await this.parts.log.account(first.reader, accountId);
      if (account === null) for (const stream of streams) stream.refuse();
    }
  }
}
