import type { EpochMs } from '../domain/marketData';
import { ExchangeNotNamed } from '../exchanges/exchangeNotNamed';
import type { TradingPort } from '../exchanges/tradingPort';
import type { AccountRecord, OrderRecord } from '../storage/trading/records';
import type { LeaderLock } from '../storage/trading/leaderLock';
import type { TradingStore } from '../storage/trading/tradingStore';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Logger } from '../telemetry/logger';
import { AccountDesk } from './accountDesk';
import { AccountSession } from './accountSession';
import type { BookingAlarm, BookingParts } from './booking';
import type { MarketFacts } from './marketFacts';
import { Reconciler } from './reconciliation/reconciler';

export interface TradingDeskParts {
  readonly store: TradingStore;
  readonly lock: Pick<LeaderLock, 'tryTake' | 'release'>;
  readonly markets: MarketFacts;
  /** The way to an account's exchange. Rejects where its credentials cannot be opened, or its exchange is none of ours: the account is then not traded. */
  readonly openPort: (account: AccountRecord) => Promise<TradingPort>;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
  readonly worthOfFee: BookingParts['worthOfFee'];
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  readonly onAlarm: (alarm: { readonly accountId: string } & BookingAlarm) => void;
}

/** How often a node that does not lead tries to, and one that leads looks for accounts that came or went. */
const lookEveryMs = 1_000;

/** Between two tries to open an account that could not be opened, at most. */
const longestPauseMs = 60_000;

interface UnopenedAccount {
  readonly credentialsNumber: number;
  readonly reason: string;
  readonly triedAt: EpochMs;
  readonly pauseMs: number;
}

/** The node's part in trading: it tries to lead, and while it does, runs one session for each account. */
export class TradingDesk {
  readonly #sessions = new Map<string, { readonly session: AccountSession; readonly credentialsNumber: number }>();
  readonly #unopened = new Map<string, UnopenedAccount>();
  #epoch: number | null = null;
  #cancelLook: (() => void) | null = null;
  #isStopped = false;
  #work: Promise<void> = Promise.resolve();

  constructor(private readonly parts: TradingDeskParts) {}

  get isLeading(): boolean {
    return this.#epoch !== null;
  }

  /** In whose name this node writes; null while it does not lead. */
  get epoch(): number | null {
    return this.#epoch;
  }

  start(): void {
    this.#look();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelLook?.();
    await this.#work;
    await this.#standDown();
  }

  /** An order that was stored waits to be sent. Does nothing on a node that does not lead: the leader looks for itself. */
  send({ accountId, id }: OrderRecord): void {
    this.#sessions.get(accountId)?.session.send(id);
  }

  /** Something of this account waits to be canceled or edited. Does nothing on a node that does not lead. */
  wake(accountId: string): void {
    this.#sessions.get(accountId)?.session.wake();
  }

  /** False where this node knows that its clock and that of the account's exchange differ too much. */
  isClockTrusted(accountId: string): boolean {
    return this.#sessions.get(accountId)?.session.isClockTrusted ?? true;
  }

  /** The lock or the lead is gone: what is under way ends, nothing new begins. The next look tries again. */
  lost(): void {
    this.#work = this.#work
      .then(() => this.#standDown())
      .catch((error: unknown) => {
        this.parts.logger.warn({ err: error }, 'a session could not be ended cleanly');
      });
  }

  #look(): void {
    this.#work = this.#work
      .then(() => this.#lead())
      .catch((error: unknown) => {
        this.parts.logger.warn({ err: error }, 'trading could not be led; it is tried again');
      })
      .then(() => {
        if (this.#isStopped) return;
        this.#cancelLook = this.parts.schedule(() => {
          this.#look();
        }, lookEveryMs);
      });
  }

  async #lead(): Promise<void> {
    if (this.#isStopped || !(await this.parts.lock.tryTake())) return;
    this.#epoch ??= await this.parts.store.takeLead();
    const accounts = await this.parts.store.accounts();
    const known = new Map(accounts.map((account) => [account.id, account.credentialsNumber]));
    for (const [id, { session, credentialsNumber }] of this.#sessions) {
      if (known.get(id) === credentialsNumber) continue;
      this.#sessions.delete(id);
      await session.stop();
    }
    for (const id of this.#unopened.keys()) if (!known.has(id)) this.#unopened.delete(id);
    for (const account of accounts) if (this.#isDue(account)) await this.#open(account, this.#epoch);
  }

  /** One that could not be opened is tried again after a while, or as soon as its key is another. */
  #isDue({ id, credentialsNumber }: AccountRecord): boolean {
    if (this.#isStopped || this.#sessions.has(id)) return false;
    const before = this.#unopened.get(id);
    return before?.credentialsNumber !== credentialsNumber || this.parts.clock() >= before.triedAt + before.pauseMs;
  }

  /** An account whose exchange cannot be opened must not keep the others from trading. */
  async #open(account: AccountRecord, epoch: number): Promise<void> {
    const { openPort, onAlarm, runner, schedule, logger, ...shared } = this.parts;
    const ownLogger = logger.child({ accountId: account.id });
    try {
      const port = await openPort(account);
      const desk = new AccountDesk({
        ...shared,
        port,
        account,
        epoch,
        logger: ownLogger,
        onAlarm: (alarm) => {
          onAlarm({ ...alarm, accountId: account.id });
        },
      });
      const session = new AccountSession({
        desk,
        reconciler: new Reconciler(),
        runner,
        schedule,
        onCritical: (order) => {
          onAlarm(unknownTooLong(account.id, order));
        },
        onLeadershipLost: () => {
          // An answer that came late to a session of before says nothing of this leadership.
          if (this.#epoch === epoch) this.lost();
        },
      });
      this.#sessions.set(account.id, { session, credentialsNumber: account.credentialsNumber });
      this.#unopened.delete(account.id);
      session.start();
    } catch (error) {
      this.#noteUnopened(account, error, ownLogger);
    }
  }

  /** Said once for each reason, however often it is tried. */
  #noteUnopened({ id, credentialsNumber }: AccountRecord, error: unknown, logger: Logger): void {
    const before = this.#unopened.get(id);
    const reason = String(error);
    const pauseMs = Math.min(before === undefined ? lookEveryMs : 2 * before.pauseMs, longestPauseMs);
    this.#unopened.set(id, { credentialsNumber, reason, pauseMs, triedAt: this.parts.clock() });
    if (before?.reason === reason) return;
    if (error instanceof ExchangeNotNamed) logger.warn({ reason: error.message }, 'account is not traded');
    else logger.error({ err: error }, 'account cannot be traded; it is tried again');
  }

  async #standDown(): Promise<void> {
    this.#epoch = null;
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(sessions.map(({ session }) => session.stop()));
    await this.parts.lock.release();
  }
}

function unknownTooLong(accountId: string, order: OrderRecord): { readonly accountId: string } & BookingAlarm {
  return { accountId, kind: 'UNKNOWN_ORDER', orderId: order.id, detail: 'its fate is unknown for a minute' };
}
