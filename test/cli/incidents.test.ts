import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AuditHouse } from '../kit/auditHouse';
import { Command } from '../kit/command';
import { eventually } from '../kit/eventually';
import { MailServer } from '../kit/mailServer';
import { makeTemporaryDir } from '../kit/temporaryDir';

const emails = Array.from({ length: 24 }, (_, index) => `user-${String(index).padStart(2, '0')}@example.org`);
const temporary = makeTemporaryDir();

let house: AuditHouse;
let mailServer: MailServer;

beforeAll(async () => {
  house = await AuditHouse.open();
  mailServer = await MailServer.start();
  for (const email of emails)
    await house.storage.users.saveByEmail({ id: randomUUID(), email, passwordHash: '-', roles: ['VIEWER'] });
});

afterAll(async () => {
  await mailServer.stop();
  await house.stop();
  temporary.remove();
});

function start(name: string, args: readonly string[], changes: Readonly<Record<string, string>> = {}): Command {
  return new Command(name, args, {
    DATABASE_URL: house.url,
    DATA_DIR: '/nowhere',
    AUDIT_KEY: house.keyText,
    AUDIT_CHECKPOINT_FILE: path.join(temporary.dir, 'checkpoints.ndjson'),
    CREDENTIAL_KEYS: `first:${randomBytes(32).toString('base64')}`,
    ...changes,
  });
}

async function run(...command: Parameters<typeof start>): Promise<Command> {
  const started = start(...command);
  await started.ended;
  return started;
}

async function outcomesOf(action: string): Promise<readonly string[]> {
  const { rows } = await house.operator.query<{ actor: string; outcome: string }>(
    'SELECT actor, outcome FROM audit_entries WHERE action = $1 ORDER BY number',
    [action],
  );
  for (const { actor } of rows) expect(actor).toMatch(/^operator:./);
  return rows.map(({ outcome }) => outcome);
}

function file(name: string, text?: string): string {
  const place = path.join(temporary.dir, name);
  if (text !== undefined) writeFileSync(place, text);
  return place;
}

it('what cannot be taken back is done to nobody before it is confirmed', async () => {
  const template = file('unconfirmed.txt', 'Subject: What happened\n\nSomething did.\n');
  const commands = await Promise.all([
    run('irLockdown', ['--level', 'full']),
    run('irRevoke', ['--all']),
    run('irRotateAll', []),
    run('irNotify', ['--all', '--template', template], {
      SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
      MAIL_FROM: 'tickgate@example.com',
    }),
  ]);
  for (const { status, stdout, stderr } of commands)
    expect([status, stdout, stderr]).toEqual([
      77,
      '',
      expect.stringContaining('Nothing was changed: say it again with --yes'),
    ]);
  expect((await house.storage.lockdown.read()).level).toBe('NONE');
  expect([mailServer.attempts, await outcomesOf('service.revoke')]).toEqual([0, []]);
});

it('ir:lockdown locks, says how it stands, and lifts; each stands in the audit log', async () => {
  expect((await run('irLockdown', [])).stdout).toBe('The service is not locked.\n');
  const locked = await run('irLockdown', ['--level', 'no-trading', '--reason', 'strange orders']);
  expect(locked.stdout).toMatch(/^NO_TRADING since \d{4}-\S+Z: strange orders\n0 nodes were told;/);
  const told = await run('irLockdown', ['--json']);
  expect(JSON.parse(told.stdout)).toMatchObject({ level: 'NO_TRADING', reason: 'strange orders', nodesListening: 0 });
  expect((await run('irLockdown', ['--level', 'full', '--yes'])).stdout).toMatch(/^FULL since .*: no reason given\n/);
  expect((await run('irLockdown', ['--lift', '--reason', 'a client of ours'])).stdout).toMatch(
    /^The service is not locked\.\n/,
  );
  expect(await outcomesOf('service.lockdown')).toEqual([
    'NO_TRADING: strange orders',
    'FULL: no reason given (0 sessions ended)',
    'NONE: a client of ours',
  ]);
});

it('ir:revoke ends the sessions and API keys of one user, or either, and names the user that there is not', async () => {
  const [first = '', second = ''] = emails;
  for (const email of [first, second]) {
    await house.operator.query(
      `INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at)
         SELECT gen_random_uuid(), id, now(), now(), now() + interval '1 day' FROM users WHERE email = $1`,
      [email],
    );
    await house.operator.query(
      `INSERT INTO api_keys (id, user_id, label, prefix, hash, scopes, allowed_ips, created_at, expires_at)
         SELECT gen_random_uuid(), id, 'bot', 'tg_', sha256($2), '{MARKET_READ}', '{}', now(), now() + interval '1 day' FROM users WHERE email = $1`,
      [email, Buffer.from(email)],
    );
  }
  const absent = await run('irRevoke', ['--user', 'nobody@example.org']);
  expect([absent.status, absent.stderr]).toEqual([
    67,
    'There is no user nobody@example.org. List them with "npm run user -- list".\n',
  ]);
  const { stdout } = await run('irRevoke', ['--user', first.toUpperCase(), '--api-keys']);
  expect(stdout).toBe(`Of ${first}: 0 sessions, 1 API keys, 0 one-time tokens ended.\n`);
  const user = await house.storage.users.findByEmail(first);
  const both = await run('irRevoke', ['--user', user?.id ?? '', '--json']);
  expect(JSON.parse(both.stdout)).toEqual({ user: user?.id, sessions: 1, apiKeys: 0 });
  const all = await run('irRevoke', ['--all', '--yes']);
  expect(all.stdout).toBe('Of everybody: 1 sessions, 1 API keys, 0 one-time tokens ended.\n');
  expect(await outcomesOf('service.revoke')).toEqual([
    'one user: 0 sessions, 1 API keys, 0 one-time tokens ended',
    'one user: 1 sessions, 0 API keys, 0 one-time tokens ended',
    'everybody: 1 sessions, 1 API keys, 0 one-time tokens ended',
  ]);
  expect([await outcomesOf('apiKey.revoke'), await outcomesOf('session.end')]).toEqual([['revoked'], ['REVOKED']]);
});

it('ir:rotate-all lists what passwords and second factors need, and asks for a restart only where the environment holds a secret', async () => {
  const { rows } = await house.operator.query<{ id: string }>(
    `UPDATE users SET mfa_enabled = true WHERE email = $1 RETURNING id`,
    [emails[0]],
  );
  const pepper = `p1:${randomBytes(32).toString('base64')}`;
  const keys = { CREDENTIAL_KEYS: `first:${randomBytes(32).toString('base64')}` };
  const [bare, filed] = [
    await run('irRotateAll', ['--yes', '--json'], keys),
    await run('irRotateAll', ['--yes', '--json'], { ...keys, PASSWORD_PEPPERS_FILE: file('peppers', pepper) }),
  ];
  await house.operator.query('UPDATE users SET mfa_enabled = false WHERE id = $1', [rows[0]?.id]);
  const [ofBare, ofFiled] = [bare, filed].map(({ stdout }) =>
    (JSON.parse(stdout) as { left: readonly { what: string; command: string }[] }).left
      .map(({ what, command }) => `${what} ${command}`)
      .join('\n'),
  );
  expect(ofBare).toMatch(/^Password hashes: without PASSWORD_PEPPERS .* npm run user -- reset --email …$/m);
  expect(ofBare).toMatch(/^1 second factors are sealed in the database.*npm run user -- reset-mfa --email …$/m);
  expect(ofBare).toMatch(/^CREDENTIAL_KEYS .* in front of the others, then restart every node,/m);
  expect(ofFiled).toMatch(/^PASSWORD_PEPPERS: put a new one in front \(every node takes it within a minute/m);
  expect(ofFiled).not.toContain('Password hashes: without');
});

describe('ir:notify', () => {
  const template = 'Subject: What happened\n\nSomething did.\nSign in again.\n';

  it('says so where there is no mail server, and writes down whom it would mail for nobody else to read', async () => {
    const notice = file('notice.txt', template);
    const [without, absent] = await Promise.all([
      run('irNotify', ['--all', '--yes', '--template', notice]),
      run('irNotify', ['--user', 'nobody@example.org', '--template', notice]),
    ]);
    expect([absent.status, absent.stdout, absent.stderr]).toEqual([67, '', expect.stringMatching(/^There is no user/)]);
    expect([without.status, without.stderr]).toEqual([
      69,
      expect.stringMatching(/sends no mails: set SMTP_URL.*--addressees FILE/),
    ]);
    const list = file('addressees.txt');
    const written = await run('irNotify', ['--all', '--template', notice, '--addressees', list]);
    expect([written.status, written.stdout]).toEqual([0, expect.stringContaining('0 were sent it, 24 wait for it.')]);
    expect(readFileSync(list, 'utf8').trimEnd().split('\n')).toEqual(emails);
    expect(statSync(list).mode & 0o777).toBe(0o600);
    expect((await run('irNotify', ['--all', '--template', notice, '--addressees', list])).status).toBe(73);
    expect((await run('irNotify', ['--all', '--template', file('not-there.txt')])).status).toBe(66);
  });

  it('goes on after it was killed, mails nobody twice, and tells whom it cannot know of', async () => {
    const settings = { SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`, MAIL_FROM: 'tickgate@example.com' };
    const args = ['--all', '--yes', '--template', file('notice.txt', template)];
    const dry = await run('irNotify', [...args, '--dry-run'], settings);
    expect([dry.stdout, mailServer.mails]).toEqual(['Nobody was mailed.\n0 were sent it, 24 wait for it.\n', []]);

    const killed = start('irNotify', args, settings);
    await eventually(() => mailServer.mails.length >= 3);
    await killed.stop('SIGKILL');
    const rest = await run('irNotify', [...args, '--json'], settings);
    const { sent, waiting, unknown } = JSON.parse(rest.stdout) as Record<string, number>;
    expect([waiting, Number(sent) + Number(unknown)]).toEqual([0, 24]);
    expect(rest.status).toBe(Number(unknown) > 0 ? 1 : 0);
    // The mail server may have what was on its way: once, or not at all.
    const mailed = mailServer.mails.flatMap(({ to }) => to);
    expect(mailed.length).toBe(new Set(mailed).size);
    expect(mailed.length).toBeGreaterThanOrEqual(Number(sent));
    expect(mailServer.mails[0]?.body).toContain('Something did.\r\nSign in again.');
    expect(await outcomesOf('service.notify')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^begun: \w{64}, 24 mails$/),
        expect.stringMatching(/^ended: \w{64}, \d+ sent, 0 waiting/),
      ]),
    );
  });
});

describe('ir:scope', () => {
  beforeAll(() => house.link());

  it('tells a verified log, in pages and as a table, and ends with 0', async () => {
    const [text, json, table, absent] = await Promise.all([
      run('irScope', ['--since', '1h']),
      run('irScope', ['--since', '1h', '--first', '2', '--after', '1', '--json']),
      run('irScope', ['--since', '1h', '--markdown']),
      run('irScope', ['--since', '1h', '--user', 'nobody@example.org']),
    ]);
    expect([text.status, json.status, table.status]).toEqual([0, 0, 0]);
    expect([absent.status, absent.stdout, absent.stderr]).toEqual([67, '', expect.stringMatching(/^There is no user/)]);
    expect(text.stdout).toMatch(
      /^The audit log is whole: \d+ entries\.\n[^]*service\.lockdown {2}– {2}NO_TRADING: strange orders/,
    );
    const { verification, timeline, hasNextPage } = JSON.parse(json.stdout) as {
      verification: { ok: boolean };
      timeline: readonly { seq: number }[];
      hasNextPage: boolean;
    };
    expect([verification.ok, timeline.map(({ seq }) => seq), hasNextPage]).toEqual([true, [2, 3], true]);
    expect(table.stdout).toMatch(/^\| time \(UTC\) \|[^\n]*\n\| --- \|[^\n]*\n\| \d{4}-/);
  });

  it('tells whose an id is, of a user and of an API key, and not in what goes from hand to hand', async () => {
    const [, , email = ''] = emails;
    const { rows } = await house.operator.query<{ user: string; key: string }>(
      `INSERT INTO api_keys (id, user_id, label, prefix, hash, scopes, allowed_ips, created_at, expires_at)
         SELECT gen_random_uuid(), id, 'bot', 'tg_', sha256($2), '{MARKET_READ}', '{}', now(), now() + interval '1 day' FROM users
          WHERE email = $1 RETURNING user_id AS user, id AS key`,
      [email, Buffer.from(email)],
    );
    const { user = '', key = '' } = rows[0] ?? {};
    const [at, target] = [Date.now(), randomUUID()];
    for (const actor of [user, key, 'anonymous']) await house.write({ at, actor, action: 'order.cancel', target });
    await house.write({ at, actor: target, action: 'user.disable', target: user });
    await house.link();
    const [text, json, table] = await Promise.all([
      run('irScope', ['--since', '1h']),
      run('irScope', ['--since', '1h', '--json']),
      run('irScope', ['--since', '1h', '--markdown']),
    ]);
    const who = text.stdout.slice(text.stdout.indexOf('Who'), text.stdout.indexOf('Addresses'));
    for (const part of [who, text.stdout.slice(text.stdout.indexOf('Timeline'))])
      for (const name of [`${user} (${email})  `, `${key} (API key of ${email})  `, `${target}  `])
        expect(part).toContain(`  ${name}`);
    expect(text.stdout).toContain(`  ${target}  user.disable  ${user} (${email})  `);
    const { names } = JSON.parse(json.stdout) as { readonly names: Readonly<Record<string, string>> };
    expect(names).toMatchObject({ [user]: email, [key]: `API key of ${email}` });
    expect(names[target]).toBeUndefined();
    expect(table.stdout).toContain(`| ${user} |`);
    expect(table.stdout).not.toContain('@');
  });

  it('tells what stands behind a place that is wrong as not verified, and ends with 1; 78 with another key', async () => {
    await house.operator.query('ALTER TABLE audit_entries DISABLE TRIGGER ALL');
    await house.operator.query(
      `UPDATE audit_entries SET outcome = 'nothing' WHERE number = (SELECT entry FROM audit_links WHERE seq = 2)`,
    );
    const tampered = await run('irScope', ['--since', '1h']);
    expect(tampered.status).toBe(1);
    expect(tampered.stdout).toMatch(/TAMPERED WITH: entry 2 is not what was linked/);
    const lines = tampered.stdout.slice(tampered.stdout.indexOf('Timeline')).match(/#\d+ .*$/gm) ?? [];
    expect(lines.slice(0, 3).map((line) => line.endsWith('NOT VERIFIED'))).toEqual([false, true, true]);
    const another = await run('irScope', ['--since', '1h'], { AUDIT_KEY: randomBytes(32).toString('base64') });
    expect(another.status).toBe(78);
  });
});
