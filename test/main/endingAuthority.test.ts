import { Client } from 'pg';
import WebSocket from 'ws';
import type { Role } from '../../src/identity/principal';
import { eventually } from '../kit/eventually';
import { RawSocket } from '../kit/rawSocket';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: who may ask is decided before anyone is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const ownName = '{ me { email roles disabled } }';
const schemaText = '{ __schema { queryType { name } } }';

let server: RunningTickgate;
/** Someone at the database by hand. */
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

async function askFor(query: string, authorization: string): Promise<unknown> {
  const { data, errors } = await server.post<Record<string, unknown>>(query, { authorization });
  return errors?.[0]?.extensions['code'] ?? data;
}

/** Within the second that authority may outlive its end. */
async function soonAnswers(code: string, query: string, authorization: string): Promise<void> {
  await eventually(async () => (await askFor(query, authorization)) === code, { timeoutMs: 1_000 });
}

function demoUser(role: Role): { readonly id: string; readonly email: string; readonly password: string } {
  const user = server.tickgate.demo?.users.find((candidate) => candidate.role === role);
  if (user === undefined) throw new Error(`no demo user is ${role}`);
  return user;
}

/** The credentials of a new sign-in, or the code of its refusal. Five a minute: `server.signIn` where the same ones do. */
async function login(role: Role): Promise<string> {
  const { email, password } = demoUser(role);
  const { data, errors } = await server.post<{ login: { accessToken: string } }>(
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }',
    { path: '/auth/graphql', variables: { email, password } },
  );
  return data === null ? String(errors?.[0]?.extensions['code']) : `Bearer ${data.login.accessToken}`;
}

it('refuses the token of a user who was disabled, for good, and lets them in by a new sign-in once they are enabled', async () => {
  const { id, email } = demoUser('TRADER');
  const before = await login('TRADER');
  expect(await askFor(ownName, before)).toMatchObject({ me: { email } });

  await operator.query('UPDATE users SET disabled = true WHERE id = $1', [id]);
  await soonAnswers('UNAUTHENTICATED', ownName, before);
  expect(await login('TRADER')).toBe('LOGIN_FAILED');

  await operator.query('UPDATE users SET disabled = false WHERE id = $1', [id]);
  const after = await login('TRADER');
  await eventually(async () => typeof (await askFor(ownName, after)) === 'object', { timeoutMs: 1_000 });
  expect(await askFor(ownName, before)).toBe('UNAUTHENTICATED');
});

it('answers FORBIDDEN where a role was lost and the token still names it, and lets everything else through', async () => {
  const { id } = demoUser('ADMIN');
  const authorization = await server.signIn('ADMIN');
  expect(await askFor(schemaText, authorization)).toMatchObject({ __schema: {} });

  await operator.query(`UPDATE users SET roles = '{VIEWER}' WHERE id = $1`, [id]);
  await soonAnswers('FORBIDDEN', schemaText, authorization);
  expect(await askFor(ownName, authorization)).toMatchObject({ me: { roles: ['VIEWER'] } });
});

it('gives a role to the token of before, once the user has it', async () => {
  const { id } = demoUser('VIEWER');
  const authorization = await server.signIn('VIEWER');
  expect(await askFor(schemaText, authorization)).toBe('FORBIDDEN');
  await operator.query(`UPDATE users SET roles = '{VIEWER,AUDITOR}' WHERE id = $1`, [id]);
  await eventually(async () => typeof (await askFor(schemaText, authorization)) === 'object', { timeoutMs: 1_000 });
});

it('refuses the token of a user who was deleted, and nobody else', async () => {
  const [authorization, another] = [await server.signIn('VIEWER'), await server.signIn('ADMIN')];
  await operator.query('DELETE FROM users WHERE id = $1', [demoUser('VIEWER').id]);
  await soonAnswers('UNAUTHENTICATED', ownName, authorization);
  expect(await askFor(ownName, another)).toMatchObject({ me: { email: demoUser('ADMIN').email } });
});

it('closes the open socket of a user who is disabled, and refuses it when it comes back with the same token', async () => {
  const { id } = demoUser('ADMIN');
  const authorization = await server.signIn('ADMIN');
  const url = `ws://127.0.0.1:${server.tickgate.port}/graphql`;
  const socket = await RawSocket.connect(url, authorization);

  await operator.query('UPDATE users SET disabled = true WHERE id = $1', [id]);
  await eventually(() => socket.socket.readyState === WebSocket.CLOSED, { timeoutMs: 1_000 });
  expect((await socket.closed).code).toBe(4401);
  await expect(RawSocket.connect(url, authorization)).rejects.toThrow('closed with 4401');
});

it('has every sign-in of these in its audit log, refused or not, with where it came from, and linked', async () => {
  const { id } = demoUser('TRADER');
  const { rows } = await eventually(async () => {
    const found = await operator.query<Readonly<Record<string, string | null>>>(
      `SELECT e.actor, e.action, e.outcome, e.ip, e.user_agent, l.seq FROM audit_entries e
       LEFT JOIN audit_links l ON l.entry = e.number
       WHERE e.action IN ('login', 'session.begin') AND $1 IN (e.actor, e.target) ORDER BY e.number`,
      [id],
    );
    return found.rows.every(({ seq }) => seq !== null) && found;
  });
  const from = { ip: '127.0.0.1', user_agent: 'node', seq: expect.stringMatching(/^\d+$/) as unknown };
  const begun = { ...from, actor: id, action: 'session.begin', outcome: 'begun' };
  expect(rows).toEqual([
    begun,
    { ...from, actor: 'anonymous', action: 'login', outcome: 'refused: LOGIN_FAILED' },
    begun,
  ]);
});
