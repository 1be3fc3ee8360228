import { AppError } from '../errors/appError';
import type { AuthorityChange } from '../identity/authorityChange';
import type { Principal } from '../identity/principal';
import { authenticate, type TokenVerifier } from '../security/authentication';
import type { Lockdown } from '../security/lockdown';
import type { Metrics } from '../telemetry/metrics';
import type { PayloadHeaders } from './clientMessages';
import { closeCodes, type CloseReason } from './closeCodes';
import type { Connection } from './connection';
import type { Connections } from './connections';

/** What a socket's credentials are signed for: its upgrade. */
const upgrade = { method: 'GET', path: '/graphql', body: null } as const;
/** As much as a close frame carries. */
const maxReasonLength = 123;

export interface SocketIdentityParts {
  readonly tokens: TokenVerifier;
  readonly connections: Connections;
  readonly lockdown: Pick<Lockdown, 'assertAdmits'>;
  /** Asks the permission table again for what runs on a connection. */
  readonly reassess: (connection: Connection) => void;
  readonly metrics: Metrics;
}

/** Who is on a socket: since `connection_init`, with a fresh token in a `ping`, and after somebody has lost authority. */
export class SocketIdentity {
  constructor(private readonly parts: SocketIdentityParts) {}

  /** False where the connection is being closed instead: 4401 for bad credentials, 4403 for expired ones, 4423 in a lockdown, 4420 for one socket too many. No credentials are nobody's, and the permission table decides. */
  async begin(connection: Connection, headers: PayloadHeaders): Promise<boolean> {
    const { connections, metrics } = this.parts;
    const principal = await this.#authenticate(connection, headers);
    if (principal === undefined) return false;
    const cap = connections.identify(connection, { principal });
    if (cap === null) return true;
    metrics.socketCapHits.inc({ cap });
    connection.close(closeCodes.tooManySockets);
    return false;
  }

  /** A fresh token on the living socket. Null where it was not good, or another's: the connection is being closed. */
  async refresh(connection: Connection, headers: PayloadHeaders): Promise<Principal | null> {
    const principal = (await this.#authenticate(connection, headers)) ?? null;
    if (principal === null || connection.identity?.principal?.userId !== principal.userId) {
      connection.close(closeCodes.unauthenticated);
      return null;
    }
    this.#replace(connection, principal);
    return principal;
  }

  /** Everybody's socket, admins' too: their sessions have ended with the others. */
  lock(): void {
    this.parts.connections.closeAll(closeCodes.serviceLocked);
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
  async #authenticate(connection: Connection, headers: PayloadHeaders): Promise<Principal | null | undefined> {
    try {
      const principal = await authenticate({ ...upgrade, ip: connection.ip, headers }, this.parts.tokens);
      this.parts.lockdown.assertAdmits(principal);
      return principal;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.parts.metrics.refusals.inc({ code: error.code, transport: 'ws' });
      connection.close(endingOf(error));
      return undefined;
    }
  }
}

/** Of a signature is told what was wrong with it: there is no other place for it. */
function endingOf({ code, publicMessage, extensions }: AppError): CloseReason {
  if (extensions['reason'] === 'TOKEN_EXPIRED') return closeCodes.tokenExpired;
  if (code === 'SERVICE_LOCKED') return closeCodes.serviceLocked;
  if (!code.startsWith('SIGNATURE_')) return closeCodes.unauthenticated;
  const { code: closeCode } = code === 'SIGNATURE_UNCHECKABLE' ? closeCodes.tryAgainLater : closeCodes.unauthenticated;
  return { code: closeCode, reason: `${code}: ${publicMessage}`.slice(0, maxReasonLength) };
}
