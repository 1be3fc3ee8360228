import type { Bus } from '../bus/bus';
import { tickerTopic } from '../bus/marketTopics';
import type { DecimalString } from '../domain/decimal';
import { toMarketId } from '../domain/market';
import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import { assertWithin } from '../errors/assertWithin';
import type { Logger } from '../telemetry/logger';
import type { AccountLog, AccountReader, AccountRecord } from '../trading/accountLog';
import type { AccountContent } from './accountContent';
import {
  BalancesContent,
  OrdersContent,
  RiskContent,
  type BalancesBody,
  type OrdersBody,
  type RiskBody,
} from './accountContents';
import type { AccountEvent } from './accountCourse';
import { readAccountCursor } from './accountCursor';
import { AccountFeeds, type AccountFeedTiming } from './accountFeeds';
import { markOf, PositionsContent, type PositionsBody } from './accountPositions';
import { AccountRights } from './accountRights';
import { AccountStream } from './accountStream';
import type { StreamSource } from './streamSource';

export interface AccountStreamRequest {
  readonly accountId: string;
  readonly after: string | null;
}

export interface PositionsRequest extends AccountStreamRequest {
  /** A price alone is told at most once in this many milliseconds: 0 to 60,000. What the account did is told at once. */
  readonly intervalMs: number;
}

export interface AccountStreamsParts {
  readonly log: AccountLog;
  readonly bus: Bus;
  readonly clock: () => EpochMs;
  /** UUIDs, to name courses of events by. */
  readonly newId: () => string;
  readonly logger: Logger;
  readonly timing?: AccountFeedTiming;
}

type Source<Body> = Promise<StreamSource<AccountEvent<Body>>>;

const maxIntervalMs = 60_000;
const usualTiming: AccountFeedTiming = { pollMs: 1_000, answerWithinMs: 2_000 };

/**
 * The streams of accounts. A method rejects with FORBIDDEN where the account is not this reader's to see, or not there, and with
 * BAD_USER_INPUT; what it gives holds nothing until it is opened. What is open ends with FORBIDDEN when the right to see it does.
 */
export class AccountStreams {
  readonly #feeds: AccountFeeds;
  readonly #rights: AccountRights;

  constructor(private readonly parts: AccountStreamsParts) {
    const { log, logger, timing = usualTiming } = parts;
    this.#feeds = new AccountFeeds({ log, logger, timing });
    this.#rights = new AccountRights({ log, logger });
  }

  start(): void {
    this.#feeds.start();
  }

  stop(): void {
    this.#feeds.stop();
    this.#rights.stop();
  }

  /** An account has new events, by this process. */
  noteCommit(accountId: string): void {
    this.#feeds.wake(accountId);
  }

  /** Something of an account has changed: it has new events, or others may read it. */
  noteNews(accountId: string): void {
    this.#feeds.wake(accountId);
    this.#rights.doubt(accountId);
  }

  /** News may have been missed. */
  noteDoubt(): void {
    this.#feeds.wakeAll();
    this.#rights.doubtAll();
  }

  /** A user's roles have changed; what this one may read from now on. */
  noteReader(reader: AccountReader): void {
    this.#rights.noteReader(reader);
  }

  async orders(reader: AccountReader, request: AccountStreamRequest): Source<OrdersBody> {
    const { id: accountId } = await this.#assertReadable(reader, request);
    const { log } = this.parts;
    return this.#source(reader, request, () => new OrdersContent({ log, accountId }));
  }

  async positions(reader: AccountReader, request: PositionsRequest): Source<PositionsBody> {
    const { intervalMs } = request;
    assertWithin('intervalMs', intervalMs, { from: 0, to: maxIntervalMs });
    const { id: accountId } = await this.#assertReadable(reader, request);
    const { log, bus } = this.parts;
    return this.#source(reader, request, () => new PositionsContent({ log, bus, accountId, intervalMs }));
  }

  async balances(reader: AccountReader, request: AccountStreamRequest): Source<BalancesBody> {
    const account = await this.#assertReadable(reader, request);
    const { log } = this.parts;
    const rate = (currency: string): DecimalString | null => this.#rate(account, currency);
    return this.#source(reader, request, () => new BalancesContent({ log, accountId: account.id, rate }));
  }

  async risk(reader: AccountReader, request: AccountStreamRequest): Source<RiskBody> {
    const { id: accountId } = await this.#assertReadable(reader, request);
    const { log } = this.parts;
    return this.#source(reader, request, () => new RiskContent({ log, accountId }));
  }

  /** For another's account and for none the same, after the same question. */
  async #assertReadable(reader: AccountReader, { accountId, after }: AccountStreamRequest): Promise<AccountRecord> {
    if (after !== null && readAccountCursor(after) === null) {
      throw new AppError('BAD_USER_INPUT', { publicMessage: '`after` must be a `meta.cursor` of an earlier event.' });
    }
    const account = await this.parts.log.account(reader, accountId);
    if (account !== null) return account;
    throw new AppError('FORBIDDEN', { publicMessage: 'You may not read this account, or there is none.' });
  }

  #source<Body extends object>(
    reader: AccountReader,
    { accountId, after }: AccountStreamRequest,
    newContent: () => AccountContent<Body>,
  ): StreamSource<AccountEvent<Body>> {
    const { log, clock, newId } = this.parts;
    const open = (resumeAfter: string | null): AccountStream<Body> => {
      const stream: AccountStream<Body> = new AccountStream({
        accountId,
        reader,
        content: newContent(),
        log,
        feeds: this.#feeds,
        clock,
        courseId: newId().slice(0, 8),
        after: resumeAfter,
        onEnd: () => {
          this.#rights.remove(stream);
        },
      });
      this.#rights.add(stream);
      return stream;
    };
    return { after, open: () => open(null), [Symbol.asyncIterator]: () => open(after) };
  }

  #rate({ exchange, currency }: AccountRecord, from: string): DecimalString | null {
    if (from === currency) return '1' as DecimalString;
    return markOf(this.parts.bus.last(tickerTopic(toMarketId(exchange, `${from}/${currency}`))));
  }
}
