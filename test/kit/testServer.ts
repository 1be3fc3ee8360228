import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { AccessTokens } from '../../src/identity/accessTokens';
import type { Role } from '../../src/identity/principal';
import { SigningKey } from '../../src/identity/signingKey';
import { createFieldRateLimiter } from '../../src/security/fieldRateLimiter';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import { limits } from '../../src/security/limits';
import { authTable, mainTable } from '../../src/security/permissions';
import { MemoryReservations, type Reservations } from '../../src/security/reservations';
import { TrustedOperations } from '../../src/security/trustedOperations';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import type { AuthServices, GraphqlServices } from '../../src/graphql/context';
import type { UserView } from '../../src/graphql/user/userReader';
import { startServer, type RunningServer } from '../../src/server/server';
import type { GuardedApi, ServerParts } from '../../src/server/serverParts';
import type { SocketCaps } from '../../src/server/socketCaps';
import { HealthRegistry } from '../../src/telemetry/health';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics';
import { FakeMarket } from './fakeMarket';

/** One RSA-3072 key a test process: making one takes a second. */
let sharedKey: SigningKey | null = null;
function signingKey(): SigningKey {
  const { privateKey } =
    sharedKey === null ? generateKeyPairSync('rsa', { modulusLength: 3072 }) : { privateKey: null };
  sharedKey ??= new SigningKey(privateKey?.export({ type: 'pkcs8', format: 'pem' }).toString() ?? '');
  return sharedKey;
}

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
  readonly corsOrigins?: readonly string[];
  readonly tokenTtlS?: number;
  readonly login?: AuthServices['login'];
  readonly users?: readonly UserView[];
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
  /** Any free one where nothing is said. */
  readonly ports?: Readonly<Partial<Record<'PORT' | 'METRICS_PORT', number>>>;
}

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
      signingKey: signingKey(),
      issuer: 'tickgate',
      audience: 'tickgate',
      ttlS: options.tokenTtlS ?? 600,
      clock: Date.now,
      newId: randomUUID,
    });
    const reservations =
      options.reservations ??
      new MemoryReservations({ clock: Date.now, maxIdentities: limits.rateLimiter.maxIdentities });
    const followers = new Set<(change: AuthorityChange) => void>();
    const running = await startServer({
      main: options.main ?? { schema: buildMainSchema(), table: mainTable },
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
      http: { host: '127.0.0.1', port: options.ports?.PORT ?? 0, corsOrigins: options.corsOrigins ?? [] },
      metricsAddress: { host: '127.0.0.1', port: options.ports?.METRICS_PORT ?? 0 },
      access: { publicMarketData: false, introspection: true, clock: Date.now, ...options.access },
      trustedOperations: options.trustedOperations ?? new TrustedOperations(null),
      rateLimiter: createFieldRateLimiter({ reservations, clock: Date.now }),
      tokens: options.verifier ?? tokens,
      services: {
        clock: Date.now,
        marketData: market.marketData,
        marketStreams: options.marketStreams ?? market.marketStreams,
        users: { findById: (id) => Promise.resolve(options.users?.find((user) => user.id === id) ?? null) },
      },
      authServices: {
        login: options.login ?? { login: () => Promise.reject(new Error('no login in this test')) },
        signingKeys: signingKey(),
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

  bearer(...roles: Role[]): string {
    return `Bearer ${this.tokens.issue({ userId: randomUUID(), roles }).accessToken}`;
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
