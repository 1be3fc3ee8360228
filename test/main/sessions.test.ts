import { Client } from 'pg';
import WebSocket from 'ws';
import type { Role } from '../../src/identity/principal';
import { sessionLife } from '../../src/storage/identity/sessionStore';
import { Command } from '../kit/command';
import { eventually } from '../kit/eventually';
import { postFrom } from '../kit/postFrom';
import { RawSocket } from '../kit/rawSocket';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: no exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };

interface SignedIn {
  readonly accessToken: string;
  readonly expiresAt: string;
  readonly refreshToken: string;
}

interface SessionView {
  readonly id: string;
  readonly current: boolean;
  readonly ip: string;
  readonly userAgent: string | null;
}

let server: RunningTickgate;
/** What another node does, or someone at the database by hand. */
let operator: Client;

beforeAll(async () => {
  server = await RunningTickgate.start('simulator', deadExchange);
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
});

afterAll(async () => {
  await operator.end();
  await server.stop();
});

/** ip: from one address there are five a minute. */
async function signIn(role: Role = 'VIEWER', ip = '127.0.0.1'): Promise<SignedIn> {
  const user = server.tickgate.demo?.users.find((candidate) => candidate.role === role);
  const query = `mutation ($email: String!, $password: String!) {
    login(email: $email, password: $password) { accessToken expiresAt refreshToken }
  }`;
  const variables = { email: user?.email, password: user?.password };
  const answer = await postFrom({ url: `${server.url}/auth/graphql`, ip, body: { query, variables } });
  const { data } = answer as { readonly data: { readonly login: SignedIn } | null };
  if (data === null) throw new Error('the demo user cannot sign in');
  return data.login;
}

function session(method: 'POST' | 'DELETE', { refreshToken }: SignedIn): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'user-agent': 'a client' };
  return fetch(`${server.url}/auth/session`, { method, headers, body: JSON.stringify({ refreshToken }) });
}

/** What an auth mutation answers: true, or its error's code. */
async function authMutation(mutation: string, authorization?: string): Promise<unknown> {
  const asked = { path: '/auth/graphql', ...(authorization === undefined ? {} : { authorization }) };
  const { data, errors } = await server.post<Record<string, unknown>>(`mutation { it: ${mutation} }`, asked);
  return errors?.[0]?.extensions['code'] ?? data?.['it'];
}

async function askFor<Data>({ accessToken }: SignedIn, query: string): Promise<Data | string> {
  const { data, errors } = await server.post<Data>(query, { authorization: `Bearer ${accessToken}` });
  return data ?? String(errors?.[0]?.extensions['code']);
}

const sessionsOf = async (token: SignedIn): Promise<readonly SessionView[]> => {
  const answer = await askFor<{ sessions: SessionView[] }>(token, '{ sessions { id current ip userAgent } }');
  if (typeof answer === 'string') throw new Error(answer);
  return answer.sessions;
};

function open({ accessToken }: SignedIn): Promise<RawSocket> {
  return RawSocket.connect(`${server.url.replace('http', 'ws')}/graphql`, `Bearer ${accessToken}`);
}

/** What the audit log says of the session that ended last. */
async function lastEnding(): Promise<unknown> {
  const { rows } = await operator.query<Readonly<Record<string, unknown>>>(
    `SELECT outcome, ip FROM audit_entries WHERE action = 'session.end' ORDER BY number DESC LIMIT 1`,
  );
  return rows[0];
}

/** Within the second that a session may outlive its end: its socket is closed, and its token refused. */
async function expectEnded(token: SignedIn, socket: RawSocket): Promise<void> {
  await eventually(() => socket.socket.readyState === WebSocket.CLOSED, { timeoutMs: 1_000 });
  expect((await socket.closed).code).toBe(4401);
  expect(await askFor(token, '{ serverTime }')).toBe('UNAUTHENTICATED');
  const refused = await session('POST', token);
  expect([refused.status, await refused.json()]).toMatchObject([
    401,
    { errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'SESSION_ENDED' } }] },
  ]);
}

it('goes on by refreshing, on the living socket too, until it is signed out', async () => {
  const first = await signIn();
  const socket = await open(first);
  const answer = await session('POST', first);
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  const second = (await answer.json()) as SignedIn;
  expect(Object.keys(second)).toEqual(['accessToken', 'expiresAt', 'refreshToken']);
  expect(Date.parse(second.expiresAt)).toBeGreaterThan(Date.now() + 590_000);
  expect((await sessionsOf(second)).map(({ current, ip, userAgent }) => [current, ip, userAgent])).toEqual([
    [true, '127.0.0.1', 'a client'],
  ]);
  const signedOut = await session('DELETE', second);
  expect([signedOut.status, await signedOut.text()]).toEqual([204, '']);
  await expectEnded(second, socket);
  expect(await lastEnding()).toEqual({ outcome: 'SIGNED_OUT', ip: '127.0.0.1' });
  expect(await askFor(first, '{ serverTime }')).toBe('UNAUTHENTICATED');
  expect((await session('DELETE', second)).status).toBe(204);
});

it('is ended from another session, by its id alone', async () => {
  const [kept, lost] = [await signIn(), await signIn()];
  const [keptSocket, lostSocket] = [await open(kept), await open(lost)];
  const shown = await sessionsOf(kept);
  const other = shown.find(({ current }) => !current)?.id ?? '';
  expect(await askFor(kept, `{ node(id: "${other}") { __typename id } }`)).toEqual({
    node: { __typename: 'Session', id: other },
  });
  expect(await askFor(kept, `mutation { revokeSession(id: "${other}") }`)).toEqual({ revokeSession: true });
  await expectEnded(lost, lostSocket);
  expect(await askFor(kept, `mutation { revokeSession(id: "${other}") }`)).toEqual({ revokeSession: false });
  expect(await askFor(kept, `{ node(id: "${other}") { id } }`)).toEqual({ node: null });
  expect(keptSocket.socket.readyState).toBe(WebSocket.OPEN);
  expect((await sessionsOf(kept)).map(({ current }) => current)).toEqual([true]);
  keptSocket.socket.terminate();
});

it('ends on every node, whoever ended it in the database', async () => {
  const token = await signIn();
  const socket = await open(token);
  await operator.query(`UPDATE sessions SET revoked_at = now(), revoked_reason = 'ALL_ENDED' WHERE revoked_at IS NULL`);
  await expectEnded(token, socket);
});

it('is over within a second, sockets and all, when a refresh token of it comes back after the grace', async () => {
  const stolen = await signIn('ANALYST', '127.0.0.2');
  const socket = await open(stolen);
  const current = (await (await session('POST', stolen)).json()) as SignedIn;
  const untouched = await signIn('ANALYST', '127.0.0.2');
  const otherSocket = await open(untouched);
  const moved = await operator.query(
    `UPDATE refresh_tokens SET used_at = used_at - $1 * interval '1 millisecond' WHERE used_at IS NOT NULL`,
    [sessionLife.graceMs],
  );
  expect(moved.rowCount).toBeGreaterThan(0);
  expect([socket, otherSocket].map(({ socket: { readyState } }) => readyState)).toEqual([1, 1]);
  expect((await session('POST', stolen)).status).toBe(401);
  await expectEnded(current, socket);
  expect(await askFor(stolen, '{ serverTime }')).toBe('UNAUTHENTICATED');
  expect(await lastEnding()).toEqual({ outcome: 'TOKEN_REUSED', ip: '127.0.0.1' });
  // The other sign-in of the same user goes on.
  expect(otherSocket.socket.readyState).toBe(WebSocket.OPEN);
  expect((await sessionsOf(untouched)).map(({ current: isOwn }) => isOwn)).toEqual([true]);
  otherSocket.socket.terminate();
});

it('is begun by somebody who was made on the host and has chosen a password, and changed it since', async () => {
  const args = ['create', '--email', 'Grace@Example.org', '--role', 'viewer', '--role', 'auditor'];
  const made = new Command('user', args, { DATABASE_URL: server.databaseUrl, DATA_DIR: '/nowhere' });
  await made.ended;
  expect(made.stdout).toContain('grace@example.org  VIEWER AUDITOR');
  const token = /tgp_[\w-]{43}/.exec(made.stdout)?.[0] ?? '';
  const [first, second] = ['clouds over nine kettles', 'seven lamps in the hall'];
  // Without a mail server, the host is the one place where such a token comes from.
  for (const email of ['grace@example.org', 'nobody@example.org'])
    expect(await authMutation(`requestPasswordReset(email: "${email}")`)).toBe('MAIL_NOT_CONFIGURED');
  expect(await authMutation(`resetPassword(token: "${token}", next: "short")`)).toBe('PASSWORD_NOT_ACCEPTABLE');
  expect(await authMutation(`resetPassword(token: "${token}", next: "${first}")`)).toBe(true);
  expect(await authMutation(`resetPassword(token: "${token}", next: "${second}")`)).toBe('RESET_FAILED');

  const { login } = (
    await server.post<{ login: SignedIn }>(
      `mutation { login(email: "grace@example.org", password: "${first}") { accessToken refreshToken } }`,
      { path: '/auth/graphql' },
    )
  ).data!;
  const authorization = `Bearer ${login.accessToken}`;
  const change = `changePassword(current: "${first}", next: "${second}")`;
  expect(await authMutation(change)).toBe('UNAUTHENTICATED');
  expect(await authMutation(change, authorization)).toBe(true);
  expect(await authMutation(change, authorization)).toBe('LOGIN_FAILED');
  expect(await askFor(login, '{ me { email roles } }')).toEqual({
    me: { email: 'grace@example.org', roles: ['VIEWER', 'AUDITOR'] },
  });
}, 60_000);
