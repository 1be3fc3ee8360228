import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AppError } from '../errors/appError';
import type { AuthContext, AuthServices, GraphqlContext, GraphqlServices } from '../graphql/context';
import type { Admission } from '../security/admission';
import type { CallLimiter } from '../security/fieldRateLimiter';
import { authenticate, plainAddress, rateKeyOf, type TokenVerifier } from '../security/authentication';
import { limits } from '../security/limits';
import type { Lockdown } from '../security/lockdown';
import { isOriginAllowed } from '../security/originPolicy';
import { OperationCost, type RequestContext } from '../security/requestContext';
import type { HealthRegistry } from '../telemetry/health';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import { mountAuthSession } from './authSession';
import { ignoreForeignUpgrades } from './foreignUpgrade';
import { createClientErrorHandler, createErrorHandler } from './httpErrors';
import { addressOrNull, type Proxies } from './proxies';
import { assertGraphqlBody, parseJsonBody } from './requestBody';
import type { SecurityHeaders } from './securityHeaders';

export interface Endpoint<Context extends RequestContext, Services> {
  readonly apollo: ApolloServer<Context>;
  readonly admission: Admission;
  readonly services: Services;
}

export interface HttpAppParts {
  readonly main: Endpoint<GraphqlContext, GraphqlServices>;
  readonly auth: Endpoint<AuthContext, AuthServices>;
  readonly tokens: TokenVerifier;
  readonly callLimiter: CallLimiter;
  readonly proxies: Proxies;
  readonly lockdown: Pick<Lockdown, 'assertAdmits'>;
  readonly corsOrigins: readonly string[];
  readonly securityHeaders: SecurityHeaders;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What a page that may talk to us is told in answer to its preflight. */
const corsOptions = {
  methods: ['POST', 'DELETE'],
  allowedHeaders: [
    ...['content-type', 'authorization', 'apollo-require-preflight'],
    ...['content-digest', 'signature-input', 'signature'],
  ],
  exposedHeaders: ['x-request-id', 'retry-after'],
  maxAge: limits.http.preflightMaxAgeS,
};

/** For whoever looks at the page's network traffic: the page itself is not told. */
const foreignPage = 'Pages of this origin may not call this server: its operator has to list it in CORS_ORIGINS.';

const noPreflight =
  'OPTIONS is for the preflight of a page: with Origin and Access-Control-Request-Method. GraphQL is at POST /graphql.';

function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

const noAddress = 'The proxy on the way tells no address of yours: its operator has to set X-Forwarded-For to one.';

/** POST /graphql, POST /auth/graphql, POST and DELETE /auth/session, GET /livez, /readyz and /.well-known/jwks.json; nothing else. */
export async function createHttpApp(parts: HttpAppParts): Promise<FastifyInstance> {
  const { http } = limits;
  const { proxies } = parts;
  const onError = createErrorHandler(parts);
  const addUsualHeaders = (request: FastifyRequest, reply: FastifyReply): void => {
    void reply
      .headers(parts.securityHeaders)
      .header('x-request-id', request.id)
      .header('cache-control', reply.getHeader('cache-control') ?? 'no-store');
  };
  const app = fastify({
    bodyLimit: http.maxBodyBytes,
    requestTimeout: http.requestTimeoutMs,
    keepAliveTimeout: http.keepAliveTimeoutMs,
    http: { maxHeaderSize: http.maxHeaderBytes, headersTimeout: http.headersTimeoutMs },
    genReqId: () => randomUUID(),
    logger: false,
    trustProxy: proxies.isTrusted,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    clientErrorHandler: createClientErrorHandler(parts),
    frameworkErrors: (error, request, reply) => {
      addUsualHeaders(request, reply);
      onError(error, request, reply);
    },
  });
  ignoreForeignUpgrades(app.server);
  app.removeAllContentTypeParsers();
  const bodies = new WeakMap<FastifyRequest, Buffer>();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
      bodies.set(request, bytes);
      done(null, parseJsonBody(bytes));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setErrorHandler(onError);
  const mayCall = ({ raw, headers: { origin, host } }: FastifyRequest): boolean =>
    isOriginAllowed({ origin, host, isEncrypted: proxies.isEncrypted(raw) }, parts.corsOrigins);
  app.setNotFoundHandler((request) => {
    if (request.method !== 'OPTIONS') throw new AppError('NOT_FOUND');
    // A preflight of a page that may call us has been answered before.
    throw mayCall(request)
      ? new AppError('BAD_REQUEST', { publicMessage: noPreflight })
      : new AppError('FORBIDDEN', { publicMessage: foreignPage });
  });
  app.addHook('onRequest', ({ ip }, _reply, done) => {
    done(addressOrNull(ip) === null ? new AppError('BAD_REQUEST', { publicMessage: noAddress }) : undefined);
  });
  app.addHook('onSend', async (request, reply) => {
    addUsualHeaders(request, reply);
  });
  await app.register(cors, {
    // By request and not by a list, so that one function answers for the WebSocket as well.
    delegator: (request, done) => {
      // It would answer what is no preflight by itself, in plain text.
      done(null, { ...corsOptions, origin: mayCall(request), preflight: isPreflight(request) });
    },
  });
  const { tokens, lockdown } = parts;
  mountGraphql(app, { path: '/graphql', endpoint: parts.main, tokens, bodies, lockdown });
  // Whoever is not let in signs in there, and its table says what else stays open.
  mountGraphql(app, { path: '/auth/graphql', endpoint: parts.auth, tokens, bodies, lockdown: null });
  mountAuthSession(app, { sessions: parts.auth.services.sessions, callLimiter: parts.callLimiter });
  mountPlainRoutes(app, parts);
  return app;
}

function mountGraphql<Context extends RequestContext & { readonly services: Services }, Services>(
  app: FastifyInstance,
  options: {
    readonly path: string;
    readonly endpoint: Endpoint<Context, Services>;
    readonly tokens: TokenVerifier;
    /** Null: everybody is let in, also where the service is locked. */
    readonly lockdown: Pick<Lockdown, 'assertAdmits'> | null;
    /** The bytes of each request's body. */
    readonly bodies: WeakMap<FastifyRequest, Buffer>;
  },
): void {
  const { apollo, admission, services } = options.endpoint;
  const contexts = new WeakMap<FastifyRequest, RequestContext>();
  app.route({
    method: 'POST',
    url: options.path,
    preHandler: async (request) => {
      const body = assertGraphqlBody(request.body);
      const context = await contextOf(request, options);
      options.lockdown?.assertAdmits(context.principal);
      contexts.set(request, context);
      admission.assertText(body.query, body.variables);
    },
    handler: fastifyApolloHandler(apollo, {
      context: (request) => Promise.resolve({ ...contexts.get(request), services } as Context),
    }),
  });
}

async function contextOf(
  request: FastifyRequest,
  parts: { readonly tokens: TokenVerifier; readonly bodies: WeakMap<FastifyRequest, Buffer> },
): Promise<RequestContext> {
  const { method, url, headers } = request;
  const ip = plainAddress(request.ip);
  const [path = ''] = url.split('?');
  const body = parts.bodies.get(request) ?? Buffer.alloc(0);
  const principal = await authenticate({ ip, method, path, headers, body }, parts.tokens);
  return {
    principal,
    rateKey: rateKeyOf(principal, request.ip),
    cost: new OperationCost(),
    ip,
    userAgent: request.headers['user-agent'] ?? null,
    transport: 'http',
    requestId: request.id,
  };
}

const jwksPath = '/.well-known/jwks.json';

function mountPlainRoutes(app: FastifyInstance, parts: HttpAppParts): void {
  app.get('/', () => ({ name: 'Tickgate', graphql: '/graphql', auth: '/auth/graphql' }));
  app.get(jwksPath, async (request, reply) => {
    const decision = await parts.callLimiter('light', { name: jwksPath, who: rateKeyOf(null, request.ip) });
    if (decision !== true) throw decision;
    const keys = parts.auth.services.signingKeys.publicJwks();
    return reply.header('cache-control', `public, max-age=${limits.jwks.maxAgeS}`).send(keys);
  });
  app.get('/livez', () => ({ status: 'ok' }));
  // What is wrong is for the log: outside, ready or not is enough.
  app.get('/readyz', async (_request, reply) => {
    const { ready, degraded } = await parts.health.read();
    return reply.status(ready ? 200 : 503).send({ status: ready ? (degraded ? 'degraded' : 'ok') : 'unavailable' });
  });
}
