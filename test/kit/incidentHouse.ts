import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Pool } from 'pg';
import { issueDevelopmentToken } from '../../src/cli/issueDevelopmentToken';
import type { Role } from '../../src/identity/principal';
import { openRunningStorage, type Storage } from '../../src/storage/storage';
import { Command } from './command';
import { endPool } from './endPool';
import { eventually } from './eventually';
import { startTestDatabase, type TestDatabase } from './postgres';
import { RawSocket } from './rawSocket';
import type { RunningSimulator } from './simulator';
import { RunningTickgate } from './tickgate';

/** Nobody answers there. */
export const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };

export interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Two whole servers on one database, an operator beside them, and the commands of incidents. */
export class IncidentHouse {
  readonly nodes: RunningTickgate[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly storage: Storage,
    /** Someone at the database by hand. */
    readonly operator: Pool,
    /** Of every node and command. */
    readonly environment: Readonly<Record<string, string>>,
    private readonly simulator: Pick<RunningSimulator, 'restUrl' | 'wsUrl'>,
    private readonly folder: string,
  ) {}

  static async open(
    simulator: Pick<RunningSimulator, 'restUrl' | 'wsUrl'> = deadExchange,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<IncidentHouse> {
    const database = await startTestDatabase();
    const folder = mkdtempSync(path.join(tmpdir(), 'incident-'));
    const key = (): string => randomBytes(32).toString('base64');
    const house = new IncidentHouse(
      database,
      await openRunningStorage({ databaseUrl: database.url, dataDir: '/nowhere' }),
      new Pool({ connectionString: database.url }),
      {
        DATABASE_URL: database.url,
        CREDENTIAL_KEYS: `first:${key()}`,
        AUDIT_KEY: key(),
        AUDIT_CHECKPOINT_FILE: path.join(folder, 'checkpoints.ndjson'),
        ACCESS_TOKEN_ALGORITHM: 'ES256',
        ...environment,
      },
      simulator,
      folder,
    );
    await house.addNode();
    await house.addNode();
    return house;
  }

  async addNode(): Promise<RunningTickgate> {
    const node = await RunningTickgate.start('simulator', this.simulator, { environment: this.environment });
    this.nodes.push(node);
    return node;
  }

  node(index: number): RunningTickgate {
    const found = this.nodes[index];
    if (found === undefined) throw new Error(`there are ${this.nodes.length} nodes`);
    return found;
  }

  /** A file of this house's own, that goes with it. */
  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Signs in with a password: those of the node that was started last hold. */
  async login(role: Role, index = 0): Promise<SignedIn> {
    const user = this.nodes.at(-1)?.tickgate.demo?.users.find((candidate) => candidate.role === role);
    const answer = await this.node(index).post<{ login: SignedIn }>(
      'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken refreshToken } }',
      { path: '/auth/graphql', variables: { email: user?.email, password: user?.password } },
    );
    if (answer.data === null) throw new Error(String(answer.errors?.[0]?.extensions['code']));
    return answer.data.login;
  }

  /** An access token of no session, signed with the key of now; a second factor counts as just proven. */
  async token(role: Role): Promise<string> {
    return (await issueDevelopmentToken({ config: this.node(this.nodes.length - 1).config, role })).accessToken;
  }

  userId(role: Role): string {
    return this.nodes.at(-1)?.tickgate.demo?.users.find((candidate) => candidate.role === role)?.id ?? '';
  }

  /** An API key of whoever is signed in. */
  async makeApiKey(accessToken: string): Promise<{ readonly id: string; readonly secret: string }> {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { data } = await this.node(0).post<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
      `mutation { createApiKey(label: "bot", scopes: [MARKET_READ], allowedIps: [], expiresAt: "${expiresAt}") { apiKey { id } secret } }`,
      { authorization: `Bearer ${accessToken}` },
    );
    if (data === null) throw new Error('no API key was made');
    const { apiKey, secret } = data.createApiKey;
    await eventually(async () => (await this.codesOf('{ serverTime }', secret)).every((code) => code === null));
    return { id: apiKey.id, secret };
  }

  /** The code that each node answers with; null: it does as it is asked. */
  async codesOf(query: string, token: string | null, endpoint = '/graphql'): Promise<readonly unknown[]> {
    return Promise.all(
      this.nodes.map(async (node) => {
        const { errors } = await node.post(query, {
          path: endpoint,
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        });
        return errors?.[0]?.extensions['code'] ?? null;
      }),
    );
  }

  /** A socket at each node. */
  async sockets(token: string): Promise<readonly RawSocket[]> {
    return Promise.all(
      this.nodes.map((node) => RawSocket.connect(`${node.url.replace('http', 'ws')}/graphql`, `Bearer ${token}`)),
    );
  }

  /** Runs a command of src/cli to its end. */
  async command(
    name: string,
    args: readonly string[],
    changes: Readonly<Record<string, string>> = {},
  ): Promise<Command> {
    const command = new Command(name, args, { DATA_DIR: '/nowhere', ...this.environment, ...changes });
    await command.ended;
    return command;
  }

  /** What the audit log says of an action, the oldest first, once all of it is linked. */
  async entries(action: string): Promise<readonly Readonly<Record<'actor' | 'target' | 'outcome', string | null>>[]> {
    await eventually(async () => (await this.storage.auditLinks.countPending()) === 0);
    const { rows } = await this.operator.query<Record<'actor' | 'target' | 'outcome', string | null>>(
      'SELECT actor, target, outcome FROM audit_entries WHERE action = $1 ORDER BY number',
      [action],
    );
    return rows;
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) await node.stop();
    await this.storage.stop();
    await endPool(this.operator);
    await this.database.stop();
    rmSync(this.folder, { recursive: true });
  }
}
