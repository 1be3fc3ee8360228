import { Client } from 'pg';
import WebSocket from 'ws';
import type { Role } from '../../src/identity/principal';
import { eventually } from '../kit/eventually';
import { MailServer } from '../kit/mailServer';
import { RawSocket } from '../kit/rawSocket';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: no exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const next = 'seven quiet herons rowing';

let mailServer: MailServer;
let server: RunningTickgate;
let operator: Client;

async function startTickgate(mailUrl: string): Promise<RunningTickgate> {
  const environment = { SMTP_URL: mailUrl, MAIL_FROM: 'Tickgate <tickgate@example.com>' };
  return RunningTickgate.start('simulator', deadExchange, { environment });
}

beforeAll(async () => {
  mailServer = await MailServer.start();
  server = await startTickgate(`smtp://127.0.0.1:${mailServer.port}`);
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
});

afterAll(async () => {
  await operator.end();
  await server.stop();
  await mailServer.stop();
});

function emailOf(role: Role): string {
  return server.tickgate.demo?.users.find((user) => user.role === role)?.email ?? '';
}

/** What is answered, without the id of the request. as: whose attempts are counted, five a minute; signed out, those of this machine. */
async function request(email: string, as: Role | null = null, of = server): Promise<unknown> {
  const { data, errors } = await of.post<{ requestPasswordReset: boolean }>(
    'mutation ($email: String!) { requestPasswordReset(email: $email) }',
    {
      path: '/auth/graphql',
      variables: { email },
      ...(as === null ? {} : { authorization: await of.signIn(as) }),
    },
  );
  return errors?.[0]?.extensions['code'] ?? data;
}

const accepted = { requestPasswordReset: true };

it('leads from a mail to another password, which ends every session of the old one', async () => {
  const email = emailOf('VIEWER');
  const authorization = await server.login('VIEWER');
  const socket = await RawSocket.connect(`${server.url.replace('http', 'ws')}/graphql`, authorization);
  expect(await request(` ${email.toUpperCase()}`)).toEqual(accepted);
  const mail = await mailServer.newest(1);
  expect([mail.to, mail.from]).toEqual([[email], 'tickgate@example.com']);
  expect(mail.body).toContain('from the address 127.0.0.1');
  const token = /tgp_[\w-]{43}/.exec(mail.body)?.[0];
  const reset = await server.post<{ resetPassword: boolean }>(
    `mutation { resetPassword(token: "${token}", next: "${next}") }`,
    { path: '/auth/graphql' },
  );
  expect(reset.data).toEqual({ resetPassword: true });
  await eventually(() => socket.socket.readyState === WebSocket.CLOSED, { timeoutMs: 1_000 });
  expect((await server.post('{ serverTime }', { authorization })).errors?.[0]?.extensions['code']).toBe(
    'UNAUTHENTICATED',
  );
  expect(await server.login('VIEWER')).toBe('Bearer ');
  const signedIn = await server.post<{ login: { accessToken: string } }>(
    `mutation { login(email: "${email}", password: "${next}") { accessToken } }`,
    { path: '/auth/graphql' },
  );
  expect(signedIn.data?.login.accessToken).toMatch(/^ey/);
  await eventually(async () => (await server.metric('tickgate_mails_total')) === 1);
});

it('answers before it looks who that is', async () => {
  const sentBefore = mailServer.mails.length;
  // Nobody reads users before this ends.
  await operator.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
  try {
    const answers = [await request(emailOf('ANALYST')), await request('nobody@example.org')];
    expect(answers).toEqual([accepted, accepted]);
  } finally {
    await operator.query('COMMIT');
  }
  expect((await mailServer.newest(sentBefore + 1)).to).toEqual([emailOf('ANALYST')]);
  const { rows } = await eventually(async () => {
    const found = await operator.query<{ outcome: string }>(
      `SELECT outcome FROM audit_entries WHERE action = 'password.reset.request' ORDER BY number DESC LIMIT 2`,
    );
    return found.rows.some(({ outcome }) => outcome === 'refused: no such user') && found;
  });
  expect(rows.map(({ outcome }) => outcome).toSorted()).toEqual(['accepted', 'refused: no such user']);
  expect(mailServer.mails).toHaveLength(sentBefore + 1);
});

it('sends a few mails of many that are asked for, and says the same of who there is and who there is not', async () => {
  const sentBefore = mailServer.mails.length;
  for (const email of [emailOf('TRADER'), 'nobody@example.org']) {
    for (const as of email.startsWith('nobody') ? (['ANALYST', 'AUDITOR'] as const) : (['TRADER', 'ADMIN'] as const)) {
      const answers = await Promise.all(Array.from({ length: 7 }, () => request(email, as)));
      expect(answers.filter((answer) => answer === 'RATE_LIMITED')).toHaveLength(2);
      expect(answers.filter((answer) => answer !== 'RATE_LIMITED')).toEqual(new Array(5).fill(accepted));
    }
  }
  await mailServer.newest(sentBefore + 3);
  const { rows } = await operator.query<{ count: string }>(
    `SELECT count(*) FROM audit_entries WHERE action = 'password.reset.issue' AND target =
       (SELECT id::text FROM users WHERE email = $1)`,
    [emailOf('TRADER')],
  );
  expect([rows[0]?.count, mailServer.mails.length]).toEqual(['3', sentBefore + 3]);
});

it.each(['a@b.test\r\nBcc: eve@example.org', 'a@b.test\nX: y', 'a\u0000@b.test', '', 'x'.repeat(255)])(
  'takes no address that could not be one: %j',
  async (email) => {
    const sentBefore = mailServer.mails.length;
    // Of a role each: the rate is asked first.
    expect(await request(email, 'VIEWER')).toBe('BAD_USER_INPUT');
    expect(mailServer.mails).toHaveLength(sentBefore);
  },
);

describe('a mail server that does not take mails', () => {
  it('that is away changes no answer, and holds up no stop', async () => {
    const away = await MailServer.start();
    const { port } = away;
    await away.stop();
    const other = await startTickgate(`smtp://127.0.0.1:${port}`);
    expect([await request(emailOf('TRADER'), null, other), await request('nobody@example.org', null, other)]).toEqual([
      accepted,
      accepted,
    ]);
    await other.stop();
  });

  it('that hangs changes no answer, and holds up no stop', async () => {
    const silent = await MailServer.start({ isSilent: true });
    const other = await startTickgate(`smtp://127.0.0.1:${silent.port}`);
    expect(await request(emailOf('TRADER'), null, other)).toEqual(accepted);
    await eventually(() => silent.connections === 1);
    await other.stop();
    await silent.stop();
  });
});
