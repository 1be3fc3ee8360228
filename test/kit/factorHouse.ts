import { randomBytes, randomUUID } from 'node:crypto';
import { generateSync } from 'otplib';
import { Client } from 'pg';
import { Secret } from '../../src/domain/secret';
import { AccessTokens } from '../../src/identity/accessTokens';
import { ApiKeys } from '../../src/identity/apiKeys/apiKeys';
import { Authority } from '../../src/identity/authority';
import { LoginService } from '../../src/identity/loginService';
import { SecondFactors } from '../../src/identity/mfa/secondFactors';
import { PasswordPolicy } from '../../src/identity/passwordPolicy';
import { PasswordProof } from '../../src/identity/passwordProof';
import { Passwords } from '../../src/identity/passwords';
import type { Role } from '../../src/identity/principal';
import { KeyEncryptionKeys, type CredentialKey } from '../../src/identity/sealing/keyEncryptionKeys';
import { TotpVault } from '../../src/identity/sealing/totpVault';
import { Sessions } from '../../src/identity/sessions';
import { generateSigningKey } from '../../src/identity/signing/generateSigningKey';
import { soleKey } from '../../src/identity/signing/soleKey';
import { LoginThrottle } from '../../src/security/loginThrottle';
import { MemoryReservations } from '../../src/security/reservations';
import type { AuditEntry } from '../../src/storage/trading/audit';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { openTestStorage } from './postgres';
import { TestServer } from './testServer';
import { openTradingRooms } from './tradingRooms';

export const stepMs = 30_000;

/** Somebody who can sign in, and what they keep on their phone and on paper. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

export interface Factors {
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/**
 * The real server over HTTP before the real identity and trading rooms on a real database, with a clock that stands still until it is
 * moved. Passwords are compared as they are: argon2 has tests of its own. The rates of fields let everything pass.
 */
export class FactorHouse {
  /** At the beginning of a time step. */
  #now = Math.floor(Date.now() / stepMs) * stepMs;
  readonly sealingKey: CredentialKey = { id: 'first', key: new Secret(randomBytes(32).toString('base64')) };
  readonly #stops: (() => Promise<void>)[] = [];
  #server: TestServer | null = null;

  private constructor(readonly database: Awaited<ReturnType<typeof openTestStorage>>) {
    this.#stops.push(() => database.stop());
  }

  static async open(): Promise<FactorHouse> {
    const house = new FactorHouse(await openTestStorage());
    await house.#start();
    return house;
  }

  get server(): TestServer {
    if (this.#server === null) throw new Error('the server is not up yet');
    return this.#server;
  }

  readonly clock = (): number => this.#now;

  advance(ms: number): void {
    this.#now += ms;
  }

  async stop(): Promise<void> {
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) await stop();
  }

  async addUser(...roles: Role[]): Promise<Person> {
    const person = { id: randomUUID(), email: `${randomUUID()}@example.org`, password: randomUUID() };
    await this.database.storage.users.saveByEmail({ ...person, passwordHash: person.password, roles });
    return person;
  }

  /** What the field `it` of a mutation gives on /auth/graphql, or the code of its error. */
  async auth<Answer>(mutation: string, accessToken?: string): Promise<Answer | string> {
    return this.#ask<Answer>('/auth/graphql', `mutation { it: ${mutation} }`, accessToken);
  }

  /** The same of a document on /graphql. */
  async ask<Answer>(query: string, accessToken?: string): Promise<Answer | string> {
    return this.#ask<Answer>('/graphql', query, accessToken);
  }

  async login({ email, password }: Person): Promise<Tokens & { readonly mfaChallenge: string | null }> {
    const fields = '{ accessToken refreshToken mfaChallenge }';
    const answer = await this.auth<Tokens & { mfaChallenge: string | null }>(
      `login(email: "${email}", password: "${password}") ${fields}`,
    );
    if (typeof answer === 'string') throw new Error(answer);
    return answer;
  }

  verify(challenge: string | null, code: string): Promise<Tokens | string> {
    return this.auth(`verifyMfa(challenge: "${challenge ?? ''}", code: "${code}") { accessToken refreshToken }`);
  }

  stepUp(code: string, accessToken: string): Promise<{ readonly accessToken: string } | string> {
    return this.auth(`stepUp(code: "${code}") { accessToken }`, accessToken);
  }

  async refresh({ refreshToken }: Tokens): Promise<Tokens> {
    const response = await fetch(`${this.server.httpUrl}/auth/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken }),
    });
    return (await response.json()) as Tokens;
  }

  /** The code that an authenticator app shows now, or so many steps from now. */
  codeOf(secret: string, steps = 0): string {
    return generateSync({ secret, epoch: (this.#now + steps * stepMs) / 1000 });
  }

  /** Switches a second factor on for whoever holds the token; the code of this moment is used up. */
  async enroll(accessToken: string): Promise<Factors> {
    const enrollment = await this.auth<{ otpauthUri: string }>('enrollMfa { otpauthUri qrCodeSvg }', accessToken);
    if (typeof enrollment === 'string') throw new Error(enrollment);
    const secret = new URL(enrollment.otpauthUri).searchParams.get('secret') ?? '';
    const recoveryCodes = await this.auth<string[]>(`confirmMfa(code: "${this.codeOf(secret)}")`, accessToken);
    if (typeof recoveryCodes === 'string') throw new Error(recoveryCodes);
    return { secret, recoveryCodes };
  }

  /** A user with a second factor whose next code is unused, and who has signed in with both just now. */
  async comeVerified(...roles: Role[]): Promise<Person & Factors & { readonly tokens: Tokens }> {
    const person = await this.addUser(...roles);
    const factors = await this.enroll((await this.login(person)).accessToken);
    this.advance(stepMs);
    const tokens = await this.verify((await this.login(person)).mfaChallenge, this.codeOf(factors.secret));
    if (typeof tokens === 'string') throw new Error(tokens);
    this.advance(stepMs);
    return { ...person, ...factors, tokens };
  }

  async rows<Row>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const operator = new Client({ connectionString: this.database.url });
    await operator.connect();
    try {
      return (await operator.query(text, [...values])).rows as Row[];
    } finally {
      await operator.end();
    }
  }

  async #ask<Answer>(path: string, query: string, accessToken?: string): Promise<Answer | string> {
    const authorization = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
    const { body, codes } = await this.server.post({ query }, { path, ...authorization });
    return codes.length > 0 ? String(codes[0]) : ((body.data?.['it'] ?? body.data) as Answer);
  }

  async #start(): Promise<void> {
    const { clock } = this;
    const { storage } = this.database;
    const [logger, newId] = [createLogger('silent'), randomUUID];
    const authority = new Authority({ clock, tokenTtlMs: 600_000, logger });
    const keys = soleKey(await generateSigningKey('ES256'));
    const tokens = new AccessTokens({ keys, issuer: 'tickgate', audience: 'tickgate', ttlS: 600, clock, newId });
    const metrics = createMetrics();
    const sessions = new Sessions({ store: storage.sessions, tokens, authority, clock, newId, logger, metrics });
    const reservations = new MemoryReservations({ clock, maxIdentities: 100_000 });
    const throttle = new LoginThrottle({ reservations, addresses: storage.signInAddresses, clock });
    const audit = (entry: AuditEntry): Promise<void> => storage.auditEntries.write(entry);
    const vault = new TotpVault(new KeyEncryptionKeys([this.sealingKey]));
    const { users, secondFactors: store } = storage;
    const secondFactors = new SecondFactors({ store, users, vault, sessions, authority, throttle, audit, clock });
    const hasher = {
      hash: (password: string) => Promise.resolve(password),
      verify: (hash: string | null, password: string) => Promise.resolve(hash === password),
      isOutdated: () => false,
    };
    const { passwords } = storage;
    const login = new LoginService({
      users,
      hasher,
      store: passwords,
      sessions,
      secondFactors,
      throttle,
      audit,
      clock,
      logger,
    });
    const policy = new PasswordPolicy();
    const proof = new PasswordProof({ users, hasher, throttle, audit, clock });
    const liveKeys = { revoke: () => undefined, untilKnown: () => Promise.resolve() };
    const rooms = await openTradingRooms(storage);
    this.#stops.push(() => rooms.stop());
    this.#server = await TestServer.start({
      login,
      secondFactors,
      sessions,
      passwords: new Passwords({ store: passwords, proof, hasher, policy, throttle, authority, clock }),
      verifier: { verify: (token) => authority.apply(tokens.verify(token)) },
      access: { clock },
      reservations: { take: () => Promise.resolve([]) },
      services: {
        ...rooms.services,
        clock,
        sessions,
        apiKeys: new ApiKeys({ store: storage.apiKeys, liveKeys, clock, newId }),
      },
    });
    this.#stops.push(() => this.server.stop());
  }
}
