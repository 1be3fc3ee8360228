import { randomUUID } from 'node:crypto';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { headerKeys } from '../../src/config/headerKeys';
import { AccessTokens } from '../../src/identity/accessTokens';
import type { Role } from '../../src/identity/principal';
import { SigningKey } from '../../src/identity/signing/signingKey';
import { soleKey } from '../../src/identity/signing/soleKey';
import { createCostLimiter } from '../../src/security/costLimiter';
import { createCallLimiter, createFieldRateLimiter } from '../../src/security/fieldRateLimiter';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import { AccessReview } from '../../src/security/accessReview';
import { limits } from '../../src/security/limits';
import { Lockdown } from '../../src/security/lockdown';
import { authTable, mainTable } from '../../src/security/permissions';
import { MemoryReservations, type Budgets, type Reservations } from '../../src/security/reservations';
import { TrustedOperations } from '../../src/security/trustedOperations';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import type { AuthServices, GraphqlServices } from '../../src/graphql/context';
import type { UserView } from '../../src/graphql/user/userReader';
import { startServer, type RunningServer } from '../../src/server/server';
import type { GuardedApi, ServerParts } from '../../src/server/serverParts';
import { securityHeaders, type SecurityHeaderSettings } from '../../src/server/securityHeaders';
import type { SocketCaps } from '../../src/server/socketCaps';
import { HealthRegistry } from '../../src/telemetry/health';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics';
import { FakeMarket } from './fakeMarket';
import { rsaKey } from './keyPairs';

/** One RSA-3072 key a test process: making one takes a second. */
let sharedKey: SigningKey | null = null;
function signingKey(): SigningKey {
  sharedKey ??= new SigningKey(rsaKey(3072));
  return sharedKey;
}

/** As in production where nothing is set. */
export const productionHeaders: SecurityHeaderSettings = {
  contentSecurityPolicy: headerKeys.CONTENT_SECURITY_POLICY.default,
  frameOptions: headerKeys.X_FRAME_OPTIONS.default,
  xssProtection: headerKeys.X_XSS_PROTECTION.default,
  strictTransportSecurity: headerKeys.STRICT_TRANSPORT_SECURITY.defaultInProduction,
  referrerPolicy: headerKeys.REFERRER_POLICY.default,
};

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly data?: Record<string, unknown> | null;
    readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
  };
  /** `extensions.code` of each error. */
  readonly codes: readonly unknown[];
}

export interface TestServerOptions {
  readonly access?: Partial<ServerParts['access']>;
  readonly trustedOperations?: TrustedOperations;
  readonly reservations?: Reservations;
  /** Left out where `reservations` are given: nobody is refused for what documents cost. */
  readonly budgets?: Budgets;
  readonly trustedProxies?: readonly string[];
  readonly corsOrigins?: readonly string[];
  readonly tokenTtlS?: number;
  readonly login?: AuthServices['login'];
  readonly secondFactors?: AuthServices['secondFactors'];
  readonly sessions?: AuthServices['sessions'];
  readonly passwords?: AuthServices['passwords'];
  readonly resetMails?: AuthServices['resetMails'];
  readonly users?: readonly UserView[];
  /** Services of a real room, in place of those that fail when they are asked. */
  readonly services?: Partial<GraphqlServices>;
  /** False: every subscription is executed for its reader alone. */
  readonly sharedExecution?: boolean;
  readonly flushWindowMs?: number;
  readonly caps?: Partial<SocketCaps>;
  /** A schema other than the project's. */
  readonly main?: GuardedApi;
  /** Streams other than those that the test feeds by hand. */
  readonly marketStreams?: GraphqlServices['marketStreams'];
  /** Who a token speaks for, where it is none of `tokens`. */
  readonly verifier?: ServerParts['tokens'];
  /** Nothing is locked where nothing is said. */
  readonly lockdown?: Lockdown;
  /** Told of denied mutations. */
  readonly denials?: ServerParts['denials'];
  /** Any free one where nothing is said. */
  readonly ports?: Readonly<Partial<Record<'PORT' | 'METRICS_PORT', number>>>;
}

/** A room that a test has not opened: whoever calls it has found a test that needs it. */
function closedRoom(name: string): never {
  const refuse = (): never => {
    throw new Error(`${name} is not open in this test`);
  };
  return new Proxy({}, { get: refuse }) as never;
}

/** A closed room of which some things may be asked. */
function openFor<Service extends object>(name: string, answers: Partial<Service>): Service {
  return Object.assign(Object.create(closedRoom(name)) as Service, answers);
}

const closedRooms: Omit<GraphqlServices, 'clock' | 'access' | 'marketData' | 'marketStreams' | 'users'> = {
  // Reached by whoever asks for a node of any kind.
  sessions: openFor<GraphqlServices['sessions']>('sessions', { liveOne: () => Promise.resolve(null) }),
  apiKeys: openFor<GraphqlServices['apiKeys']>('API keys', { liveOne: () => Promise.resolve(null) }),
  auditLog: openFor<GraphqlServices['auditLog']>('the audit log', { entry: () => Promise.resolve(null) }),
  doctor: closedRoom('the doctor'),
  personalData: closedRoom('personal data'),
  userAdministration: closedRoom('the administration of users'),
  accounts: closedRoom('accounts'),
  accountApprovals: closedRoom('the approvals of accounts'),
  accountGrants: closedRoom('the grants of accounts'),
  accountViews: closedRoom('the reader of accounts'),
  analystsSeeAll: false,
  accountStreams: closedRoom('the streams of accounts'),
  trading: closedRoom('trading'),
  tradingReader: closedRoom('the reader of trading'),
  orderEstimates: closedRoom('the estimates of orders'),
  tradingStates: closedRoom('the states of trading'),
  pnlDays: closedRoom('the profits of days'),
};

/** Stand-ins for the market services behind the real server: real HTTP, real WebSocket, real tokens. */
export class TestServer {
  private constructor(
    readonly running: RunningServer,
    readonly market: FakeMarket,
    readonly tokens: AccessTokens,
    readonly metrics: Metrics,
    readonly health: HealthRegistry,
    /** Takes authority from whoever is connected, as the identity room would. */
    readonly changeAuthority: (change: AuthorityChange) => void,
  ) {}

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const market = new FakeMarket();
    const metrics = createMetrics();
    const health = new HealthRegistry();
    const tokens = new AccessTokens({
      keys: soleKey(signingKey()),
      issuer: 'tickgate',
      audience: 'tickgate',
      ttlS: options.tokenTtlS ?? 600,
      clock: Date.now,
      newId: randomUUID,
    });
    const memory = new MemoryReservations({ clock: Date.now, maxIdentities: limits.rateLimiter.maxIdentities });
    const reservations = options.reservations ?? memory;
    const budgets =
      options.budgets ?? (options.reservations === undefined ? memory : { spend: () => Promise.resolve(0) });
    const followers = new Set<(change: AuthorityChange) => void>();
    const main = options.main ?? { schema: buildMainSchema(), table: mainTable };
    const access = { publicMarketData: false, introspection: true, clock: Date.now, ...options.access };
    const trustedOperations = options.trustedOperations ?? new TrustedOperations(null);
    const running = await startServer({
      main,
      auth: { schema: buildAuthSchema(), table: authTable },
      streams: {
        sharedExecution: options.sharedExecution ?? true,
        flushWindowMs: options.flushWindowMs ?? 0,
        caps: { ...limits.socket, maxSocketsPerAddress: 10_000, ...options.caps },
      },
      authority: {
        subscribe: (listener) => {
          followers.add(listener);
          return () => followers.delete(listener);
        },
      },
      http: {
        host: '127.0.0.1',
        port: options.ports?.PORT ?? 0,
        trustedProxies: options.trustedProxies ?? [],
        corsOrigins: options.corsOrigins ?? [],
        headers: securityHeaders(productionHeaders),
      },
      metricsAddress: { host: '127.0.0.1', port: options.ports?.METRICS_PORT ?? 0 },
      access,
      trustedOperations,
      rateLimiter: createFieldRateLimiter({ reservations, clock: Date.now }),
      costLimiter: createCostLimiter(budgets),
      callLimiter: createCallLimiter({ reservations, clock: Date.now }),
      lockdown: options.lockdown ?? new Lockdown({ clock: () => 0 }),
      denials: options.denials ?? { record: () => Promise.resolve() },
      tokens: options.verifier ?? tokens,
      services: {
        clock: Date.now,
        access: new AccessReview({ ...main, settings: access, trustedOperations }),
        marketData: market.marketData,
        marketStreams: options.marketStreams ?? market.marketStreams,
        users: { findById: (id) => Promise.resolve(options.users?.find((user) => user.id === id) ?? null) },
        ...closedRooms,
        ...options.services,
      },
      authServices: {
        login: options.login ?? { login: () => Promise.reject(new Error('no login in this test')) },
        secondFactors: options.secondFactors ?? closedRoom('second factors'),
        passwords: options.passwords ?? closedRoom('passwords'),
        resetMails: options.resetMails ?? closedRoom('mails'),
        sessions: options.sessions ?? closedRoom('sessions'),
        signingKeys: { publicJwks: () => ({ keys: [signingKey().jwk] }) },
      },
      health,
      logger: createLogger('silent'),
      metrics,
    });
    return new TestServer(running, market, tokens, metrics, health, (change) => {
      for (const follow of followers) follow(change);
    });
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.running.port}`;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.running.port}/graphql`;
  }

  /** Somebody in these roles, who has just proven a second factor. */
  bearer(...roles: Role[]): string {
    return `Bearer ${this.tokens.issue({ userId: randomUUID(), roles, verifiedAt: Date.now() }).accessToken}`;
  }

  async post(
    body: unknown,
    options: { authorization?: string; path?: string; headers?: Record<string, string> } = {},
  ): Promise<GraphqlAnswer> {
    const response = await fetch(`${this.httpUrl}${options.path ?? '/graphql'}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
        ...options.headers,
      },
      body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    });
    const answer = (await response.json()) as GraphqlAnswer['body'];
    return { status: response.status, headers: response.headers, body: answer, codes: codesOf(answer.errors) };
  }

  /** How often a cap was hit. */
  async capHits(cap: string): Promise<number> {
    const { values } = await this.metrics.socketCapHits.get();
    return values.find(({ labels }) => labels.cap === cap)?.value ?? 0;
  }

  client(authorization: string | null): Client {
    return createClient({
      url: this.wsUrl,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(authorization === null ? {} : { connectionParams: { authorization } }),
    });
  }

  stop(): Promise<void> {
    return this.running.close();
  }
}

export function codesOf(
  errors: readonly { readonly extensions?: Record<string, unknown> }[] | undefined,
): readonly unknown[] {
  return (errors ?? []).map((error) => error.extensions?.['code']);
}
