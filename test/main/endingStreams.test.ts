import { Client } from 'pg';
import { eventually } from '../kit/eventually';
import { RecordingSocket } from '../kit/recordingSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';

const [socketCount, streamsPerSocket] = [4, 25];
const mayLastMs = 1_000;
/** Of the demo user whose session is to run out by itself: long enough to open his streams on a busy machine. */
const tokenTtlS = 15;
const tickers = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } tickers { last } } }';
const ids = Array.from({ length: streamsPerSocket }, (_, index) => String(index));

interface SignedIn {
  readonly userId: string;
  readonly authorization: string;
  readonly expiresAt: number;
  readonly refreshToken: string;
}

let simulator: RunningSimulator;
let server: RunningTickgate;
/** Someone at the database by hand, or another node. */
let operator: Client;
let sockets: RecordingSocket[] = [];

beforeAll(async () => {
  simulator = await startSimulator();
  server = await RunningTickgate.start('simulator', simulator, { tokenTtlS });
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
}, 60_000);

afterEach(() => {
  for (const socket of sockets) socket.terminate();
  sockets = [];
});

afterAll(async () => {
  await operator.end();
  await server.stop();
  await simulator.stop();
});

async function signIn(role: string): Promise<SignedIn> {
  const user = server.tickgate.demo?.users.find((candidate) => candidate.role === role);
  const { data } = await server.post<{ login: { accessToken: string; expiresAt: string; refreshToken: string } }>(
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken expiresAt refreshToken } }',
    { path: '/auth/graphql', variables: { email: user?.email, password: user?.password } },
  );
  if (user === undefined || data === null) throw new Error(`the demo ${role} cannot sign in`);
  const { accessToken, expiresAt, refreshToken } = data.login;
  return {
    userId: user.id,
    authorization: `Bearer ${accessToken}`,
    expiresAt: Date.parse(expiresAt),
    refreshToken,
  };
}

async function ask<Data>(query: string, { authorization }: Pick<SignedIn, 'authorization'>): Promise<Data> {
  const { data, errors } = await server.post<Data>(query, { authorization });
  if (data === null) throw new Error(JSON.stringify(errors));
  return data;
}

/** A hundred streams that have said something each. */
async function open(query: string, { authorization }: Pick<SignedIn, 'authorization'>): Promise<void> {
  const url = `${server.url.replace('http', 'ws')}/graphql`;
  sockets = await Promise.all(
    Array.from({ length: socketCount }, () => RecordingSocket.connect(url, { authorization })),
  );
  for (const socket of sockets) for (const id of ids) socket.subscribe(id, query);
  await eventually(() => sockets.every((socket) => ids.every((id) => socket.of(id).length > 0)));
}

/** When the last event of any stream came. */
const lastEventAt = (): number =>
  Math.max(...sockets.flatMap((socket) => ids.map((id) => socket.of(id).at(-1)?.arrivedAt ?? Infinity)));

async function expectClosed(code: number, since: number): Promise<void> {
  await eventually(() => sockets.every(({ closed }) => closed !== null));
  expect(sockets.map(({ closed }) => closed?.code)).toEqual(new Array(socketCount).fill(code));
  expect(Math.max(...sockets.map(({ closed }) => closed?.closedAt ?? Infinity)) - since).toBeLessThan(mayLastMs);
  expect(lastEventAt() - since).toBeLessThan(mayLastMs);
}

/** One cause, on streams that are told something all the time. */
async function endsAll(signedIn: Pick<SignedIn, 'authorization'>, cause: () => Promise<unknown>): Promise<void> {
  await open(tickers, signedIn);
  const happenedAt = Date.now();
  await cause();
  await expectClosed(4401, happenedAt);
}

describe(`a hundred streams of the whole server end within ${mayLastMs} ms`, () => {
  it('when their session is signed out', async () => {
    const signedIn = await signIn('ANALYST');
    const body = JSON.stringify({ refreshToken: signedIn.refreshToken });
    await endsAll(signedIn, () =>
      fetch(`${server.url}/auth/session`, { method: 'DELETE', headers: { 'content-type': 'application/json' }, body }),
    );
  });

  it('when their session is revoked', async () => {
    const signedIn = await signIn('AUDITOR');
    const { sessions } = await ask<{ sessions: readonly { id: string }[] }>('{ sessions { id } }', signedIn);
    await endsAll(signedIn, () => ask(`mutation { revokeSession(id: "${sessions[0]?.id ?? ''}") }`, signedIn));
  });

  it('when their API key is revoked, and when their token has run out', async () => {
    const owner = await signIn('VIEWER');
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { createApiKey: made } = await ask<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
      `mutation { createApiKey(label: "bot", scopes: [MARKET_READ], allowedIps: [], expiresAt: "${expiresAt}") { apiKey { id } secret } }`,
      owner,
    );
    const key = { authorization: `Bearer ${made.secret}` };
    await endsAll(key, () => ask(`mutation { revokeApiKey(id: "${made.apiKey.id}") }`, owner));

    await open(tickers, owner);
    await expectClosed(4403, owner.expiresAt);
  });

  it('when their user is disabled', async () => {
    const signedIn = await signIn('ANALYST');
    await endsAll(signedIn, () => operator.query('UPDATE users SET disabled = true WHERE id = $1', [signedIn.userId]));
  });

  it('with FORBIDDEN when the role is lost that they needed, and their sockets stay', async () => {
    const signedIn = await signIn('TRADER');
    const { accounts } = await ask<{ accounts: readonly { id: string }[] }>('{ accounts { id } }', signedIn);
    await open(`subscription { positions(account: "${accounts[0]?.id ?? ''}") { meta { seq } } }`, signedIn);
    const happenedAt = Date.now();
    await operator.query(`UPDATE users SET roles = '{AUDITOR}' WHERE id = $1`, [signedIn.userId]);
    const endings = () => sockets.flatMap((socket) => ids.flatMap((id) => socket.of(id, 'error')));
    await eventually(() => endings().length === socketCount * streamsPerSocket);
    for (const { payload, arrivedAt } of endings()) {
      expect(payload).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
      expect(arrivedAt - happenedAt).toBeLessThan(mayLastMs);
    }
    expect(sockets.map(({ closed }) => closed)).toEqual(new Array(socketCount).fill(null));
    for (const socket of sockets) socket.subscribe('more', tickers);
    await eventually(() => sockets.every((socket) => socket.of('more').length > 0));
  });
});
