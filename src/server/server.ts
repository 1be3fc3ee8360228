import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { buildAuthSchema, buildMainSchema } from '../graphql/buildSchemas';
import type { AuthContext, AuthServices, GraphqlContext, GraphqlServices } from '../graphql/context';
import { Admission } from '../security/admission';
import { applyPermissions } from '../security/applyPermissions';
import type { TokenVerifier } from '../security/authentication';
import type { FieldRateLimiter } from '../security/fieldRateLimiter';
import type { IntrospectionSettings } from '../security/introspection';
import { authTable, mainTable, type PermissionTable } from '../security/permissions';
import { TrustedOperations } from '../security/trustedOperations';
import type { HealthRegistry } from '../telemetry/health';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import { createApolloServer } from './apollo';
import { createHttpApp } from './httpApp';
import { createMetricsServer } from './metricsServer';
import { attachSocketServer } from './socketServer';

export interface ServerParts {
  readonly http: { readonly host: string; readonly port: number; readonly corsOrigins: readonly string[] };
  readonly metricsAddress: { readonly host: string; readonly port: number };
  readonly access: IntrospectionSettings;
  readonly trustedOperations: TrustedOperations;
  readonly rateLimiter: FieldRateLimiter;
  readonly tokens: TokenVerifier;
  readonly services: GraphqlServices;
  readonly authServices: AuthServices;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface RunningServer {
  readonly port: number;
  readonly metricsPort: number;
  /** Refuses new work, tells sockets to come back (1012), lets running requests end. */
  close(): Promise<void>;
}

/** Both endpoints over HTTP, the WebSocket, health and metrics. Throws where the permission table does not cover a schema. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const schema = guard(buildMainSchema(), mainTable, parts);
  const authSchema = guard(buildAuthSchema(), authTable, parts);
  const main = {
    admission: new Admission({
      schema,
      table: mainTable,
      settings: parts.access,
      trustedOperations: parts.trustedOperations,
    }),
    services: parts.services,
  };
  // The login itself is no operation that a page could be denied.
  const anyOperation = new TrustedOperations(null);
  const auth = {
    admission: new Admission({
      schema: authSchema,
      table: authTable,
      settings: parts.access,
      trustedOperations: anyOperation,
    }),
    services: parts.authServices,
  };
  const apollo = createApolloServer<GraphqlContext>({ ...parts, schema, admission: main.admission });
  const authApollo = createApolloServer<AuthContext>({ ...parts, schema: authSchema, admission: auth.admission });
  await Promise.all([apollo.start(), authApollo.start()]);

  const app = await createHttpApp({
    ...parts,
    main: { ...main, apollo },
    auth: { ...auth, apollo: authApollo },
    corsOrigins: parts.http.corsOrigins,
  });
  const sockets = attachSocketServer(app.server, {
    ...parts,
    main,
    schema,
    clock: parts.access.clock,
    corsOrigins: parts.http.corsOrigins,
  });
  await app.listen({ host: parts.http.host, port: parts.http.port });
  const metricsServer = createMetricsServer(parts.metrics);
  await listen(metricsServer, parts.metricsAddress);

  return {
    port: portOf(app.server),
    metricsPort: portOf(metricsServer),
    async close() {
      await sockets.close();
      await app.close();
      await Promise.all([apollo.stop(), authApollo.stop(), closeServer(metricsServer)]);
    },
  };
}

function guard(schema: GraphQLSchema, table: PermissionTable, parts: ServerParts): GraphQLSchema {
  return applyPermissions(schema, { table, settings: parts.access, rateLimiter: parts.rateLimiter });
}

function listen(server: Server, address: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
