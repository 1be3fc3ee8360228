import { createClient, type Client } from 'graphql-ws';
import { print, type DocumentNode } from 'graphql';
import WebSocket from 'ws';
import { issueDevelopmentToken } from '../../src/cli/issueDevelopmentToken';
import type { Config } from '../../src/config/config';
import { loadSettings } from '../../src/config/loadSettings';
import { findProjectDir } from '../../src/config/processConfig';
import type { Role } from '../../src/identity/principal';
import { startTickgate, type Tickgate } from '../../src/main';
import type { KeyRingTiming } from '../../src/startKeyRing';
import { runningDatabaseUrl } from '../../src/storage/embedded/credentials';
import { copyDatabase } from './databaseTemplate';
import type { RunningSimulator } from './simulator';
import { makeTemporaryDir } from './temporaryDir';

interface Answer<Data> {
  readonly data: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

/** Less than a second factor stays fresh. */
const reusedForMs = 240_000;

export interface TickgateWishes {
  readonly environment?: Readonly<Record<string, string>>;
  /** Shorter than the settings allow. */
  readonly tokenTtlS?: number;
  readonly keyTiming?: KeyRingTiming;
  /** For a new key that seals or hashes to reach every node: minutes, where a test says nothing. */
  readonly spreadMs?: number;
}

/** The whole server as `npm start` builds it: its own PostgreSQL, real ccxt, an exchange that the test runs. */
export class RunningTickgate {
  readonly #tokens = new Map<Role, { readonly authorization: string; readonly freshUntil: number }>();

  private constructor(
    readonly tickgate: Tickgate,
    readonly config: Config,
    private readonly data: ReturnType<typeof makeTemporaryDir>,
  ) {}

  /** exchange: our name for it, "simulator" or "binance". Where the environment names a database, that one is used. */
  static async start(
    exchange: string,
    simulator: Pick<RunningSimulator, 'restUrl' | 'wsUrl'>,
    options: TickgateWishes = {},
  ): Promise<RunningTickgate> {
    const data = makeTemporaryDir();
    const { DATABASE_URL, DATABASE_URL_FILE } = options.environment ?? {};
    if (DATABASE_URL === undefined && DATABASE_URL_FILE === undefined) await copyDatabase(data.dir);
    const { config: loaded, secrets } = await loadSettings({
      environment: {
        DATA_DIR: data.dir,
        PORT: '0',
        METRICS_PORT: '0',
        LOG_LEVEL: 'silent',
        EXCHANGES: exchange,
        [`EXCHANGE_${exchange.toUpperCase()}_REST_URL`]: simulator.restUrl,
        [`EXCHANGE_${exchange.toUpperCase()}_WS_URL`]: simulator.wsUrl,
        ...options.environment,
      },
      projectDir: findProjectDir(),
      clock: Date.now,
    });
    const { tokenTtlS = loaded.tokens.ttlS, keyTiming, spreadMs } = options;
    const config = { ...loaded, tokens: { ...loaded.tokens, ttlS: tokenTtlS } };
    const tickgate = await startTickgate({
      config,
      secrets,
      exchanges: config.exchanges,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      ...(keyTiming === undefined ? {} : { keyTiming }),
      ...(spreadMs === undefined ? {} : { spreadMs }),
    });
    return new RunningTickgate(tickgate, config, data);
  }

  /** For an operator who changes users by hand. */
  get databaseUrl(): string {
    return runningDatabaseUrl(this.data.dir);
  }

  get url(): string {
    return `http://127.0.0.1:${this.tickgate.port}`;
  }

  async post<Data>(
    query: DocumentNode | string,
    options: { variables?: unknown; path?: string; authorization?: string } = {},
  ): Promise<Answer<Data>> {
    const { authorization, path = '/graphql', variables } = options;
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      body: JSON.stringify({ query: typeof query === 'string' ? query : print(query), variables }),
    });
    return (await response.json()) as Answer<Data>;
  }

  /** The credentials of the demo user of a role, as `npm run token` gives them: a second factor counts as just proven. */
  async signIn(role: Role): Promise<string> {
    const known = this.#tokens.get(role);
    if (known !== undefined && Date.now() < known.freshUntil) return known.authorization;
    const { accessToken } = await issueDevelopmentToken({ config: this.config, role });
    const authorization = `Bearer ${accessToken}`;
    this.#tokens.set(role, { authorization, freshUntil: Date.now() + reusedForMs });
    return authorization;
  }

  /** Signs in as the demo user of a role, with their password: a session begins. */
  async login(role: Role): Promise<string> {
    const user = this.tickgate.demo?.users.find((candidate) => candidate.role === role);
    const answer = await this.post<{ login: { accessToken: string } }>(
      'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }',
      { path: '/auth/graphql', variables: { email: user?.email, password: user?.password } },
    );
    return `Bearer ${answer.data?.login.accessToken ?? ''}`;
  }

  async client(role: Role): Promise<Client> {
    const authorization = await this.signIn(role);
    return createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
      retryAttempts: 0,
    });
  }

  /** The value of one Prometheus metric, summed over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.tickgate.metricsPort}/metrics`)).text();
    const values = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async stop(): Promise<void> {
    await this.tickgate.stop();
    this.data.remove();
  }
}
