import type { GraphQLSchema } from 'graphql';
import type { AuthServices, GraphqlServices } from '../graphql/context';
import type { AuthorityChange } from '../identity/authorityChange';
import type { TokenVerifier } from '../security/authentication';
import type { DeniedCalls } from '../security/deniedCalls';
import type { CostLimiter } from '../security/costLimiter';
import type { CallLimiter, FieldRateLimiter } from '../security/fieldRateLimiter';
import type { IntrospectionSettings } from '../security/introspection';
import type { Lockdown } from '../security/lockdown';
import type { PermissionTable } from '../security/permissions';
import type { TrustedOperations } from '../security/trustedOperations';
import type { HealthRegistry } from '../telemetry/health';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import type { SecurityHeaders } from './securityHeaders';
import type { SocketCaps } from './socketCaps';

/** A schema as it was built, and the table that guards it. */
export interface GuardedApi {
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
}

/** How live streams are served. */
export interface StreamSettings {
  /** Subscribers who are sent the same share one execution; false executes every subscription for its reader alone. */
  readonly sharedExecution: boolean;
  /** What comes within this time goes to a socket in one write; 0: what comes within a turn of the event loop. */
  readonly flushWindowMs: number;
  readonly caps: SocketCaps;
}

export interface ServerParts {
  readonly main: GuardedApi;
  readonly auth: GuardedApi;
  readonly streams: StreamSettings;
  /** Tells who has lost authority, as it happens. */
  readonly authority: { subscribe(listener: (change: AuthorityChange) => void): () => void };
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Addresses, ranges and names as `proxy-addr` reads them. */
    readonly trustedProxies: readonly string[];
    readonly corsOrigins: readonly string[];
    readonly headers: SecurityHeaders;
  };
  readonly metricsAddress: { readonly host: string; readonly port: number };
  readonly access: IntrospectionSettings;
  readonly trustedOperations: TrustedOperations;
  readonly rateLimiter: FieldRateLimiter;
  readonly costLimiter: CostLimiter;
  /** For what is no field. */
  readonly callLimiter: CallLimiter;
  readonly lockdown: Pick<Lockdown, 'assertAdmits' | 'decide' | 'subscribe'>;
  readonly denials: Pick<DeniedCalls, 'record'>;
  readonly tokens: TokenVerifier;
  readonly services: GraphqlServices;
  readonly authServices: AuthServices;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
