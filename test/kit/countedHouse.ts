import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { ApiKeys } from '../../src/identity/apiKeys/apiKeys';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import { PasswordPolicy } from '../../src/identity/passwordPolicy';
import { PasswordProof } from '../../src/identity/passwordProof';
import { PersonalData } from '../../src/identity/personalData';
import { Sessions } from '../../src/identity/sessions';
import { Users } from '../../src/identity/users';
import { AuditChain } from '../../src/operations/auditChain';
import { AuditLog } from '../../src/operations/auditLog';
import { limits } from '../../src/security/limits';
import { principalOf, type Subject } from '../../src/security/subjects';
import type { Storage } from '../../src/storage/storage';
import type { AuditEntry } from '../../src/storage/trading/audit';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { FakeMarket } from './fakeMarket';
import { openTestStorage } from './postgres';
import { StandInTokens } from './standInTokens';
import { TestServer } from './testServer';
import { makeOwner } from './tradingRecords';
import { openTradingRooms } from './tradingRooms';
import { WatchedStatements } from './watchedStatements';

/** What a request has touched: calls of services, sources of streams among them, and the rates that were looked at. */
export interface Touched {
  readonly services: number;
  readonly sources: number;
  readonly rates: readonly string[];
}

/**
 * The real server before the real services on a real database, with everything counted that a request touches. Market data is a
 * stand-in, and the rates let everything pass: they have tests of their own.
 */
export class CountedHouse {
  readonly tokens = new StandInTokens();
  readonly #counts = { services: 0, sources: 0 };
  readonly #rates: string[] = [];
  readonly #watched = new WatchedStatements();
  #server: TestServer | null = null;

  readonly sessions: Sessions;
  readonly apiKeys: ApiKeys;
  readonly users: Users;
  readonly personalData: PersonalData;

  private constructor(
    readonly storage: Storage,
    /** For whoever looks at its tables by hand. */
    readonly databaseUrl: string,
    private readonly stops: (() => Promise<void>)[],
  ) {
    const [clock, newId] = [Date.now, randomUUID];
    this.sessions = new Sessions({
      store: storage.sessions,
      tokens: { issue: () => ({ accessToken: '', expiresAt: 0 }) },
      authority: { change: () => undefined },
      clock,
      newId,
      logger: createLogger('silent'),
      metrics: createMetrics(),
    });
    // Who comes with a key is for `tokens` to say: nobody follows those of the database.
    const liveKeys = { revoke: () => undefined, untilKnown: () => Promise.resolve() };
    this.apiKeys = new ApiKeys({ store: storage.apiKeys, liveKeys, clock, newId });
    const store = storage.userAdministration;
    const hasher = new PasswordHasher();
    const throttle = { admit: () => Promise.resolve() };
    const audit = (entry: AuditEntry): Promise<void> => storage.auditEntries.write(entry);
    this.personalData = new PersonalData({
      store: storage.personalData,
      erasures: storage.erasures,
      proof: new PasswordProof({ users: storage.users, hasher, throttle, audit, clock }),
      hasher,
      authority: { change: () => undefined },
      audit,
      removePaperAccounts: () => Promise.resolve(),
      limits: limits.export,
      clock,
    });
    this.users = new Users({
      ...{ store, hasher, clock, newId },
      secondFactors: storage.secondFactors,
      policy: new PasswordPolicy(),
    });
  }

  static async open(): Promise<CountedHouse> {
    const stops: (() => Promise<void>)[] = [];
    const { storage, url, stop } = await openTestStorage();
    stops.push(stop);
    const house = new CountedHouse(storage, url, stops);
    await house.#start();
    return house;
  }

  get server(): TestServer {
    if (this.#server === null) throw new Error('the server is not up yet');
    return this.#server;
  }

  /** The statements that services were led to by requests since this was asked for last. */
  takeStatements(): readonly string[] {
    return this.#watched.texts.splice(0);
  }

  /** What was touched while something was done. */
  async during<Answer>(work: () => Promise<Answer>): Promise<Touched & { readonly answer: Answer }> {
    const [before, rates] = [{ ...this.#counts }, this.#rates.length];
    const answer = await work();
    const { services, sources } = this.#counts;
    return {
      answer,
      services: services - before.services,
      sources: sources - before.sources,
      rates: this.#rates.slice(rates),
    };
  }

  /** Somebody of the kind, with an account of their own that they may trade on, and the credentials to send. */
  async come(subject: Subject): Promise<{ readonly id: string; readonly authorization?: string }> {
    const { id, ownerId } = await makeOwner(this.storage, subject === 'KEY_TRADE_LIVE' ? 'LIVE' : 'PAPER');
    const principal = principalOf(subject);
    if (principal === null) return { id };
    const { roles, scopes } = principal;
    const verifiedAt = principal.verifiedAt === null ? null : Date.now();
    return { id, ...this.tokens.issue({ userId: ownerId, roles, verifiedAt, ...(scopes === null ? {} : { scopes }) }) };
  }

  async stop(): Promise<void> {
    this.#watched.stop();
    for (let stop = this.stops.pop(); stop !== undefined; stop = this.stops.pop()) await stop();
  }

  async #start(): Promise<void> {
    const rooms = await openTradingRooms(this.storage);
    this.stops.push(() => rooms.stop());
    const { analystsSeeAll, ...trading } = rooms.services;
    const { marketData, marketStreams } = new FakeMarket();
    const { auditEntries: entries, auditLinks: links } = this.storage;
    const chain = new AuditChain(createSecretKey(randomBytes(32)));
    const services = {
      ...trading,
      marketData,
      marketStreams,
      auditLog: new AuditLog({ entries, links, chain, checkpointFile: '/nowhere/checkpoints' }),
      doctor: { report: () => Promise.resolve({ mode: 'development' as const, machine: null, checks: [] }) },
      sessions: this.sessions,
      apiKeys: this.apiKeys,
      userAdministration: this.users,
      personalData: this.personalData,
    };
    const take = (key: string): Promise<readonly number[]> => {
      this.#rates.push(key);
      return Promise.resolve([]);
    };
    this.#server = await TestServer.start({
      verifier: this.tokens,
      reservations: { take },
      caps: { maxMessagesPerMinute: 10_000 },
      services: { ...this.#counted(services), analystsSeeAll },
    });
    this.stops.push(() => this.server.stop());
  }

  /** The same services, and every call of a method counted. */
  #counted<Services extends Readonly<Record<string, object>>>(services: Services): Services {
    const watch = (name: string, service: object): object =>
      new Proxy(service, {
        get: (target, method) => {
          const found: unknown = Reflect.get(target, method);
          if (typeof found !== 'function') return found;
          return (...args: unknown[]): unknown => {
            this.#counts.services += 1;
            if (name.endsWith('Streams')) this.#counts.sources += 1;
            return this.#watched.during(() => (found as (...given: unknown[]) => unknown).apply(target, args));
          };
        },
      });
    return Object.fromEntries(
      Object.entries(services).map(([name, one]) => [name, watch(name, one)]),
    ) as unknown as Services;
  }
}
