import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import { sessionLife, type Proven, type SessionRecord, type SessionStore } from '../storage/identity/sessionStore';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import type { AccessTokens, IssuedToken } from './accessTokens';
import type { Authority } from './authority';
import { RefreshToken } from './refreshToken';

/** Of one user; beyond it the one that was seen least of late ends. */
const maxLiveSessions = 50;
const maxUserAgentLength = 256;

/** Who is on the other side of a sign-in, as far as that can be known. */
export interface Client {
  readonly ip: string | null;
  /** As it calls itself. */
  readonly userAgent: string | null;
}

/** What a client signs requests with, and what it goes on with after that. */
export interface SignedIn extends IssuedToken {
  /** Single use: every refresh gives another. */
  readonly refreshToken: string;
}

export interface SessionsParts {
  readonly store: Pick<SessionStore, keyof SessionStore>;
  readonly tokens: Pick<AccessTokens, 'issue'>;
  readonly authority: Pick<Authority, 'change'>;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'refreshTokensReused'>;
}

/** Sign-ins: how they begin, go on and end. Whatever ends one closes its sockets, on this node at once, on others as the database tells them. */
export class Sessions {
  constructor(private readonly parts: SessionsParts) {}

  /** To be asked for before somebody proves who they are, for `begin`. Null where there is no such user. */
  generationOf(userId: string): Promise<number | null> {
    return this.parts.store.generationOf(userId);
  }

  /**
   * For somebody who has just proven who they are; null where they were disabled in the meantime, or all their sessions were ended: by
   * another password, another second factor, an operator. isVerified: with a second factor as well, which their access tokens tell from now
   * on. Throws AppError SERVICE_LOCKED where nobody but admins is let in.
   */
  async begin(
    proven: Proven,
    client: Client,
    { isVerified = false }: { readonly isVerified?: boolean } = {},
  ): Promise<SignedIn | null> {
    const { store, tokens, clock, newId } = this.parts;
    const { userId, generation } = proven;
    const [id, at, token] = [newId(), clock(), RefreshToken.random()];
    const verifiedAt = isVerified ? at : null;
    const session = {
      id,
      userId,
      generation,
      at,
      expiresAt: at + sessionLife.absoluteMs,
      tokenHash: token.hash,
      verifiedAt,
    };
    const begun = await store.begin({ ...session, ...shortened(client) }, maxLiveSessions);
    if (begun === null) return null;
    if (begun === 'locked') throw new AppError('SERVICE_LOCKED', { extensions: { level: 'FULL' } });
    this.#tellEnded(begun.replaced);
    return { ...tokens.issue({ userId, roles: begun.roles, sessionId: id, verifiedAt }), refreshToken: token.text };
  }

  /**
   * A fresh access token and the next refresh token, for one that has not been used. Within 10 s of its use the same next one is
   * given again; after that whoever sends it has a copy of what somebody else used: the session ends, for both.
   * Throws AppError UNAUTHENTICATED with the reason SESSION_ENDED, the same for a token that never was.
   */
  async refresh(text: string, client: Client): Promise<SignedIn> {
    const { store, tokens, clock, logger, metrics } = this.parts;
    const token = RefreshToken.parse(text);
    if (token === null) throw sessionEnded();
    const salt = RefreshToken.newSalt();
    const outcome = await store.refresh({
      tokenHash: token.hash,
      successor: { hash: token.successor(salt).hash, salt },
      at: clock(),
      ...shortened(client),
    });
    if (outcome.kind === 'reused') {
      const { userId, sessionId } = outcome;
      this.#tellEnded([sessionId]);
      metrics.refreshTokensReused.inc();
      logger.fatal(
        { alarm: 'CRITICAL', code: 'REFRESH_TOKEN_REUSED', userId, sessionId, ip: client.ip },
        'a refresh token was used twice: somebody has a copy, and its session has been ended',
      );
    }
    if (outcome.kind !== 'refreshed') throw sessionEnded();
    const { userId, roles, sessionId, verifiedAt } = outcome;
    const issued = tokens.issue({ userId, roles, sessionId, verifiedAt });
    return { ...issued, refreshToken: token.successor(outcome.salt).text };
  }

  /**
   * A fresh access token of a session whose user has just proven a second factor. Throws AppError UNAUTHENTICATED with the reason
   * SESSION_ENDED where they have no such session that goes on.
   */
  async verify(userId: string, sessionId: string): Promise<IssuedToken> {
    const { store, tokens, clock } = this.parts;
    const verifiedAt = clock();
    const roles = await store.noteVerified(userId, sessionId, verifiedAt);
    if (roles === null) throw sessionEnded();
    return tokens.issue({ userId, roles, sessionId, verifiedAt });
  }

  /** Sign-out. A token that is none, or whose session has ended, changes nothing and is no failure. */
  async end(text: string, ip: string | null): Promise<void> {
    const { store, clock } = this.parts;
    const token = RefreshToken.parse(text);
    const ended = token === null ? null : await store.endByToken(token.hash, clock(), ip);
    if (ended !== null) this.#tellEnded([ended]);
  }

  /** False where the user has no such session: another's is not told from none. */
  async revoke(userId: string, sessionId: string, ip: string | null): Promise<boolean> {
    const { store, clock } = this.parts;
    const isEnded = await store.endOwn({ userId, sessionId, at: clock(), ip });
    if (isEnded) this.#tellEnded([sessionId]);
    return isEnded;
  }

  /** Those of the user that go on, the one refreshed last first. */
  async live(userId: string): Promise<readonly SessionRecord[]> {
    return this.parts.store.live(userId, this.parts.clock());
  }

  /** Null where the user has no such session that goes on. */
  async liveOne(userId: string, sessionId: string): Promise<SessionRecord | null> {
    return this.parts.store.liveOne(userId, sessionId, this.parts.clock());
  }

  #tellEnded(ids: readonly string[]): void {
    for (const sessionId of ids) this.parts.authority.change({ kind: 'sessionRevoked', sessionId });
  }
}

function shortened({ ip, userAgent }: Client): Client {
  return { ip, userAgent: userAgent?.slice(0, maxUserAgentLength) ?? null };
}

function sessionEnded(): AppError {
  return new AppError('UNAUTHENTICATED', {
    publicMessage: 'This session has ended. Sign in again.',
    extensions: { reason: 'SESSION_ENDED' },
  });
}
