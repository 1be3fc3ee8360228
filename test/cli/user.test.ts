import { Client } from 'pg';
import { PasswordHasher } from '../../src/identity/passwordHasher';
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

  expect([last.status, last.stderr]).toEqual([
    77,
    expect.stringMatching(/^Nobody but ada@example\.org .* make another admin first .* reset, and reset-mfa\.\n$/),
  ]);

  const roles = await user('roles', '--email', 'bob@example.org', '--role', 'auditor', '--role', 'admin');
  const disabled = await user('disable', '--email', 'ada@example.org');
  expect([roles.stdout, disabled.stdout]).toEqual([
    expect.stringMatching(/^bob@example\.org {2}AUDITOR ADMIN {2}[\w-]{36}\n$/),
    expect.stringMatching(/^ada@example\.org {2}ADMIN TRADER {2}DISABLED {2}[\w-]{36}\n$/),
  ]);
  const barred = await user('reset', '--email', 'ada@example.org');
  expect([barred.status, barred.stdout]).toEqual([
    0,
    expect.stringContaining('ada@example.org is disabled: the token opens nothing before npm run user -- enable.\n'),
  ]);
  expect(await users()).toContain('ada@example.org {ADMIN,TRADER} t');
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
    'password.reset.issue issued: the password is void',
    'password.reset.issue issued: the password is void',
    'password.reset.issue issued: the password is void',
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

it.each([
  ['of one who signs in', '{TRADER}', false],
  ['of the only admin, whom no command disables', '{ADMIN}', false],
  ['of one who is disabled, and stays so', '{TRADER}', true],
])(
  'reset voids the password %s at once, and ends what it has opened',
  async (_, roles, disabled) => {
    const hasher = new PasswordHasher();
    const stolen = 'an old pair of boots';
    await operator.query(`UPDATE users SET disabled = true`);
    const { rows } = await operator.query<{ id: string }>(
      `INSERT INTO users (id, email, password_hash, roles, disabled)
       VALUES (gen_random_uuid(), gen_random_uuid() || '@example.org', $1, $2, $3) RETURNING id`,
      [await hasher.hash(stolen), roles, disabled],
    );
    const id = rows[0]?.id;
    await operator.query(
      `INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at)
       VALUES (gen_random_uuid(), $1, now(), now(), now() + interval '1 day')`,
      [id],
    );
    const read = async () => {
      const { rows: found } = await operator.query<{ email: string; hash: string; disabled: boolean; open: number }>(
        `SELECT email, password_hash AS hash, disabled,
              (SELECT count(*)::int FROM sessions WHERE user_id = u.id AND revoked_at IS NULL) AS open
         FROM users u WHERE id = $1`,
        [id],
      );
      return found[0]!;
    };
    const before = await read();
    expect([await hasher.verify(before.hash, stolen), before.open]).toEqual([true, 1]);
    const { status, stdout } = await user('reset', '--email', before.email);
    expect([status, stdout]).toEqual([0, expect.stringContaining('The password of before is void')]);
    const after = await read();
    expect([await hasher.verify(after.hash, stolen), after.open, after.disabled]).toEqual([false, 0, disabled]);
  },
  60_000,
);

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
