import { createClient, type Client } from 'graphql-ws';
import { print, type DocumentNode } from 'graphql';
import WebSocket from 'ws';
import { loadConfig } from '../../src/config/loadConfig';
import { findProjectDir } from '../../src/config/processConfig';
import type { Role } from '../../src/identity/principal';
import { startTickgate, type Tickgate } from '../../src/main';
import { runningDatabaseUrl } from '../../src/storage/embedded/credentials';
import type { RunningSimulator } from './simulator';
import { makeTemporaryDir } from './temporaryDir';

interface Answer<Data> {
  readonly data: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

/** The whole server as `npm start` builds it: its own PostgreSQL, real ccxt, an exchange that the test runs. */
export class RunningTickgate {
  readonly #tokens = new Map<Role, string>();

  private constructor(
    readonly tickgate: Tickgate,
    private readonly data: ReturnType<typeof makeTemporaryDir>,
  ) {}

  /** exchange: our name for it, "simulator" or "binance". */
  static async start(
    exchange: string,
    simulator: Pick<RunningSimulator, 'restUrl' | 'wsUrl'>,
  ): Promise<RunningTickgate> {
    const data = makeTemporaryDir();
    const config = loadConfig({
      environment: {
        DATA_DIR: data.dir,
        PORT: '0',
        METRICS_PORT: '0',
        LOG_LEVEL: 'silent',
        EXCHANGES: exchange,
        [`EXCHANGE_${exchange.toUpperCase()}_REST_URL`]: simulator.restUrl,
        [`EXCHANGE_${exchange.toUpperCase()}_WS_URL`]: simulator.wsUrl,
      },
      projectDir: findProjectDir(),
    });
    const signal = new AbortController().signal;
    const tickgate = await startTickgate({ config, exchanges: config.exchanges, onProgress: () => undefined, signal });
    return new RunningTickgate(tickgate, data);
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

  /** Signs in as the demo user of a role, once, and gives the credentials. */
  async signIn(role: Role): Promise<string> {
    const known = this.#tokens.get(role);
    if (known !== undefined) return known;
    const user = this.tickgate.demo?.users.find((candidate) => candidate.role === role);
    const answer = await this.post<{ login: { accessToken: string } }>(
      'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }',
      { path: '/auth/graphql', variables: { email: user?.email, password: user?.password } },
    );
    const authorization = `Bearer ${answer.data?.login.accessToken ?? ''}`;
    this.#tokens.set(role, authorization);
    return authorization;
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
