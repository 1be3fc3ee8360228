import { randomUUID } from 'node:crypto';
import type { Config } from './config/config';
import type { AuthServices } from './graphql/context';
import { ApiKeys } from './identity/apiKeys/apiKeys';
import { isApiKeyText } from './identity/apiKeys/apiKeyText';
import { LiveApiKeys } from './identity/apiKeys/liveApiKeys';
import { RequestSignatures } from './identity/apiKeys/requestSignatures';
import { AccessTokens } from './identity/accessTokens';
import { Authority } from './identity/authority';
import { ensureDemoUsers, type DemoUser } from './identity/demoUsers';
import { IdentityError } from './identity/identityError';
import { LoginService } from './identity/loginService';
import { PasswordHasher } from './identity/passwordHasher';
import { PasswordPolicy } from './identity/passwordPolicy';
import { PasswordProof } from './identity/passwordProof';
import { PasswordResetMails } from './identity/passwordResetMails';
import { Passwords } from './identity/passwords';
import { PersonalData, type PersonalDataParts } from './identity/personalData';
import type { KeyEncryptionKeys } from './identity/sealing/keyEncryptionKeys';
import { Sessions } from './identity/sessions';
import { Users } from './identity/users';
import { Mailer } from './mail/mailer';
import type { TokenVerifier } from './security/authentication';
import { limits } from './security/limits';
import { LoginThrottle } from './security/loginThrottle';
import type { Reservations } from './security/reservations';
import type { UsedNonces } from './security/usedNonces';
import { startKeyRing, type KeyRingTiming } from './startKeyRing';
import { startSecondFactors } from './startSecondFactors';
import type { Storage } from './storage/storage';
import type { AuditEntry } from './storage/trading/audit';
import type { UserChanges } from './storage/userChanges';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { HealthRegistry } from './telemetry/health';
import type { Logger } from './telemetry/logger';
import type { Metrics } from './telemetry/metrics';

const pruneEveryMs = 3_600_000;
const flushEveryMs = 60_000;
/** Keys that have ended stay for so long, for whoever looks into what they did. */
const keysKeptMs = 90 * 86_400_000;

export interface IdentityStart {
  readonly config: Config;
  readonly sealingKeys: KeyEncryptionKeys;
  readonly storage: Storage;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly runner: BackgroundRunner;
  readonly health: HealthRegistry;
  readonly onProgress: (message: string) => void;
  /** Rate limits, shared with other nodes where there is a Redis. */
  readonly reservations: Reservations;
  /** Of signed requests, shared likewise. */
  readonly nonces: UsedNonces;
  readonly keyTiming?: KeyRingTiming;
  readonly spreadMs?: number | undefined;
  readonly stops: (() => Promise<void>)[];
}

/** Users that everybody may sign in as. isNew: made by this start. */
export interface Demo {
  readonly users: readonly DemoUser[];
  readonly isNew: boolean;
  readonly file: string;
}

export interface Identity {
  readonly authority: Authority;
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions;
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  /** Once there is trading: what a person takes along is ended there first. */
  personalData(trading: Pick<PersonalDataParts, 'removePaperAccounts'>): PersonalData;
  readonly authServices: AuthServices;
  /** Other values of secrets, while the server runs. */
  readonly use: {
    /** Throws IdentityError where passwords would not open any more: then nothing has changed. */
    readonly peppers: (peppers: Config['passwords']['peppers']) => Promise<void>;
    /** False where no mail was sent before, which a start alone changes. */
    readonly mailServer: (server: NonNullable<Config['mail']['smtp']>) => boolean;
    /** Those that seal were found to be of use, whether they are those of before or others. */
    readonly sealingKeys: () => void;
  };
  /** Development only. */
  readonly demo: Demo | null;
}

/** Who somebody is and for how long: keys, tokens, users and what is taken from them. */
export async function startIdentity(parts: IdentityStart): Promise<Identity> {
  const { config, storage, clock, logger, reservations, stops } = parts;
  const authority = new Authority({ clock, tokenTtlMs: config.tokens.ttlS * 1000, logger });
  const keys = await startKeyRing({ ...parts, authority });
  const tokens = new AccessTokens({ ...config.tokens, keys, clock, newId: randomUUID });
  const hasher = await startHasher(parts);
  const demo =
    config.mode === 'development'
      ? await ensureDemoUsers({ dataDir: config.dataDir, users: storage.users, hasher })
      : null;
  const userChanges = followUsers({ ...parts, authority });
  stops.push(() => userChanges.stop());
  await userChanges.start();
  const sessions = new Sessions({ ...parts, store: storage.sessions, tokens, authority, newId: randomUUID });
  const liveKeys = await followApiKeys({ ...parts, authority });
  stops.push(pruneNowAndThen(parts));
  const policy = new PasswordPolicy();
  const throttle = new LoginThrottle({ reservations, addresses: storage.signInAddresses, clock });
  const mailer = startMailer(parts);
  const { secondFactors, reseal } = startSecondFactors({ ...parts, sessions, authority, throttle });
  const { passwords: store, users } = storage;
  const audit = (entry: AuditEntry): Promise<void> => storage.auditEntries.write(entry);
  const proof = new PasswordProof({ users, hasher, throttle, audit, clock });
  return {
    authority,
    sessions,
    users: new Users({
      store: storage.userAdministration,
      secondFactors: storage.secondFactors,
      hasher,
      policy,
      clock,
      newId: randomUUID,
    }),
    apiKeys: new ApiKeys({ store: storage.apiKeys, liveKeys, clock, newId: randomUUID }),
    personalData: (trading) =>
      new PersonalData({
        ...trading,
        store: storage.personalData,
        erasures: storage.erasures,
        proof,
        hasher,
        authority,
        audit,
        limits: limits.export,
        clock,
      }),
    verifier: {
      verify: async (token, request) =>
        authority.apply(isApiKeyText(token) ? await liveKeys.verify(token, request) : tokens.verify(token)),
    },
    authServices: {
      login: new LoginService({
        users,
        hasher,
        store,
        sessions,
        secondFactors,
        throttle,
        audit,
        clock,
        logger,
      }),
      secondFactors,
      passwords: new Passwords({ store, proof, hasher, policy, throttle, authority, clock }),
      resetMails: new PasswordResetMails({
        mailer,
        resetPageUrl: config.mail.resetPageUrl,
        users,
        store,
        throttle,
        audit,
        runner: parts.runner,
        metrics: parts.metrics,
        clock,
        maxUnderWay: limits.mail.maxUnderWay,
      }),
      sessions,
      signingKeys: keys,
    },
    use: {
      peppers: (peppers) => usePeppers({ hasher, storage }, peppers),
      mailServer: (server) => {
        mailer?.use(server);
        return mailer !== null;
      },
      sealingKeys: reseal,
    },
    demo: demo === null ? null : { users: demo.demoUsers, isNew: demo.isNew, file: demo.file },
  };
}

/** Null where no mail server is set. */
function startMailer({ config, logger, metrics, stops }: IdentityStart): Mailer | null {
  const { smtp, from } = config.mail;
  if (smtp === null || from === null) return null;
  const mailer = new Mailer({ server: smtp, from, limits: limits.mail, logger, metrics, random: Math.random });
  stops.push(() => mailer.stop());
  return mailer;
}

async function startHasher({ config, storage, logger, spreadMs }: IdentityStart): Promise<PasswordHasher> {
  const { peppers } = config.passwords;
  const count = await storage.passwords.countPepperedOtherwise(peppers.map(({ id }) => id));
  if (count > 0)
    logger.warn(
      { users: count },
      'passwords were hashed with a pepper that PASSWORD_PEPPERS does not hold: their users need it, or a new password',
    );
  const hasher = new PasswordHasher(peppers, { spreadMs });
  await hasher.prepare();
  return hasher;
}

/** Refuses what would leave users without their password: a start, which somebody watches, only warns of it. */
async function usePeppers(
  { hasher, storage }: { readonly hasher: PasswordHasher; readonly storage: Pick<Storage, 'passwords'> },
  next: Config['passwords']['peppers'],
): Promise<void> {
  const kept = new Set(next.map(({ id }) => id));
  const hashing = hasher.pepperIds.find((id) => !kept.has(id) && hasher.mayHash(id));
  if (hashing !== undefined) {
    throw new IdentityError(
      `PASSWORD_PEPPERS lacks ${hashing}, which is hashed with, or was on a node minutes ago: put it back, behind the new one.`,
    );
  }
  const lost = await storage.passwords.countPepperedOtherwise(next.map(({ id }) => id));
  const lostBefore = await storage.passwords.countPepperedOtherwise(hasher.pepperIds);
  if (lost > lostBefore) {
    throw new IdentityError(
      `PASSWORD_PEPPERS lacks one that the passwords of ${lost} users were hashed with: put it back, behind the new one.`,
    );
  }
  await hasher.use(next);
}

/** Sessions that nobody can go on with, and addresses that nobody signs in from, are forgotten. Gives what ends that. */
function pruneNowAndThen({ storage, clock, runner }: IdentityStart): () => Promise<void> {
  const pruning = setInterval(() => {
    runner.run('pruning of sessions', () => storage.sessions.prune(clock()));
    runner.run('pruning of challenges', () => storage.secondFactors.prune(clock()));
    runner.run('pruning of API keys', () => storage.apiKeys.prune(clock() - keysKeptMs));
    runner.run('pruning of sign-in addresses', () =>
      storage.signInAddresses.prune(clock() - limits.loginThrottle.knownForMs),
    );
  }, pruneEveryMs);
  return () => {
    clearInterval(pruning);
    return Promise.resolve();
  };
}

/** Lets the API keys that the database holds be good, and writes down now and then when they were used. */
async function followApiKeys(parts: IdentityStart & { readonly authority: Authority }): Promise<LiveApiKeys> {
  const { storage, authority, nonces, clock, runner, logger, stops } = parts;
  const signatures = new RequestSignatures({ nonces, clock });
  const liveKeys = new LiveApiKeys({ store: storage.apiKeys, authority, signatures, clock });
  const following = storage.apiKeyChanges({
    onReading: (keys, readAt) => {
      liveKeys.take(keys, readAt);
    },
    onNotification: (payload) => {
      const id = /^(\S+) revoked$/.exec(payload)?.[1];
      if (id !== undefined) liveKeys.revoke(id);
    },
    clock,
    runner,
    logger,
    random: Math.random,
    timing: { pollMs: 5_000, answerWithinMs: 2_000, firstRetryMs: 200, longestRetryMs: 10_000 },
  });
  stops.push(() => following.stop());
  await following.start();
  const flushing = setInterval(() => {
    runner.run('uses of API keys', () => liveKeys.flushUses());
  }, flushEveryMs);
  stops.push(() => {
    clearInterval(flushing);
    return liveKeys.flushUses();
  });
  return liveKeys;
}

/** Lets what the database says of users count for the tokens that they have. */
function followUsers(parts: IdentityStart & { readonly authority: Authority }): UserChanges {
  const { storage, authority, runner, logger } = parts;
  return storage.userChanges({
    lookBackMs: authority.memoryMs,
    onUser: (user) => {
      authority.learn(user);
    },
    onDoubt: (userId) => {
      authority.change({ kind: 'userDisabled', userId });
    },
    onSessionEnd: (sessionId) => {
      authority.change({ kind: 'sessionRevoked', sessionId });
    },
    runner,
    logger,
    random: Math.random,
  });
}
