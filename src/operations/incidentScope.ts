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
  readonly ips: readonly string[];
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
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
}

/** Entries of which a report tells each. */
const accessActions =
  /^(apiKey\.|account\.(create|replaceCredentials|requestApproval|approve|grant|revoke|remove)|user\.|mfa\.(enroll|confirm|reset)|password\.|signing_key\.|service\.)/;
/** What makes an id that later entries are told by; of whom, its actor says. */
const making: ReadonlySet<string> = new Set(['apiKey.create', 'session.begin', 'account.create']);
const refusedPrefix = 'refused: ';
const bounds = { actors: 200, ipsAnActor: 20, addresses: 500_000, newAddresses: 1_000, access: 1_000, names: 500 };

interface Gathered {
  entries: number;
  refused: number;
  readonly ips: Set<string>;
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
  #entries = 0;
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
    const actors = [...this.#actors].map(([actor, { ips, ...facts }]) => ({ actor, ...facts, ips: [...ips].sort() }));
    return {
      entries: this.#entries,
      actors: actors.sort((one, other) => other.entries - one.entries || compare(one.actor, other.actor)),
      newAddresses: this.#areAddressesKnown ? this.#newAddresses : null,
      actions: byName(this.#actions),
      refusals: byName(this.#refusals),
      access: this.#access,
      timeline: this.#timeline,
      hasNextPage: this.#hasNextPage,
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
    count(this.#actions, entry.action);
    if (isRefused) count(this.#refusals, `${entry.action} ${entry.outcome.slice(refusedPrefix.length)}`);
    this.#gather(entry, isRefused);
    // Whoever is nobody comes from everywhere.
    const isNew = entry.actor !== 'anonymous' && this.#learnAddress(entry);
    if (isNew && this.#newAddresses.length < bounds.newAddresses) this.#newAddresses.push(entry);
    if (accessActions.test(entry.action)) this.#access.push(entry);
    if (this.#access.length > bounds.access) this.#access.shift();
    if (entry.seq <= this.page.after) return;
    if (this.#timeline.length < this.page.first) this.#timeline.push(entry);
    else this.#hasNextPage = true;
  }

  #gather({ actor, at, ip }: ScopeEntry, isRefused: boolean): void {
    const known = this.#actors.get(actor);
    if (known === undefined && this.#actors.size >= bounds.actors) return;
    const gathered = known ?? { entries: 0, refused: 0, ips: new Set(), firstAt: at, lastAt: at };
    gathered.entries += 1;
    if (isRefused) gathered.refused += 1;
    if (ip !== null && gathered.ips.size < bounds.ipsAnActor) gathered.ips.add(ip);
    gathered.lastAt = at;
    this.#actors.set(actor, gathered);
  }
}

function count(counts: Map<string, number>, name: string): void {
  const known = counts.get(name);
  if (known !== undefined || counts.size < bounds.names) counts.set(name, (known ?? 0) + 1);
}

function byName(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([one], [other]) => compare(one, other)));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
