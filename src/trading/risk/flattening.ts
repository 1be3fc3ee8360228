import { holdsFlattening } from '../../domain/lockdown';
import type { EpochMs } from '../../domain/marketData';
import type { AccountRecord, OrderRecord, PositionRecord } from '../../storage/trading/records';
import type { FlatteningState, RiskStore } from '../../storage/trading/riskStore';
import type { TradingStore } from '../../storage/trading/tradingStore';
import type { BackgroundRunner } from '../../telemetry/backgroundRunner';
import type { Logger } from '../../telemetry/logger';
import { flattenKeys } from '../idempotency';
import type { Refusal } from '../refusal';
import { Repeating } from './repeating';

/** The order path, as the kill switch uses it. */
export interface Flattener {
  /** Asks for the cancel of every open order of the account. */
  cancelAll(account: AccountRecord): Promise<void>;
  /**
   * Stores a MARKET order of origin FLATTEN that closes the position, or as much of it as one order may (a spot position is sold); once
   * for each key, whatever has become of the position since. Null where it is stored, or was before.
   */
  close(account: AccountRecord, position: PositionRecord, idempotencyKey: string): Promise<Refusal | null>;
}

export interface FlatteningParts {
  readonly store: TradingStore;
  readonly risk: RiskStore;
  readonly flattener: Flattener;
  readonly clock: () => EpochMs;
  /** Runs a task after so many milliseconds; gives what prevents it. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  /** Of this node's leadership; null while it does not lead: then another node flattens. */
  readonly epoch: () => number | null;
}

interface Target {
  readonly accountId: string;
  /** Of the account's own order to flatten; null where all accounts were told to. */
  readonly ownNumber: number | null;
  /** Begins the keys of its orders: what was done under it is found again after a crash. */
  readonly keyPrefix: string;
}

const lookEveryMs = 500;

/** An order whose cancel brings no answer for longer does not keep a position open. */
const cancelPatienceMs = 10_000;

/** So many orders of a position may end without being filled, and so many may be filled in all; then a person has to look. */
const maxFailuresAPosition = 3;
const maxOrdersAPosition = 100;

/** Refusals are audited: one that lasts must not flood the log. */
const longestWaitMs = 60_000;
const refusalsToTell = 4;

/** The market takes no order as small as what is left. */
const tooSmall: ReadonlySet<string> = new Set(['AMOUNT_TOO_SMALL', 'COST_TOO_SMALL', 'NUMBER_NOT_ACCEPTABLE']);

/**
 * Carries out orders to flatten: cancels what is open, closes what is held, one order a position at a time, and goes on until
 * nothing is left but what cannot be closed, which it tells once. A lockdown that holds flattening holds all of it: positions that stay
 * open keep the stops that protect them. All it knows is in the database, so a crash loses nothing, and the
 * keys are made of what was asked and of what was done, so nothing is done twice.
 */
export class Flattening {
  readonly #told = new Set<string>();
  /** By key: how often an order was refused so far, and until when it is not tried again. */
  readonly #refused = new Map<string, { readonly count: number; readonly until: EpochMs }>();
  readonly #rounds: Repeating;

  constructor(private readonly parts: FlatteningParts) {
    const { schedule, runner } = parts;
    this.#rounds = new Repeating({
      task: 'flattening',
      everyMs: lookEveryMs,
      schedule,
      runner,
      work: () => this.look(),
    });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** There may be something to flatten. */
  wake(): void {
    this.#rounds.wake();
  }

  /** Takes every order to flatten one step further. */
  async look(): Promise<void> {
    if (this.parts.epoch() === null) return;
    for (const target of await this.#targets()) {
      try {
        await this.#step(target);
      } catch (error) {
        this.parts.logger.error({ err: error, accountId: target.accountId }, 'flattening goes on in a moment');
      }
    }
  }

  async #targets(): Promise<readonly Target[]> {
    const { store, risk } = this.parts;
    const own = (await risk.accountsToFlatten()).map(({ id, flattenNumber }) => ({
      accountId: id,
      ownNumber: flattenNumber,
      keyPrefix: `${flattenKeys}${flattenNumber}:`,
    }));
    const houseNumber = await risk.houseFlatten();
    if (houseNumber === null) return own;
    const all = (await store.accounts()).map(({ id }) => ({
      accountId: id,
      ownNumber: null,
      keyPrefix: `${flattenKeys}all:${houseNumber}:`,
    }));
    return [...own, ...all];
  }

  async #step(target: Target): Promise<void> {
    const { risk, flattener } = this.parts;
    const state = await risk.flatteningState(target.accountId, target.keyPrefix);
    if (state === null) return;
    const isFlat = state.openOrders.length === 0 && state.positions.length === 0;
    if (holdsFlattening(state.house.lockdown) && !isFlat) return this.#tellHeld(target);
    const others = state.openOrders.filter((order) => order.origin !== 'FLATTEN');
    if (others.some((order) => order.cancelRequestedAt === null)) await flattener.cancelAll(state.account);
    const left: PositionRecord[] = [];
    for (const position of state.positions) if (await this.#isStuck(target, state, position)) left.push(position);
    if (state.openOrders.length > 0 || left.length < state.positions.length) return;
    await this.#finish(target, left);
  }

  /** Takes one position further; true where it cannot be closed. */
  async #isStuck(target: Target, state: FlatteningState, position: PositionRecord): Promise<boolean> {
    if (state.openOrders.some((order) => order.marketId === position.marketId && this.#isInTheWay(order))) return false;
    const ofPosition = `${target.keyPrefix}${position.id}:`;
    const attempts = state.attempts.filter(({ key }) => key.startsWith(ofPosition));
    const failed = attempts.filter(({ phase }) => phase !== 'CLOSED');
    if (failed.length >= maxFailuresAPosition || attempts.length >= maxOrdersAPosition) return true;
    return this.#close(state.account, position, `${ofPosition}${attempts.length}`);
  }

  /** True where the market takes no order as small. Any other refusal may pass: it is tried again, ever less often. */
  async #close(account: AccountRecord, position: PositionRecord, key: string): Promise<boolean> {
    const { flattener, clock, logger } = this.parts;
    const before = this.#refused.get(key) ?? { count: 0, until: 0 };
    if (clock() < before.until) return false;
    const refusal = await flattener.close(account, position, key);
    this.#refused.delete(key);
    if (refusal === null || tooSmall.has(refusal.code)) return refusal !== null;
    const count = before.count + 1;
    this.#refused.set(key, { count, until: clock() + Math.min(longestWaitMs, lookEveryMs * 2 ** count) });
    const story = { accountId: account.id, positionId: position.id, code: refusal.code };
    if (count === refusalsToTell) logger.fatal({ alarm: 'CRITICAL', ...story }, 'a position is not closed yet');
    else logger.warn(story, 'a position is not closed yet');
    return false;
  }

  #isInTheWay({ origin, cancelRequestedAt }: OrderRecord): boolean {
    return (
      origin === 'FLATTEN' || cancelRequestedAt === null || this.parts.clock() - cancelRequestedAt < cancelPatienceMs
    );
  }

  async #tellHeld({ accountId, keyPrefix }: Target): Promise<void> {
    const { store, clock, logger, epoch } = this.parts;
    const story = `${accountId} ${keyPrefix} held`;
    if (this.#told.has(story)) return;
    const outcome = 'held by the lockdown: goes on under NO_TRADING';
    await store.transaction({ accountId, epoch: epoch() }, (tx) =>
      tx.audit({ at: clock(), actor: 'risk', action: 'risk.flatten', target: accountId, outcome }),
    );
    this.#told.add(story);
    logger.fatal({ alarm: 'CRITICAL', code: 'FLATTEN_HELD', accountId }, `flattening is ${outcome}`);
  }

  async #finish(target: Target, left: readonly PositionRecord[]): Promise<void> {
    const { store, clock, logger, epoch } = this.parts;
    const { accountId, ownNumber, keyPrefix } = target;
    const outcome = left.length === 0 ? 'flat' : `left: ${left.map(describe).join(', ')}`;
    const story = `${accountId} ${keyPrefix} ${outcome}`;
    if (ownNumber === null && this.#told.has(story)) return;
    await store.transaction({ accountId, epoch: epoch() }, async (tx) => {
      if (ownNumber !== null) await tx.updateAccount({ flattenedNumber: ownNumber });
      await tx.audit({ at: clock(), actor: 'risk', action: 'risk.flattened', target: accountId, outcome });
    });
    this.#told.add(story);
    if (left.length === 0) logger.info({ accountId }, 'account is flat');
    else logger.fatal({ alarm: 'CRITICAL', code: 'FLATTEN_LEFT', accountId, outcome }, 'a position cannot be closed');
  }
}

function describe({ marketId, side, amount }: PositionRecord): string {
  return `${side} ${amount} ${marketId}`;
}
