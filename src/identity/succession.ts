/**
 * How long a new value of a secret may take to every node: each reads its files and managers within a minute, and a kubelet brings a changed
 * Secret to a pod's files within about two.
 */
export const usualSpreadMs = 5 * 60_000;

export interface SuccessionTiming {
  readonly clock?: (() => number) | undefined;
  /** In which every node has read what one has. */
  readonly spreadMs?: number | undefined;
}

/**
 * Which key of a list, newest first, is used for what is new. The first of those that a server starts with; one that is put in front while it
 * runs only once the other nodes have had the time to read it, because what is made with it before is of no use to them.
 */
export class Succession {
  readonly #clock: () => number;
  readonly #spreadMs: number;
  #leader: string | null;
  #heir: { readonly id: string; readonly leadsFrom: number } | null = null;

  constructor(ids: readonly string[], { clock = Date.now, spreadMs = usualSpreadMs }: SuccessionTiming = {}) {
    [this.#clock, this.#spreadMs] = [clock, spreadMs];
    this.#leader = ids[0] ?? null;
  }

  /** Null where there is no key. */
  get leader(): string | null {
    const heir = this.#heir;
    return heir !== null && this.#clock() >= heir.leadsFrom ? heir.id : this.#leader;
  }

  /** Lets these take the place of those before. Where the one that leads is gone, the first leads at once. */
  replace(ids: readonly string[]): void {
    const [first = null] = ids;
    const leader = this.leader;
    const isGone = leader !== null && !ids.includes(leader);
    if (first === null || isGone) {
      [this.#leader, this.#heir] = [first, null];
      return;
    }
    const leadsFrom = this.#heir?.id === first ? this.#heir.leadsFrom : this.#clock() + this.#spreadMs;
    [this.#leader, this.#heir] = [leader, { id: first, leadsFrom }];
  }
}
