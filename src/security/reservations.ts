import { networkOf } from './authentication';
import { limits, type Rate } from './limits';

/**
 * Whose calls a key counts. Each crowd has room of its own, so that none can use up another's:
 *   owners     who is found to be a user: sign-ins from an address known for theirs, codes, mails to them
 *   elsewhere  sign-ins from all other addresses, to accounts that exist and to invented ones: these must look the same
 *   users      what the signed in call
 *   addresses  what anybody calls
 */
export type Crowd = 'owners' | 'elsewhere' | 'users' | 'addresses';

/**
 * Counts calls in a sliding window. `take` looks and reserves in one indivisible step, because a limiter that
 * reads, waits and then writes lets every concurrent call through.
 * It returns the times (epoch ms, oldest first) of the calls already counted: fewer than `rate.max` means that
 * this call was counted as well and may run; otherwise it was not counted.
 */
export interface Reservations {
  take(key: string, rate: Rate, crowd: Crowd): Promise<readonly number[]>;
}

/** Budgets that fill up again. As indivisible as `Reservations`. */
export interface Budgets {
  /**
   * Takes units of a budget of `rate.max`, which fills up again evenly within `rate.windowMs`. Resolves to 0 where they were there, else to
   * the ms until they are; nothing was taken then.
   */
  spend(spending: Spending): Promise<number>;
}

export interface Spending {
  readonly key: string;
  /** At most `rate.max`. */
  readonly units: number;
  readonly rate: Rate;
  readonly crowd: Crowd;
}

/** What all who share a limit had counted when it was asked at a time. */
interface SharedCount {
  readonly counted: readonly number[];
  readonly at: number;
  readonly crowd: Crowd;
}

/**
 * Reservations and budgets of one process. Idle identities are forgotten. Memory is bounded by `maxIdentities` a crowd: while so many of it are
 * active at once, a new one is treated as having used up its rate, because forgetting an active one would open its limit.
 */
export class MemoryReservations implements Reservations, Budgets {
  readonly #crowds: Readonly<Record<Crowd, ActiveKeys>>;

  constructor(private readonly parts: { readonly clock: () => number; readonly maxIdentities: number }) {
    const { maxIdentities } = parts;
    const crowd = (): ActiveKeys => new ActiveKeys(maxIdentities);
    this.#crowds = { owners: crowd(), elsewhere: crowd(), users: crowd(), addresses: crowd() };
  }

  take(key: string, rate: Rate, crowd: Crowd): Promise<readonly number[]> {
    const now = this.parts.clock();
    const keys = this.#crowds[crowd];
    keys.forgetIdle(now);
    if (!keys.hasRoomFor(key, rate.windowMs)) return Promise.resolve(new Array<number>(rate.max).fill(now));
    const counted = keys.timesOf(key, rate.windowMs).filter((time) => time + rate.windowMs > now);
    if (counted.length < rate.max) keys.keep(key, [...counted, now], rate.windowMs);
    return Promise.resolve(counted);
  }

  /**
   * A `take` as all who share the limit have answered it. Tells what is counted by them and, of times when they could not be asked,
   * here: a Redis that comes and goes must not have it forgotten each time. Where there is no room, nothing is kept.
   */
  learn(key: string, rate: Rate, shared: SharedCount): readonly number[] {
    const now = this.parts.clock();
    const keys = this.#crowds[shared.crowd];
    keys.forgetIdle(now);
    const own = keys.timesOf(key, rate.windowMs).filter((time) => time + rate.windowMs > now);
    const counted = union(shared.counted, own);
    const isCounted = shared.counted.length < rate.max;
    if (keys.hasRoomFor(key, rate.windowMs))
      keys.keep(key, isCounted ? [...counted, shared.at].sort((one, other) => one - other) : counted, rate.windowMs);
    return counted;
  }

  /** False where a key that is not counted yet would find no room. */
  hasRoom(key: string, { windowMs }: Rate, crowd: Crowd): boolean {
    const keys = this.#crowds[crowd];
    keys.forgetIdle(this.parts.clock());
    return keys.hasRoomFor(key, windowMs);
  }

  spend({ key, units, rate, crowd }: Spending): Promise<number> {
    const now = this.parts.clock();
    const keys = this.#crowds[crowd];
    keys.forgetIdle(now);
    if (!keys.hasRoomFor(key, rate.windowMs)) return Promise.resolve(rate.windowMs);
    const fullAt = Math.max(now, fullAgainAt(keys, key, rate)) + (units / rate.max) * rate.windowMs;
    const wait = fullAt - rate.windowMs - now;
    if (wait <= 0) keys.keep(key, [fullAt - rate.windowMs], rate.windowMs);
    return Promise.resolve(Math.max(0, Math.ceil(wait)));
  }

  /** When a budget is full again, as all who share it have counted it: here it is full no earlier. Where there is no room, nothing is kept. */
  learnBudget({ key, rate, crowd }: Spending, fullAt: number): void {
    const keys = this.#crowds[crowd];
    keys.forgetIdle(this.parts.clock());
    if (keys.hasRoomFor(key, rate.windowMs))
      keys.keep(key, [Math.max(fullAt, fullAgainAt(keys, key, rate)) - rate.windowMs], rate.windowMs);
  }

  get size(): number {
    return Object.values(this.#crowds).reduce((sum, { size }) => sum + size, 0);
  }
}

/** Of a budget one time is kept: a window before it is full again, so that it falls idle then, as one that was called does. */
function fullAgainAt(keys: ActiveKeys, key: string, { windowMs }: Rate): number {
  return (keys.timesOf(key, windowMs)[0] ?? -Infinity) + windowMs;
}

/** Of two lists, oldest first. Several calls may be of one time: as many as the longer list has. */
function union(one: readonly number[], other: readonly number[]): readonly number[] {
  const times: number[] = [];
  for (let i = 0, j = 0; i < one.length || j < other.length;) {
    const [first, second] = [one[i] ?? Infinity, other[j] ?? Infinity];
    times.push(Math.min(first, second));
    if (first <= second) i += 1;
    if (second <= first) j += 1;
  }
  return times;
}

/** The keys of one crowd that were counted within their window. */
class ActiveKeys {
  /** By the length of the window: within one, the order of the last calls is the order in which they fall idle. */
  readonly #windows = new Map<number, Map<string, readonly number[]>>();
  /** How many keys each network has; only those that one could fill by itself. */
  readonly #ofNetwork = new Map<string, number>();
  readonly #maxOfNetwork: number;
  #size = 0;

  constructor(private readonly max: number) {
    this.#maxOfNetwork = Math.ceil(max * limits.rateLimiter.maxShareOfNetwork);
  }

  get size(): number {
    return this.#size;
  }

  timesOf(key: string, windowMs: number): readonly number[] {
    return this.#windows.get(windowMs)?.get(key) ?? [];
  }

  hasRoomFor(key: string, windowMs: number): boolean {
    if (this.#windows.get(windowMs)?.has(key) === true) return true;
    const network = networkOf(key);
    return this.#size < this.max && (network === null || (this.#ofNetwork.get(network) ?? 0) < this.#maxOfNetwork);
  }

  /** The key becomes the last of its window where it was called again. */
  keep(key: string, times: readonly number[], windowMs: number): void {
    let window = this.#windows.get(windowMs);
    if (window === undefined) this.#windows.set(windowMs, (window = new Map<string, readonly number[]>()));
    const known = window.get(key);
    if (known === undefined) this.#count(key, 1);
    else if (known.at(-1) !== times.at(-1)) window.delete(key);
    window.set(key, times);
  }

  forgetIdle(now: number): void {
    for (const [windowMs, window] of this.#windows)
      for (const [key, times] of window) {
        if ((times.at(-1) ?? 0) + windowMs > now) break;
        window.delete(key);
        this.#count(key, -1);
      }
  }

  #count(key: string, change: 1 | -1): void {
    this.#size += change;
    const network = networkOf(key);
    if (network === null) return;
    const count = (this.#ofNetwork.get(network) ?? 0) + change;
    if (count === 0) this.#ofNetwork.delete(network);
    else this.#ofNetwork.set(network, count);
  }
}
