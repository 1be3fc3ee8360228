import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Secret } from '../../src/domain/secret';
import { Mailer, type Delivery, type MailerParts } from '../../src/mail/mailer';
import { limits } from '../../src/security/limits';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { fromSource } from '../kit/fromSource';
import { MailServer, type MailServerWishes } from '../kit/mailServer';
import { describeWith } from '../kit/needs';
import { NodeProcess } from '../kit/nodeProcess';
import { makeTemporaryDir } from '../kit/temporaryDir';

const sent: Delivery = { isSent: true };
const failed = (reason: string): Delivery => ({ isSent: false, reason });
const mail = { to: 'ada@example.org', subject: 'A mail', text: 'Text of it.\n' };
const patient = { ...limits.mail, firstRetryMs: 1 };

let server: MailServer;
let metrics = createMetrics();

afterEach(async () => {
  await server.stop();
});

async function startServer(wishes: MailServerWishes = {}): Promise<void> {
  server = await MailServer.start(wishes);
}

function mailer(parts: Partial<MailerParts['server']> = {}, numbers: MailerParts['limits'] = patient): Mailer {
  metrics = createMetrics();
  return new Mailer({
    server: { host: '127.0.0.1', port: server.port, tls: 'none', auth: null, ...parts },
    // As settings are.
    from: Object.freeze({ name: 'Tickgate', address: 'tickgate@example.com' }),
    limits: numbers,
    logger: createLogger('silent'),
    metrics,
    random: () => 0,
  });
}

async function counted(): Promise<Record<string, number>> {
  const { values } = await metrics.mails.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels.outcome), value]));
}

describe('a mail', () => {
  it('reaches its address as plain text, from the address of the settings, and asks for no answer', async () => {
    await startServer();
    expect(await mailer().deliver(mail)).toEqual(sent);
    const [received] = server.mails;
    expect(received).toMatchObject({ to: [mail.to], from: 'tickgate@example.com', body: 'Text of it.\r\n' });
    expect(received?.headers).toEqual(
      expect.arrayContaining([
        'From: Tickgate <tickgate@example.com>',
        `To: ${mail.to}`,
        'Subject: A mail',
        'Auto-Submitted: auto-generated',
        'Content-Type: text/plain; charset=utf-8',
      ]),
    );
    expect(received?.headers.filter((header) => /^X-/i.test(header))).toEqual([]);
    expect(await counted()).toEqual({ sent: 1 });
  });

  it.each([
    ['ends the header', 'ada@example.org\r\nBcc: eve@example.org'],
    ['ends the header without an @ of its own', 'ada@example.org\nX-Evil: yes'],
    ['ends the command', 'ada@example.org>\r\nRCPT TO:<eve'],
    ['is two addresses', 'ada@example.org,eve@example.org'],
    ['hides one in a name', 'ada@example.org <eve>'],
    ['is none', 'ada'],
  ])('to what %s goes nowhere', async (_, to) => {
    await startServer();
    expect(await mailer().deliver({ ...mail, to })).toEqual(failed('ADDRESS'));
    expect([server.mails, server.connections]).toEqual([[], 0]);
  });

  it('to an address with a comma in it goes to that address alone', async () => {
    await startServer();
    expect(await mailer().deliver({ ...mail, to: 'eve,ada@example.org' })).toEqual(sent);
    expect(server.mails[0]?.to).toHaveLength(1);
    expect(server.mails[0]?.to[0]).toContain('eve,ada');
  });

  it('says who it is to the mail server that wants to know', async () => {
    await startServer({ login: { user: 'tickgate@example.com', password: 'p@ss:w/rd' } });
    const auth = (password: string): MailerParts['server']['auth'] => ({
      user: 'tickgate@example.com',
      password: new Secret(password),
    });
    expect(await mailer({ auth: auth('p@ss:w/rd') }).deliver(mail)).toEqual(sent);
    expect(server.users).toEqual(['tickgate@example.com']);
    expect(await mailer({ auth: auth('another') }).deliver(mail)).toEqual(failed('EAUTH 535'));
    expect(server.connections).toBe(2);
  });
});

describe('a mail that is not taken', () => {
  it('is tried again where the mail server asks for patience, and is sent once', async () => {
    await startServer({ refusal: (attempt) => (attempt < 3 ? { code: 451, message: 'come back' } : null) });
    expect(await mailer().deliver(mail)).toEqual(sent);
    expect([server.attempts, server.mails.length]).toEqual([3, 1]);
    expect(await counted()).toEqual({ retried: 2, sent: 1 });
  });

  it('is tried so many times and no more', async () => {
    await startServer({ refusal: () => ({ code: 451, message: 'come back' }) });
    expect(await mailer().deliver(mail)).toEqual(failed('EENVELOPE 451'));
    expect(server.attempts).toBe(limits.mail.maxAttempts);
    expect(await counted()).toEqual({ retried: limits.mail.maxAttempts - 1, failed: 1 });
  });

  it('is not tried again where the mail server has refused it for good', async () => {
    await startServer({ refusal: () => ({ code: 550, message: 'no such person' }) });
    expect(await mailer().deliver(mail)).toEqual(failed('EENVELOPE 550'));
    expect(server.attempts).toBe(1);
  });

  it('is given up by a mail server that says nothing', async () => {
    await startServer({ isSilent: true });
    const numbers = { ...patient, maxAttempts: 2, attemptTimeoutMs: 50 };
    expect(await mailer({}, numbers).deliver(mail)).toEqual(failed('TIMEOUT'));
    expect(await counted()).toEqual({ retried: 1, failed: 1 });
  });
});

describe('stopping', () => {
  it('lets a mail that is on its way end', async () => {
    await startServer();
    const under = mailer();
    const delivery = under.deliver(mail);
    await eventually(() => server.connections === 1);
    await under.stop();
    expect(await delivery).toEqual(sent);
  });

  it('waits for no mail server that hangs', async () => {
    await startServer({ isSilent: true });
    const under = mailer({}, { ...limits.mail, attemptTimeoutMs: 600_000, drainTimeoutMs: 10 });
    const delivery = under.deliver(mail);
    await eventually(() => server.connections === 1);
    await under.stop();
    expect(await delivery).toEqual(failed('STOPPED'));
  });

  it('waits for no mail that waits for another attempt, and begins none', async () => {
    await startServer({ refusal: () => ({ code: 451, message: 'come back' }) });
    const under = mailer({}, { ...limits.mail, firstRetryMs: 600_000, drainTimeoutMs: 600_000 });
    const delivery = under.deliver(mail);
    await eventually(() => server.attempts === 1);
    await under.stop();
    expect(await delivery).toEqual(failed('EENVELOPE 451'));
    expect(await under.deliver(mail)).toEqual(failed('STOPPED'));
    expect(server.attempts).toBe(1);
  });
});

it('is not sent, and no password is, where STARTTLS is not offered', async () => {
  await startServer({ login: { user: 'tickgate', password: 'hunter2' } });
  const auth = { user: 'tickgate', password: new Secret('hunter2') };
  const delivery = await mailer({ tls: 'starttls', auth }, { ...patient, maxAttempts: 1 }).deliver(mail);
  expect(delivery).toEqual(failed('ETLS 500'));
  expect([server.mails, server.users]).toEqual([[], []]);
});

describeWith('openssl', 'a certificate', () => {
  const folder = makeTemporaryDir();
  const file = (name: string): string => path.join(folder.dir, name);

  beforeAll(() => {
    const subject = ['-subj', '/CN=mail.test', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...key, ...files, ...subject], { stdio: 'pipe' });
  });

  afterAll(() => {
    folder.remove();
  });

  const made = (): { readonly key: string; readonly cert: string } => ({
    key: readFileSync(file('key.pem'), 'utf8'),
    cert: readFileSync(file('cert.pem'), 'utf8'),
  });

  it.each(['implicit', 'starttls'] as const)('that nobody vouches for is not accepted (%s)', async (kind) => {
    await startServer({ tls: { kind, ...made() } });
    const delivery = await mailer({ tls: kind }, { ...patient, maxAttempts: 1 }).deliver(mail);
    expect(delivery).toEqual(failed('ESOCKET'));
    expect(server.mails).toEqual([]);
  });

  /** With that authority among those that Node trusts, as an operator adds one. */
  async function sendTo(host: string, kind: string): Promise<unknown> {
    const args = [...fromSource(), 'test/mail/fixtures/sendMail.ts', host, String(server.port), kind];
    const child = new NodeProcess(args, { ...process.env, NODE_EXTRA_CA_CERTS: file('cert.pem') });
    await child.ended;
    return JSON.parse(child.stdout);
  }

  it.each(['implicit', 'starttls'] as const)(
    'of an authority that is trusted lets mails and the password through (%s), for the host it names alone',
    async (kind) => {
      await startServer({ tls: { kind, ...made() }, login: { user: 'tickgate', password: 'hunter2' } });
      expect(await sendTo('127.0.0.1', kind)).toEqual(sent);
      expect([server.mails.length, server.users]).toEqual([1, ['tickgate']]);
      expect(await sendTo('localhost', kind)).toEqual(failed('ESOCKET'));
      expect([server.mails.length, server.users.length]).toEqual([1, 1]);
    },
  );
});
