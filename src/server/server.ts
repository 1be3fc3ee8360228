import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { AuthContext, GraphqlContext } from '../graphql/context';
import { Admission } from '../security/admission';
import { applyPermissions } from '../security/applyPermissions';
import { limits } from '../security/limits';
import { TrustedOperations } from '../security/trustedOperations';
import { createApolloServer } from './apollo';
import { createHttpApp } from './httpApp';
import { listenErrorOf, type ListenAddress } from './listenError';
import { createMetricsServer } from './metricsServer';
import { Proxies } from './proxies';
import type { GuardedApi, ServerParts } from './serverParts';
import { attachSocketServer } from './socketServer';
import { createSocketParts } from './socketParts';

export interface RunningServer {
  readonly port: number;
  readonly metricsPort: number;
  /** Refuses new work, tells sockets to come back (1012), lets running requests end, and cuts off those that do not. */
  close(): Promise<void>;
}

/**
 * Both endpoints over HTTP, the WebSocket, health and metrics. Throws where the permission table does not cover a schema,
 * and a `ListenError` where a port cannot be had; what was started by then is stopped again.
 */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const stops: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let undo = stops.pop(); undo !== undefined; undo = stops.pop()) await undo();
  };
  try {
    return { ...(await startParts(parts, stops)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(parts: ServerParts, stops: (() => Promise<void>)[]): Promise<Omit<RunningServer, 'close'>> {
  const schema = guard(parts.main, parts);
  const authSchema = guard(parts.auth, parts);
  const main = {
    admission: new Admission({
      schema,
      table: parts.main.table,
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
      table: parts.auth.table,
      settings: parts.access,
      trustedOperations: anyOperation,
    }),
    services: parts.authServices,
  };
  const apollo = createApolloServer<GraphqlContext>({ ...parts, schema, admission: main.admission });
  const authApollo = createApolloServer<AuthContext>({ ...parts, schema: authSchema, admission: auth.admission });
  for (const part of [apollo, authApollo]) {
    await part.start();
    stops.push(() => part.stop());
  }

  const proxies = new Proxies(parts.http.trustedProxies);
  const metricsServer = createMetricsServer(parts);
  stops.push(() => closeServer(metricsServer));
  const app = await createHttpApp({
    ...parts,
    main: { ...main, apollo },
    auth: { ...auth, apollo: authApollo },
    proxies,
    corsOrigins: parts.http.corsOrigins,
    securityHeaders: parts.http.headers,
  });
  stops.push(() => drain(app));
  const socketParts = createSocketParts(parts, { schema, admission: main.admission });
  const sockets = attachSocketServer(app.server, { ...socketParts, proxies });
  stops.push(() => sockets.close());

  const address = { ...parts.http, portSetting: 'PORT', hostSetting: 'HOST' };
  await app.listen({ host: address.host, port: address.port }).catch((error: unknown) => {
    throw listenErrorOf(error, address);
  });
  await listen(metricsServer, { ...parts.metricsAddress, portSetting: 'METRICS_PORT', hostSetting: null });
  return { port: portOf(app.server), metricsPort: portOf(metricsServer) };
}

/** Lets running requests end. Node stops looking at their age once a server closes: one whose body never comes would hold it open for ever. */
async function drain(app: FastifyInstance): Promise<void> {
  const impatience = setTimeout(() => {
    app.server.closeAllConnections();
  }, limits.http.drainTimeoutMs);
  await app.close();
  clearTimeout(impatience);
}

function guard({ schema, table }: GuardedApi, parts: ServerParts): GraphQLSchema {
  const { access: settings, rateLimiter, costLimiter, lockdown, denials } = parts;
  return applyPermissions(schema, { table, settings, rateLimiter, costLimiter, lockdown, denials });
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      reject(listenErrorOf(error, address));
    };
    server.once('error', onError);
    server.listen(address.port, address.host, () => {
      server.off('error', onError);
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
