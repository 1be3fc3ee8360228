import type { LeaderLock } from '../../../src/storage/trading/leaderLock';
import type { Chance } from './chance';
import type { SimulatedTime } from './simulatedTime';

type Lock = Pick<LeaderLock, 'tryTake' | 'release'>;

interface Holder {
  readonly onLost: () => void;
}

/** How long the database keeps the lock of a node that is gone, and how long a node that lost it does not know. */
const longestSilenceMs = 6_500;

/** Stands in for the advisory lock: one holder at a time, who may have lost it before knowing so. */
export class Leadership {
  #holder: Holder | null = null;

  constructor(
    private readonly time: SimulatedTime,
    private readonly chance: Chance,
  ) {}

  lockFor(onLost: () => void): Lock & { readonly holder: Holder } {
    let isHeld = false;
    const holder: Holder = {
      onLost: () => {
        if (!isHeld) return;
        isHeld = false;
        onLost();
      },
    };
    return {
      holder,
      tryTake: () => {
        if (!isHeld && this.#holder === null) {
          this.#holder = holder;
          isHeld = true;
        }
        return Promise.resolve(isHeld);
      },
      release: () => {
        isHeld = false;
        if (this.#holder === holder) this.#holder = null;
        return Promise.resolve();
      },
    };
  }

  /** Somebody else may lead from now on; who led hears of it later. */
  revoke(): void {
    const holder = this.#holder;
    this.#holder = null;
    if (holder === null) return;
    this.time.schedule(holder.onLost, this.chance.between(0, longestSilenceMs));
  }

  /** A node died: the lock is free once the database has noticed. */
  leave(holder: Holder): void {
    this.time.schedule(
      () => {
        if (this.#holder === holder) this.#holder = null;
      },
      this.chance.between(0, longestSilenceMs),
    );
  }
}
