import { Client } from 'pg';
import WebSocket from 'ws';
import type { Role } from '../../src/identity/principal';
import { eventually } from '../kit/eventually';
import { RawSocket } from '../kit/rawSocket';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: who may change users is decided before any exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const password = 'seven quiet herons rowing';
/** Whom the first test makes, and the others change. */
const grace = 'grace@example.org';

let server: RunningTickgate;
let operator: Client;
/** Of grace's first sign-in: there are five a minute. */
let authorization: string;

beforeAll(async () => {
  server = await RunningTickgate.start('simulator', deadExchange);
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
});

afterAll(async () => {
  await operator.end();
  await server.stop();
});

/** What a document gives, or the code of the first error. */
async function ask(query: string, authorization: string): Promise<unknown> {
  const { data, errors } = await server.post<Record<string, unknown>>(query, { authorization });
  return errors?.[0]?.extensions['code'] ?? data;
}

function create(email: string, authorization: string, wish = { password, roles: 'TRADER' }): Promise<unknown> {
  const { roles } = wish;
  return ask(
    `mutation { createUser(email: "${email}", password: "${wish.password}", roles: [${roles}]) { id email roles disabled } }`,
    authorization,
  );
}

async function created(email: string): Promise<string> {
  const answer = (await create(email, await server.signIn('ADMIN'))) as { createUser: { id: string } };
  return answer.createUser.id;
}

const setRoles = (id: string, ...roles: readonly Role[]): string =>
  `mutation { setUserRoles(id: "${id}", roles: [${roles.join(' ')}]) { roles } }`;
const setDisabled = (id: string, disabled: boolean): string =>
  `mutation { setUserDisabled(id: "${id}", disabled: ${disabled}) { disabled } }`;

const resetMfa = (id: string): string => `mutation { resetUserMfa(id: "${id}") { mfaEnabled } }`;

async function signIn(email: string): Promise<string> {
  const answer = await server.post<{ login: { accessToken: string } }>(
    `mutation { login(email: "${email}", password: "${password}") { accessToken } }`,
    { path: '/auth/graphql' },
  );
  return answer.data === null
    ? String(answer.errors?.[0]?.extensions['code'])
    : `Bearer ${answer.data.login.accessToken}`;
}

function demoUser(role: Role): string {
  return server.tickgate.demo?.users.find((candidate) => candidate.role === role)?.id ?? '';
}

it('lets an admin make a user, who signs in with that password under whatever case of the address', async () => {
  const admin = await server.signIn('ADMIN');
  expect(await create(' Grace@Example.org ', admin)).toEqual({
    createUser: {
      id: expect.stringMatching(/^[\w-]{36}$/) as unknown,
      email: grace,
      roles: ['TRADER'],
      disabled: false,
    },
  });
  const { rows } = await operator.query<{ hash: string }>('SELECT password_hash AS hash FROM users WHERE email = $1', [
    grace,
  ]);
  expect(rows[0]?.hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  authorization = await signIn(grace.toUpperCase());
  expect(await ask('{ me { email } }', authorization)).toEqual({ me: { email: grace } });
});

it('makes no user of what is no address, no password, no role, or taken, and no second one for those who ask at once', async () => {
  const admin = await server.signIn('ADMIN');
  const roles = 'VIEWER';
  expect(await create('nobody', admin)).toBe('BAD_USER_INPUT');
  // Short enough as it is typed, too long in lower case, as it would be stored.
  expect(await create(`${'İ'.repeat(200)}@b.test`, admin)).toBe('BAD_USER_INPUT');
  expect(await create('a@b.test', admin, { password, roles: '' })).toBe('BAD_USER_INPUT');
  expect(await create('a@b.test', admin, { password, roles: 'VIEWER VIEWER' })).toBe('BAD_USER_INPUT');
  expect(await create('a@b.test', admin, { password: 'too short', roles })).toBe('PASSWORD_NOT_ACCEPTABLE');
  expect(await create('henrietta@b.test', admin, { password: 'henrietta@b.test', roles })).toBe(
    'PASSWORD_NOT_ACCEPTABLE',
  );
  const answers = await Promise.all(['Ida@b.test', 'ida@B.test', 'ida@b.test'].map((email) => create(email, admin)));
  expect(answers.filter((answer) => answer === 'EMAIL_TAKEN')).toHaveLength(2);
  const { rows } = await operator.query<{ email: string }>(
    `SELECT email FROM users WHERE email LIKE '%b.test' ORDER BY 1`,
  );
  expect(rows).toEqual([{ email: 'ida@b.test' }]);
});

it('shows users to reviewers, by their address and as a node, and to nobody else', async () => {
  const auditor = await server.signIn('AUDITOR');
  const { users } = (await ask('{ users { id email roles mfaEnabled disabled createdAt } }', auditor)) as {
    users: readonly { readonly email: string }[];
  };
  expect(users.map(({ email }) => email)).toEqual(users.map(({ email }) => email).toSorted());
  expect(users).toContainEqual(expect.objectContaining({ email: grace, roles: ['TRADER'], disabled: false }));
  expect(await ask('{ users(first: 1) { email } }', auditor)).toEqual({ users: [{ email: users[0]?.email }] });
  expect(await ask('{ users(first: 501) { email } }', auditor)).toBe('BAD_USER_INPUT');
  const node = `{ node(id: "${demoUser('VIEWER')}") { __typename id } }`;
  expect(await ask(node, auditor)).toEqual({ node: { __typename: 'User', id: demoUser('VIEWER') } });
  expect(await ask(node, authorization)).toEqual({ node: null });
  for (const query of [
    '{ users { id } }',
    setRoles(demoUser('VIEWER'), 'ADMIN'),
    setDisabled(demoUser('VIEWER'), true),
  ])
    expect(await ask(query, authorization)).toBe('FORBIDDEN');
  expect(await ask(setRoles(demoUser('VIEWER'), 'ADMIN'), auditor)).toBe('FORBIDDEN');
});

it('takes a role from an open socket, and closes that of a user who is disabled, within a second', async () => {
  const admin = await server.signIn('ADMIN');
  const { rows } = await operator.query<{ id: string }>('SELECT id FROM users WHERE email = $1', [grace]);
  const id = rows[0]?.id ?? '';
  const socket = await RawSocket.connect(`${server.url.replace('http', 'ws')}/graphql`, authorization);
  let asked = 0;
  const overSocket = async (): Promise<string> => {
    socket.subscribe(`${(asked += 1)}`, '{ orders { totalCount } }');
    for (;;) {
      const message = await socket.next();
      if (message.type === 'next' || message.type === 'error') return JSON.stringify(message);
    }
  };
  expect(await overSocket()).toContain('"totalCount":0');
  expect(await ask(setRoles(id, 'AUDITOR'), admin)).toEqual({ setUserRoles: { roles: ['AUDITOR'] } });
  await eventually(async () => (await overSocket()).includes('FORBIDDEN'), { timeoutMs: 1_000 });
  expect(socket.socket.readyState).toBe(WebSocket.OPEN);

  expect(await ask(setDisabled(id, true), admin)).toEqual({ setUserDisabled: { disabled: true } });
  await eventually(() => socket.socket.readyState === WebSocket.CLOSED, { timeoutMs: 1_000 });
  expect((await socket.closed).code).toBe(4401);
  expect(await ask(setDisabled(id, false), admin)).toEqual({ setUserDisabled: { disabled: false } });
  expect(await signIn(grace)).toMatch(/^Bearer /);
});

it('lets an admin take a lost second factor away, and ends what the user has open', async () => {
  const admin = await server.signIn('ADMIN');
  const id = await created('lost.phone@example.org');
  const authorization = await signIn('lost.phone@example.org');
  const socket = await RawSocket.connect(`${server.url.replace('http', 'ws')}/graphql`, authorization);
  // As an enrolment leaves them, but for the secret: nobody is asked for a code of it here.
  await operator.query('UPDATE users SET mfa_enabled = true WHERE id = $1', [id]);
  await operator.query(`INSERT INTO recovery_codes (user_id, hash) VALUES ($1, sha256('a code'))`, [id]);

  expect(await ask(resetMfa(id), admin)).toEqual({ resetUserMfa: { mfaEnabled: false } });
  await eventually(() => socket.socket.readyState === WebSocket.CLOSED, { timeoutMs: 1_000 });
  expect((await socket.closed).code).toBe(4401);
  expect((await operator.query('SELECT FROM recovery_codes WHERE user_id = $1', [id])).rowCount).toBe(0);
  expect((await operator.query('SELECT FROM users WHERE id = $1 AND NOT mfa_enabled', [id])).rowCount).toBe(1);
  const { rows } = await operator.query<{ actor: string }>(
    `SELECT actor FROM audit_entries WHERE action = 'mfa.reset' AND target = $1`,
    [id],
  );
  expect(rows).toEqual([{ actor: demoUser('ADMIN') }]);
});

it('answers of what is no user as of what is no id, and changes nothing', async () => {
  const admin = await server.signIn('ADMIN');
  const { rows } = await operator.query<{ id: string }>('SELECT id FROM accounts');
  for (const id of [...rows.map((account) => account.id), '00000000-0000-4000-8000-000000000000', 'nobody', '']) {
    expect(await ask(setRoles(id, 'ADMIN'), admin)).toBe('USER_NOT_FOUND');
    expect(await ask(setDisabled(id, true), admin)).toBe('USER_NOT_FOUND');
    expect(await ask(resetMfa(id), admin)).toBe('USER_NOT_FOUND');
  }
  expect(await ask(`mutation { setUserRoles(id: "${demoUser('VIEWER')}", roles: []) { id } }`, admin)).toBe(
    'BAD_USER_INPUT',
  );
});

it('leaves the last admin what they are, also where two admins would take each other away at once', async () => {
  const admin = await server.signIn('ADMIN');
  const first = demoUser('ADMIN');
  expect(await ask(setRoles(first, 'VIEWER'), admin)).toBe('LAST_ADMIN');
  expect(await ask(setDisabled(first, true), admin)).toBe('LAST_ADMIN');
  expect(await ask(setRoles(first, 'ADMIN', 'AUDITOR'), admin)).toEqual({
    setUserRoles: { roles: ['ADMIN', 'AUDITOR'] },
  });

  const second = await created('second@example.org');
  expect(await ask(setRoles(second, 'ADMIN'), admin)).toEqual({ setUserRoles: { roles: ['ADMIN'] } });
  // An admin who is disabled administers nothing.
  await ask(setDisabled(second, true), admin);
  expect(await ask(setRoles(first, 'VIEWER'), admin)).toBe('LAST_ADMIN');
  await ask(setDisabled(second, false), admin);

  // Both wait behind this, so that they run at the same time.
  const holder = new Client({ connectionString: server.databaseUrl });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT id FROM users WHERE id = ANY ($1) ORDER BY id FOR UPDATE', [[first, second]]);
  const both = Promise.all([ask(setRoles(second, 'VIEWER'), admin), ask(setDisabled(first, true), admin)]);
  await eventually(async () => {
    const { rows } = await operator.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM users%'`,
    );
    return rows[0]?.waiting === 2;
  });
  await holder.end();
  expect((await both).filter((answer) => answer === 'LAST_ADMIN')).toHaveLength(1);
  const { rows } = await operator.query(`SELECT id FROM users WHERE 'ADMIN' = ANY (roles) AND NOT disabled`);
  expect(rows).toHaveLength(1);
});

it('has each change in the audit log, by whom and from where, with what was before and after, and nothing of what was refused as done', async () => {
  const { rows } = await operator.query<Readonly<Record<string, unknown>>>(
    `SELECT action, outcome, actor, ip, before_hash IS NULL AS "isNew", before_hash = after_hash AS "isSame" FROM audit_entries
      WHERE target = (SELECT id::text FROM users WHERE email = $1) AND action LIKE 'user.%' ORDER BY number`,
    [grace],
  );
  const by = { actor: demoUser('ADMIN'), ip: '127.0.0.1' };
  expect(rows).toEqual([
    { ...by, action: 'user.create', outcome: 'TRADER', isNew: true, isSame: null },
    { ...by, action: 'user.roles', outcome: 'AUDITOR', isNew: false, isSame: false },
    { ...by, action: 'user.disable', outcome: 'disabled', isNew: false, isSame: false },
    { ...by, action: 'user.disable', outcome: 'enabled', isNew: false, isSame: false },
  ]);
});
