/**
 * How long a new value of a secret may take to every node: each reads its files and managers within a minute, and a kubelet brings a changed
 * Secret to a pod's files within about two.
 */
export const usualSpreadMs = 5 * 60_000;

export interface SuccessionTiming {
  /** One that nobody sets, in ms: a key that leads leads. */
  readonly clock?: (() => number) | undefined;
  /** In which every node has read what one has. */
  readonly spreadMs?: number | undefined;
}

/**
 * Which key of a list, newest first, is used for what is new. One that is put in front only once the other nodes have had the time to read it,
 * because what is made with it before is of no use to them. `isUsed` tells of a start's keys which of them something was made with already:
 * where that holds of another one and not of the first, the first is new to the others as well.
 */
export class Succession {
  readonly #clock: () => number;
  readonly #spreadMs: number;
  #leader: string | null;
  #heir: { readonly id: string; readonly leadsFrom: number } | null = null;

  constructor(
    ids: readonly string[],
    { clock = () => performance.now(), spreadMs = usualSpreadMs }: SuccessionTiming = {},
    isUsed: (id: string) => boolean = () => true,
  ) {
    [this.#clock, this.#spreadMs] = [clock, spreadMs];
    this.#leader = ids.find(isUsed) ?? ids[0] ?? null;
    this.replace(ids);
  }

  /** Null where there is no key. */
  get leader(): string | null {
    const heir = this.#heir;
    return heir !== null && this.#clock() >= heir.leadsFrom ? heir.id : this.#leader;
  }

  /** True of the one that leads, and of the one before it for as long as it may lead on another node. */
  mayLead(id: string): boolean {
    const heir = this.#heir;
    const isLeaving = heir !== null && id === this.#leader && this.#clock() < heir.leadsFrom + this.#spreadMs;
    return isLeaving || id === this.leader;
  }

  /** Lets these take the place of those before. Where the one that leads is gone, the first leads at once. */
  replace(ids: readonly string[]): void {
    const [first = null] = ids;
    const leader = this.leader;
    if (first === null || (leader !== null && !ids.includes(leader))) [this.#leader, this.#heir] = [first, null];
    else if (first !== this.#heir?.id) {
      this.#leader = leader;
      this.#heir = { id: first, leadsFrom: this.#clock() + this.#spreadMs };
    }
  }
}
