import { randomUUID } from 'node:crypto';
import { Client as Operator } from 'pg';
import { issueReset, resetLives } from '../../src/identity/passwordReset';
import { PasswordResetMails, type PasswordResetMailsParts } from '../../src/identity/passwordResetMails';
import { Mailer } from '../../src/mail/mailer';
import { limits } from '../../src/security/limits';
import { LoginThrottle } from '../../src/security/loginThrottle';
import { MemoryReservations } from '../../src/security/reservations';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { hashOfReset } from '../../src/identity/passwordReset';
import { MailServer, type ReceivedMail } from '../kit/mailServer';
import { openTestStorage } from '../kit/postgres';

const hourMs = 3_600_000;
const ip = '203.0.113.7';
const logger = createLogger('silent');

let house: Awaited<ReturnType<typeof openTestStorage>>;
let operator: Operator;
let server: MailServer;
let refusal: { readonly code: number; readonly message: string } | null;
let now: number;
let email: string;
let userId: string;
let metrics: ReturnType<typeof createMetrics>;
let runner: BackgroundRunner;

beforeAll(async () => {
  house = await openTestStorage();
  operator = new Operator({ connectionString: house.url });
  await operator.connect();
}, 60_000);

afterAll(async () => {
  await operator.end();
  await house.stop();
});

beforeEach(async () => {
  [now, refusal, email] = [Date.now(), null, `kate.${randomUUID()}@example.org`];
  server = await MailServer.start({ refusal: () => refusal });
  metrics = createMetrics();
  runner = new BackgroundRunner({ logger, metrics });
  const user = { id: randomUUID(), email, passwordHash: 'h', roles: ['TRADER' as const] };
  userId = (await house.storage.users.saveByEmail(user)).id;
});

afterEach(async () => {
  await server.stop();
});

function mails(wishes: Partial<PasswordResetMailsParts> = {}): PasswordResetMails {
  const { storage } = house;
  const clock = (): number => now;
  const reservations = new MemoryReservations({ clock, maxIdentities: 100_000 });
  return new PasswordResetMails({
    mailer: new Mailer({
      server: { host: '127.0.0.1', port: server.port, tls: 'none', auth: null },
      from: { name: '', address: 'tickgate@example.com' },
      limits: { ...limits.mail, firstRetryMs: 1 },
      logger,
      metrics,
      random: Math.random,
    }),
    resetPageUrl: null,
    users: storage.users,
    store: storage.passwords,
    throttle: new LoginThrottle({ reservations, addresses: storage.signInAddresses, clock }),
    audit: (entry) => storage.auditEntries.write(entry),
    runner,
    metrics,
    clock,
    maxUnderWay: limits.mail.maxUnderWay,
    ...wishes,
  });
}

/** Asks, and waits for what comes of it. */
async function ask(house: PasswordResetMails, whose = email): Promise<void> {
  await house.request({ email: whose, ip });
  await runner.idle();
}

const tokenOf = (mail: ReceivedMail | undefined): string => /tgp_[\w-]{43}/.exec(mail?.body ?? '')?.[0] ?? '';

/** Whose password a token sets now. */
async function ownerOf(token: string, at = now): Promise<string | undefined> {
  const found = await house.storage.passwords.findReset(hashOfReset(token)!, at);
  return found?.userId;
}

async function audited(): Promise<readonly string[]> {
  const { rows } = await operator.query<{ text: string }>(
    `SELECT concat_ws(' ', action, actor, outcome, ip) AS text FROM audit_entries
      WHERE target = $1 AND action LIKE 'password.%' ORDER BY number`,
    [userId],
  );
  return rows.map(({ text }) => text);
}

it('sends a token that is good for an hour, and tells who asked, when, and what to do', async () => {
  await ask(mails());
  const [mail] = server.mails;
  expect(mail?.to).toEqual([email]);
  expect(mail?.body).toContain(`from the address ${ip}, at ${new Date(now).toISOString().slice(0, 10)} `);
  expect(mail?.body).toContain('If it was not you, do nothing');
  expect(mail?.body).toContain('resetPassword(token: "...", next: "...")');
  expect(mail?.headers.join('\n')).not.toMatch(/tgp_|203\.0/);
  expect(await ownerOf(tokenOf(mail), now + hourMs - 1)).toBe(userId);
  expect(await ownerOf(tokenOf(mail), now + hourMs)).toBeUndefined();
  expect(await audited()).toEqual([
    `password.reset.request anonymous accepted ${ip}`,
    `password.reset.issue anonymous issued ${ip}`,
    `password.reset.mail anonymous sent ${ip}`,
  ]);
});

it('voids nothing by itself: whoever asks for a mail keeps nobody out', async () => {
  const read = async () =>
    (
      await operator.query(
        `SELECT password_hash, (SELECT count(*)::int FROM sessions WHERE user_id = u.id AND revoked_at IS NULL) AS open
           FROM users u WHERE id = $1`,
        [userId],
      )
    ).rows as unknown;
  await operator.query(
    `INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at)
       VALUES (gen_random_uuid(), $1, now(), now(), now() + interval '1 day')`,
    [userId],
  );
  const before = await read();
  await ask(mails());
  expect(server.mails).toHaveLength(1);
  expect([await read(), before]).toEqual([before, [expect.objectContaining({ open: 1 })]]);
});

it('sends a link where there is a page for it, with the token where no server is sent it', async () => {
  await ask(mails({ resetPageUrl: 'https://app.example.com/reset' }));
  expect(server.mails[0]?.body).toMatch(/^ {2}https:\/\/app\.example\.com\/reset#tgp_[\w-]{43}\r$/m);
});

it('sends to the address on record, however it was typed, and counts it as one', async () => {
  const house = mails();
  const typed = [` ${email.toUpperCase()} `, email.replace('k', '\u212A'), email];
  for (const form of typed) await ask(house, form);
  expect(server.mails.map(({ to }) => to)).toEqual([[email], [email], [email]]);
  for (const form of typed) await ask(house, form);
  expect(server.mails).toHaveLength(3);
});

it('makes the token of before void, be it a mail or an operator who gave it', async () => {
  const asked = { userId, actor: 'operator', at: now, ip: null, lifeMs: resetLives.operatorMs };
  const { token } = await issueReset(house.storage.passwords, asked);
  const own = mails();
  await ask(own);
  await ask(own);
  const [first, second] = server.mails.map(tokenOf);
  expect([await ownerOf(token), await ownerOf(first!), await ownerOf(second!)]).toEqual([undefined, undefined, userId]);
});

it('sends three an hour to one account, however many are asked for at once, and then more', async () => {
  const own = mails();
  await Promise.all(Array.from({ length: 40 }, () => own.request({ email, ip: randomUUID() })));
  await runner.idle();
  expect(server.mails).toHaveLength(3);
  now += hourMs - 1;
  await ask(own);
  expect(server.mails).toHaveLength(3);
  now += 1;
  await ask(own);
  expect(server.mails).toHaveLength(4);
  const { values } = await metrics.mails.get();
  expect(values.find(({ labels }) => labels.outcome === 'refused')?.value).toBe(38);
});

it('sends to its owner however many mails were asked for to addresses that nobody has', async () => {
  const clock = (): number => now;
  const reservations = new MemoryReservations({ clock, maxIdentities: 2 });
  const addresses = house.storage.signInAddresses;
  const own = mails({ throttle: new LoginThrottle({ reservations, addresses, clock }) });
  for (let count = 0; count < 5; count += 1) await ask(own, `${randomUUID()}@example.org`);
  expect(reservations.size).toBe(2);
  await ask(own);
  expect(server.mails.map(({ to }) => to)).toEqual([[email]]);
});

it('sends nothing, and gives no token, to who is disabled or is nobody, and writes down that it was asked', async () => {
  await operator.query('UPDATE users SET disabled = true WHERE id = $1', [userId]);
  await ask(mails());
  expect(await audited()).toEqual([`password.reset.request anonymous refused: disabled ${ip}`]);
  const stranger = `${randomUUID()}@example.org`;
  await ask(mails(), stranger);
  const { rows } = await operator.query<{ outcome: string; row: string }>(
    'SELECT outcome, e::text AS row FROM audit_entries e ORDER BY number DESC LIMIT 1',
  );
  expect(rows[0]?.outcome).toBe('refused: no such user');
  expect(rows[0]?.row).not.toContain(stranger);
  expect(server.connections).toBe(0);
});

it('writes down what the mail server did not take', async () => {
  refusal = { code: 550, message: `no such person: ${email}` };
  await ask(mails());
  expect((await audited()).at(-1)).toBe(`password.reset.mail anonymous failed: EENVELOPE 550 ${ip}`);
});

it('has so many under way at a time and no more, whoever is asked for', async () => {
  const open: (() => void)[] = [];
  const held = mails({
    mailer: {
      deliver: () =>
        new Promise((resolve) =>
          open.push(() => {
            resolve({ isSent: true });
          }),
        ),
    },
    throttle: { admitResetMail: () => Promise.resolve(true) },
    maxUnderWay: 2,
  });
  const release = async (): Promise<void> => {
    while (open.length < 2) await new Promise(setImmediate);
    for (const end of open.splice(0)) end();
    await runner.idle();
  };
  for (let count = 0; count < 5; count += 1) await held.request({ email, ip });
  await release();
  expect(await audited()).toHaveLength(6);
  for (let count = 0; count < 5; count += 1) await held.request({ email, ip });
  await release();
  expect(await audited()).toHaveLength(12);
});
