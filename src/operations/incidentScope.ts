import type { EpochMs } from '../domain/marketData';
import type { LinkedRecord } from '../storage/audit/auditRecords';

/** What of the log is looked at; null: whatever it is. */
export interface ScopeFilter {
  /** Inclusive. */
  readonly since: EpochMs;
  /** Exclusive. */
  readonly until: EpochMs | null;
  /** What a user did, and what was done to what is theirs. */
  readonly userId: string | null;
  readonly ip: string | null;
}

/** The timeline: `first` entries behind the place `after` of the chain. */
export interface ScopePage {
  readonly after: number;
  readonly first: number;
}

export interface ScopeEntry {
  /** Its place in the chain. */
  readonly seq: number;
  readonly at: EpochMs;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string;
  readonly ip: string | null;
  /** False behind the first place at which the log was found to be wrong. */
  readonly verified: boolean;
}

export interface ScopedActor {
  readonly actor: string;
  readonly entries: number;
  readonly refused: number;
  /** Those with the most entries first; at most so many as are kept. */
  readonly ips: readonly string[];
  /** From how many there are entries, with those that are not kept. */
  readonly addresses: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
}

/** How much a report does not name, because it keeps no more: its sums are of all nevertheless. */
export interface LeftOut {
  /** Each with no more entries than any that is named. */
  readonly actors: number;
  /** Of actors or addresses that came after more than can be counted: anybody may be behind them. */
  readonly uncountedEntries: number;
  /** The later ones. */
  readonly newAddresses: number;
  /** The older ones. */
  readonly access: number;
  /** Entries, not names. */
  readonly actions: number;
  /** Likewise. */
  readonly refusals: number;
}

export interface ScopeReport {
  readonly entries: number;
  /** Those with the most entries first; at most so many as are kept. */
  readonly actors: readonly ScopedActor[];
  /** The first entry of each actor from an address that the log does not know them by from before. Null: there are too many to tell. */
  readonly newAddresses: readonly ScopeEntry[] | null;
  /** How often each happened, by name. */
  readonly actions: Readonly<Record<string, number>>;
  /** What was refused, by action and code, by name. */
  readonly refusals: Readonly<Record<string, number>>;
  /** What gives access: API keys, keys of exchanges, users, roles, grants, second factors, signing keys. The newest that are kept. */
  readonly access: readonly ScopeEntry[];
  readonly timeline: readonly ScopeEntry[];
  readonly hasNextPage: boolean;
  readonly leftOut: LeftOut;
}

/** Entries of which a report tells each. */
const accessActions =
  /^(apiKey\.|account\.(create|replaceCredentials|requestApproval|approve|grant|revoke|remove)|user\.|mfa\.(enroll|confirm|reset)|password\.|signing_key\.|service\.)/;
/** What makes an id that later entries are told by; of whom, its actor says. */
const making: ReadonlySet<string> = new Set(['apiKey.create', 'session.begin', 'account.create']);
const refusedPrefix = 'refused: ';
/** What is kept of each. Who has the most entries is known at the end alone: many more are counted than are told. */
const bounds = {
  countedActors: 100_000,
  countedAddresses: 500_000,
  actors: 200,
  ipsAnActor: 20,
  addresses: 500_000,
  newAddresses: 1_000,
  access: 1_000,
  names: 500,
};

interface Gathered {
  entries: number;
  refused: number;
  /** How many entries are from each. */
  readonly ips: Map<string, number>;
  readonly firstAt: EpochMs;
  lastAt: EpochMs;
}

/** Gathers who did what, from where, as the log is walked from its beginning: in memory that is bounded, whatever its length. */
export class IncidentScope {
  readonly #own: Set<string>;
  readonly #addresses = new Set<string>();
  readonly #actors = new Map<string, Gathered>();
  readonly #actions = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #newAddresses: ScopeEntry[] = [];
  readonly #access: ScopeEntry[] = [];
  readonly #timeline: ScopeEntry[] = [];
  readonly #leftOut = { uncountedEntries: 0, newAddresses: 0, access: 0, actions: 0, refusals: 0 };
  #entries = 0;
  #countedAddresses = 0;
  #hasNextPage = false;
  #areAddressesKnown = true;

  constructor(
    private readonly filter: ScopeFilter,
    private readonly page: ScopePage,
  ) {
    this.#own = new Set(filter.userId === null ? [] : [filter.userId]);
  }

  /** The next entry of the log. One that is gone, or of another time or person, leaves nothing but what it says of who is known from where. */
  note({ seq, record }: LinkedRecord, verified: boolean): void {
    if (record === null) return;
    const { atUs, actor, action, target, outcome, ip } = record;
    const entry = { seq, at: Math.floor(Number(atUs) / 1000), actor, action, target, outcome, ip, verified };
    const isTheirs = this.#isTheirs(entry);
    if (entry.at < this.filter.since) {
      this.#learnAddress(entry);
      return;
    }
    const isMeant =
      isTheirs &&
      (this.filter.until === null || entry.at < this.filter.until) &&
      (this.filter.ip === null || ip === this.filter.ip);
    if (isMeant) this.#take(entry);
  }

  report(): ScopeReport {
    const actors = [...this.#actors].sort(
      ([one, { entries: ofOne }], [other, { entries: ofOther }]) => ofOther - ofOne || compare(one, other),
    );
    return {
      entries: this.#entries,
      actors: actors.slice(0, bounds.actors).map(([actor, { ips, ...facts }]) => ({
        actor,
        ...facts,
        ips: busiest(ips),
        addresses: ips.size,
      })),
      newAddresses: this.#areAddressesKnown ? this.#newAddresses : null,
      actions: byName(this.#actions),
      refusals: byName(this.#refusals),
      access: this.#access,
      timeline: this.#timeline,
      hasNextPage: this.#hasNextPage,
      leftOut: { ...this.#leftOut, actors: Math.max(0, actors.length - bounds.actors) },
    };
  }

  #isTheirs({ actor, action, target }: ScopeEntry): boolean {
    if (this.filter.userId === null) return true;
    const isOwn = this.#own.has(actor);
    if (isOwn && target !== null && making.has(action)) this.#own.add(target);
    return isOwn || (target !== null && this.#own.has(target));
  }

  /** True where it was not known. */
  #learnAddress({ actor, ip }: ScopeEntry): boolean {
    if (ip === null) return false;
    const key = `${actor} ${ip}`;
    if (this.#addresses.has(key)) return false;
    if (this.#addresses.size >= bounds.addresses) this.#areAddressesKnown = false;
    else this.#addresses.add(key);
    return true;
  }

  #take(entry: ScopeEntry): void {
    this.#entries += 1;
    const isRefused = entry.outcome.startsWith(refusedPrefix);
    if (!count(this.#actions, entry.action)) this.#leftOut.actions += 1;
    const refusal = `${entry.action} ${entry.outcome.slice(refusedPrefix.length)}`;
    if (isRefused && !count(this.#refusals, refusal)) this.#leftOut.refusals += 1;
    this.#gather(entry, isRefused);
    // Whoever is nobody comes from everywhere.
    const isNew = entry.actor !== 'anonymous' && this.#learnAddress(entry);
    if (isNew && this.#newAddresses.length < bounds.newAddresses) this.#newAddresses.push(entry);
    else if (isNew) this.#leftOut.newAddresses += 1;
    if (accessActions.test(entry.action)) this.#access.push(entry);
    if (this.#access.length > bounds.access) {
      this.#access.shift();
      this.#leftOut.access += 1;
    }
    if (entry.seq <= this.page.after) return;
    if (this.#timeline.length < this.page.first) this.#timeline.push(entry);
    else this.#hasNextPage = true;
  }

  #gather({ actor, at, ip }: ScopeEntry, isRefused: boolean): void {
    const known = this.#actors.get(actor);
    if (known === undefined && this.#actors.size >= bounds.countedActors) {
      this.#leftOut.uncountedEntries += 1;
      return;
    }
    const gathered = known ?? { entries: 0, refused: 0, ips: new Map<string, number>(), firstAt: at, lastAt: at };
    gathered.entries += 1;
    if (isRefused) gathered.refused += 1;
    if (ip !== null) this.#countAddress(gathered.ips, ip);
    gathered.lastAt = at;
    this.#actors.set(actor, gathered);
  }

  #countAddress(ips: Map<string, number>, ip: string): void {
    const times = ips.get(ip);
    if (times === undefined && this.#countedAddresses >= bounds.countedAddresses) {
      this.#leftOut.uncountedEntries += 1;
      return;
    }
    if (times === undefined) this.#countedAddresses += 1;
    ips.set(ip, (times ?? 0) + 1);
  }
}

/** False where there are too many names for one more. */
function count(counts: Map<string, number>, name: string): boolean {
  const known = counts.get(name);
  if (known === undefined && counts.size >= bounds.names) return false;
  counts.set(name, (known ?? 0) + 1);
  return true;
}

function busiest(ips: ReadonlyMap<string, number>): readonly string[] {
  return [...ips]
    .sort(([one, ofOne], [other, ofOther]) => ofOther - ofOne || compare(one, other))
    .slice(0, bounds.ipsAnActor)
    .map(([ip]) => ip);
}

function byName(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([one], [other]) => compare(one, other)));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
