import { Client } from 'pg';
import { Command } from '../kit/command';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';

let database: TestDatabase;
let operator: Client;

beforeAll(async () => {
  database = await startTestDatabase();
  operator = new Client({ connectionString: database.url });
  await operator.connect();
});

afterAll(async () => {
  await operator.end();
  await database.stop();
});

async function user(...args: readonly string[]): Promise<Command> {
  const command = new Command('user', args, { DATABASE_URL: database.url, DATA_DIR: '/nowhere' });
  await command.ended;
  return command;
}

async function users(): Promise<readonly string[]> {
  const { rows } = await operator.query<{ text: string }>(
    `SELECT concat_ws(' ', email, roles, disabled) AS text FROM users ORDER BY email`,
  );
  return rows.map(({ text }) => text);
}

it('makes users, changes what they may do, and tells of it in the audit log', async () => {
  const [ada, bob] = await Promise.all([
    user('create', '--email', 'Ada@Example.org', '--role', 'admin', '--role', 'TRADER', '--role', 'Admin'),
    user('create', '--email', 'bob@example.org', '--role', 'viewer'),
  ]);
  expect([ada.status, bob.status, ada.stderr, bob.stderr]).toEqual([0, 0, '', '']);
  expect(await users()).toEqual(['ada@example.org {ADMIN,TRADER} f', 'bob@example.org {VIEWER} f']);
  const [again, nobody, badRole, last] = await Promise.all([
    user('create', '--email', 'ADA@example.org', '--role', 'viewer'),
    user('reset', '--email', 'carol@example.org'),
    user('roles', '--email', 'bob@example.org', '--role', 'king'),
    user('disable', '--email', 'ada@example.org'),
  ]);
  expect([again.status, again.stderr]).toEqual([67, 'There is a user ADA@example.org already.\n']);
  expect([nobody.status, nobody.stderr]).toEqual([
    67,
    'There is no user carol@example.org. List them with "npm run user -- list".\n',
  ]);
  expect([badRole.status, badRole.stderr]).toEqual([64, expect.stringContaining('Say which roles:')]);

  expect([last.status, last.stderr]).toEqual([77, expect.stringContaining('Nobody but ada@example.org')]);

  const roles = await user('roles', '--email', 'bob@example.org', '--role', 'auditor', '--role', 'admin');
  const disabled = await user('disable', '--email', 'ada@example.org');
  expect([roles.stdout, disabled.stdout]).toEqual([
    expect.stringMatching(/^bob@example\.org {2}AUDITOR ADMIN {2}[\w-]{36}\n$/),
    expect.stringMatching(/^ada@example\.org {2}ADMIN TRADER {2}DISABLED {2}[\w-]{36}\n$/),
  ]);
  expect((await user('reset', '--email', 'ada@example.org')).stderr).toMatch('is disabled: enable them first');
  await user('enable', '--email', 'ada@example.org');
  const reset = await user('reset', '--email', 'ada@example.org');
  expect(reset.stdout).toMatch(/\n {2}tgp_[\w-]{43}\n/);
  const page = {
    DATABASE_URL: database.url,
    DATA_DIR: '/nowhere',
    PASSWORD_RESET_URL: 'https://app.example.com/reset',
  };
  const linked = new Command('user', ['reset', '--email', 'ada@example.org'], page);
  await linked.ended;
  const token = /\n {2}(tgp_[\w-]{43})\n/.exec(linked.stdout)?.[1];
  expect(linked.stdout).toContain(`As a link:  https://app.example.com/reset#${token}\n`);
  expect((await user('list')).stdout).toMatch(
    /^ada@example\.org {2}ADMIN TRADER {2}\S+\nbob@example\.org {2}AUDITOR ADMIN {2}\S+\n$/,
  );

  await operator.query(
    `INSERT INTO totp_secrets SELECT id, true, 'k', '', '', '', now(), 7 FROM users WHERE email LIKE 'bob@%'`,
  );
  await operator.query(`UPDATE users SET mfa_enabled = true WHERE email LIKE 'bob@%'`);
  expect((await user('list')).stdout).toMatch(/^bob@example\.org {2}AUDITOR ADMIN {2}MFA {2}/m);
  expect((await user('reset-mfa', '--email', 'bob@example.org')).stdout).toMatch(
    /^bob@example\.org {2}AUDITOR ADMIN {2}[\w-]{36}\n$/,
  );
  expect((await operator.query('SELECT FROM totp_secrets')).rowCount).toBe(0);

  const { rows } = await operator.query<{ text: string }>(
    `SELECT concat_ws(' ', action, outcome) AS text FROM audit_entries WHERE actor LIKE 'operator:%' ORDER BY number`,
  );
  expect(rows.map(({ text }) => text).sort()).toEqual([
    'mfa.reset deleted',
    'password.reset.issue issued',
    'password.reset.issue issued',
    'password.reset.issue issued',
    'password.reset.issue issued',
    'user.create ADMIN TRADER',
    'user.create VIEWER',
    'user.disable disabled',
    'user.disable enabled',
    'user.roles AUDITOR ADMIN',
  ]);
  // Nobody knows what was hashed for a user who has chosen nothing yet.
  const { rows: hashes } = await operator.query('SELECT DISTINCT password_hash FROM users');
  expect(hashes).toHaveLength(2);
}, 120_000);

it('says how it is called where it is called wrongly', async () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [['destroy'], 'Say what to do: create, reset, roles, disable, enable, reset-mfa, list.'],
    [['create', '--email', 'no address', '--role', 'admin'], 'Say whom: --email'],
    [['create', '--email', 'a@b', '--password', 'x'], "Unknown option '--password'"],
  ];
  const commands = await Promise.all(wrong.map(([args]) => user(...args)));
  commands.forEach((command, index) => {
    expect([command.status, command.stdout]).toEqual([64, '']);
    expect(command.stderr).toContain(wrong[index]?.[1]);
  });
}, 60_000);
