import type { EpochMs } from '../../domain/marketData';
import type { SealedRecord } from '../../domain/sealedRecord';
import { AppError } from '../../errors/appError';
import type { Proof, SecondFactorStore } from '../../storage/identity/secondFactorStore';
import type { Proven } from '../../storage/identity/sessionStore';
import type { AuditEntry } from '../../storage/trading/audit';
import type { UserRepository } from '../../storage/user.repository';
import type { IssuedToken } from '../accessTokens';
import type { Authority } from '../authority';
import type { Principal } from '../principal';
import type { TotpVault } from '../sealing/totpVault';
import type { Client, Sessions, SignedIn } from '../sessions';
import { decideStepUp } from '../stepUp';
import { hashOfChallenge, newChallenge } from './challenge';
import { hashOfRecoveryCode, newRecoveryCodes } from './recoveryCodes';
import { isTotpCode, newTotpSecret, otpauthUri, stepOfCode } from './totp';

/** For how long a sign-in waits for a second factor. */
const challengeMs = 5 * 60_000;

/** How often codes may be tried. */
export interface CodeThrottle {
  /** Throws AppError RATE_LIMITED. */
  admitCode(userId: string): Promise<void>;
  /** To be told of whoever has proven who they are, and from where. */
  remember(userId: string, ip: string | null): Promise<void>;
}

export interface SecondFactorsParts {
  readonly store: Pick<SecondFactorStore, keyof SecondFactorStore>;
  readonly users: Pick<UserRepository, 'findById'>;
  readonly vault: Pick<TotpVault, 'seal' | 'open'>;
  readonly sessions: Pick<Sessions, 'begin' | 'verify'>;
  readonly authority: Pick<Authority, 'change'>;
  readonly throttle: CodeThrottle;
  /** A code that is refused is written down; one that is taken is written down by whoever uses it up. */
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly clock: () => EpochMs;
}

/** What proves somebody beside their password: codes of an authenticator app, each good once, and recovery codes. */
export class SecondFactors {
  constructor(private readonly parts: SecondFactorsParts) {}

  /** For somebody who has just proven their password: what they send back with a code, within 5 minutes, once. */
  async challenge({ userId, generation }: Proven, { ip, userAgent }: Client): Promise<string> {
    const { store, clock } = this.parts;
    const { text, hash } = newChallenge();
    const at = clock();
    await store.saveChallenge({ hash, userId, generation, expiresAt: at + challengeMs, at, ip, userAgent });
    return text;
  }

  /** Throws AppError MFA_FAILED, the same for a challenge that is not good (any more) and a code that is not; RATE_LIMITED, SEALING_UNAVAILABLE. */
  async verify(challenge: string, code: string, client: Client): Promise<SignedIn> {
    const { store, sessions, throttle, clock } = this.parts;
    const hash = hashOfChallenge(challenge);
    const waiting = hash === null ? null : await store.findChallenge(hash, clock());
    if (hash === null || waiting === null) return this.#refuse('mfa.verify', null, client);
    const { userId } = waiting;
    const proof = await this.#proofOf(userId, code);
    const proving = { action: 'mfa.verify', target: userId, userId, actor: userId, at: clock(), ...client };
    const isProven = proof !== null && (await store.answerChallenge(hash, { ...proving, proof }));
    const signedIn = isProven ? await sessions.begin(waiting, client, { isVerified: true }) : null;
    if (signedIn === null) return this.#refuse('mfa.verify', userId, client);
    await throttle.remember(userId, client.ip);
    return signedIn;
  }

  /**
   * A new secret, which counts once `confirm` was given a code of it. Whoever has a second factor proves it first: throws AppError
   * MFA_REQUIRED, STEP_UP_REQUIRED; SEALING_UNAVAILABLE.
   */
  async enroll(
    principal: Principal,
    ip: string | null,
  ): Promise<{ readonly otpauthUri: string; readonly qrCodeSvg: string }> {
    const { store, users, vault, clock } = this.parts;
    const { userId } = principal;
    const user = await users.findById(userId);
    if (user === null) throw new AppError('UNAUTHENTICATED');
    const mayReplace = user.mfaEnabled ? decideStepUp(principal, clock()) : true;
    if (mayReplace !== true) throw mayReplace;
    const secret = newTotpSecret();
    await store.savePending(userId, await vault.seal(userId, secret), { at: clock(), actor: userId, ip });
    const uri = otpauthUri(secret, user.email);
    // At the first enrolment: most processes never draw one.
    const { toString } = await import('qrcode');
    return { otpauthUri: uri, qrCodeSvg: await toString(uri, { type: 'svg' }) };
  }

  /**
   * Switches the enrolled secret on. Gives ten recovery codes, which nobody can be shown again; every other session of the user ends, and
   * this one has proven a second factor. Throws AppError MFA_FAILED, RATE_LIMITED, SEALING_UNAVAILABLE.
   */
  async confirm(principal: Principal, code: string, client: Client): Promise<readonly string[]> {
    const { store, authority, clock } = this.parts;
    const { userId, credential } = principal;
    const sealed = await store.findSecret(userId, false);
    const step = await this.#stepOf(userId, sealed, code);
    if (sealed === null || step === null) return this.#refuse('mfa.confirm', userId, client);
    const codes = newRecoveryCodes();
    const recoveryHashes = codes.map((each) => hashOfRecoveryCode(userId, each));
    const asking = { at: clock(), actor: userId, ip: client.ip };
    const ended = await store.confirm({ userId, sealed, step, recoveryHashes, except: credential.id, ...asking });
    if (ended === null) return this.#refuse('mfa.confirm', userId, client);
    for (const sessionId of ended) authority.change({ kind: 'sessionRevoked', sessionId });
    return codes;
  }

  /** A fresh access token of the same session, which tells that a second factor was proven now. Throws AppError MFA_FAILED, RATE_LIMITED, SEALING_UNAVAILABLE, UNAUTHENTICATED. */
  async stepUp(principal: Principal, code: string, client: Client): Promise<IssuedToken> {
    const { store, sessions, clock } = this.parts;
    const { userId, credential } = principal;
    const proof = await this.#proofOf(userId, code);
    const proving = { action: 'mfa.stepUp', target: credential.id, userId, actor: userId, at: clock(), ...client };
    const isProven = proof !== null && (await store.prove({ ...proving, proof }));
    return isProven ? sessions.verify(userId, credential.id) : this.#refuse('mfa.stepUp', userId, client);
  }

  /** What a text could be a proof of: six digits are never a recovery code. Null where it is no code of now. Counts as a try. */
  async #proofOf(userId: string, code: string): Promise<Proof | null> {
    const { store, throttle } = this.parts;
    if (!isTotpCode(code)) {
      await throttle.admitCode(userId);
      return { kind: 'RECOVERY_CODE', hash: hashOfRecoveryCode(userId, code) };
    }
    const step = await this.#stepOf(userId, await store.findSecret(userId, true), code);
    return step === null ? null : { kind: 'TOTP', step };
  }

  /** Counts as a try once there is something to try it on: who could not be told whether it was right is not to wait for that, too. */
  async #stepOf(userId: string, sealed: SealedRecord | null, code: string): Promise<number | null> {
    const { vault, throttle, clock } = this.parts;
    const secret = sealed === null ? null : await vault.open(userId, sealed);
    await throttle.admitCode(userId);
    return secret === null ? null : stepOfCode(secret, code, clock());
  }

  async #refuse(action: string, userId: string | null, client: Client): Promise<never> {
    const { audit, clock } = this.parts;
    const actor = action === 'mfa.verify' || userId === null ? 'anonymous' : userId;
    await audit({ at: clock(), actor, action, target: userId, outcome: 'refused: MFA_FAILED', ...client });
    throw new AppError('MFA_FAILED');
  }
}
