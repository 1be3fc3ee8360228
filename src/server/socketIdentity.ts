import { AppError } from '../errors/appError';
import type { AuthorityChange } from '../identity/authorityChange';
import type { Principal } from '../identity/principal';
import { authenticate, type TokenVerifier } from '../security/authentication';
import type { Metrics } from '../telemetry/metrics';
import { closeCodes } from './closeCodes';
import type { Connection } from './connection';
import type { Connections } from './connections';

export interface SocketIdentityParts {
  readonly tokens: TokenVerifier;
  readonly connections: Connections;
  /** Asks the permission table again for what runs on a connection. */
  readonly reassess: (connection: Connection) => void;
  readonly metrics: Metrics;
}

/** Who is on a socket: since `connection_init`, with a fresh token in a `ping`, and after somebody has lost authority. */
export class SocketIdentity {
  constructor(private readonly parts: SocketIdentityParts) {}

  /** False where the connection is being closed instead: 4401 for bad credentials, 4403 for expired ones, 4420 for one socket too many. No credentials are nobody's, and the permission table decides. */
  begin(connection: Connection, authorization: unknown): boolean {
    const { connections, metrics } = this.parts;
    const principal = this.#authenticate(connection, authorization);
    if (principal === undefined) return false;
    const cap = connections.identify(connection, { principal });
    if (cap === null) return true;
    metrics.socketCapHits.inc({ cap });
    connection.close(closeCodes.tooManySockets);
    return false;
  }

  /** A fresh token on the living socket. Null where it was not good, or another's: the connection is being closed. */
  refresh(connection: Connection, authorization: unknown): Principal | null {
    const before = connection.identity;
    const principal = this.#authenticate(connection, authorization) ?? null;
    if (principal === null || before?.principal?.userId !== principal.userId) {
      connection.close(closeCodes.unauthenticated);
      return null;
    }
    this.#replace(connection, principal);
    return principal;
  }

  apply(change: AuthorityChange): void {
    for (const connection of this.parts.connections.concernedBy(change)) {
      const principal = connection.identity?.principal ?? null;
      if (change.kind !== 'rolesChanged') connection.close(closeCodes.unauthenticated);
      else if (principal !== null) this.#replace(connection, { ...principal, roles: change.roles });
    }
  }

  #replace(connection: Connection, principal: Principal): void {
    this.parts.connections.identify(connection, { principal });
    this.parts.reassess(connection);
  }

  /** Undefined where the connection is being closed over it. */
  #authenticate(connection: Connection, authorization: unknown): Principal | null | undefined {
    try {
      return authenticate(authorization, this.parts.tokens, connection.ip);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.parts.metrics.refusals.inc({ code: error.code, transport: 'ws' });
      const isExpired = error.extensions['reason'] === 'TOKEN_EXPIRED';
      connection.close(isExpired ? closeCodes.tokenExpired : closeCodes.unauthenticated);
      return undefined;
    }
  }
}
