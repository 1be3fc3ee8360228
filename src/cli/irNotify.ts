import { readFileSync, writeFileSync } from 'node:fs';
import type { Config } from '../config/config';
import { loadProcessConfig } from '../config/processConfig';
import { Mailer } from '../mail/mailer';
import { readNotice, sendNotice, type Notice, type NoticeProgress } from '../operations/notices';
import { limits } from '../security/limits';
import type { NoticeStanding } from '../storage/incidents/noticeLedger';
import type { Storage } from '../storage/storage';
import { createLogger } from '../telemetry/logger';
import { createMetrics } from '../telemetry/metrics';
import { CommandError, UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';
import { assertConfirmed } from './confirmation';
import { findNamedUser } from './namedUser';
import { operatorName } from './operator';
import { withRunningStorage } from './runningStorage';

const usage = `Mails users what has happened. Whoever was sent a text is not sent it again: after a cut, run it again.

  npm run ir:notify -- --user E --template FILE
  npm run ir:notify -- --all --template FILE --yes

  --template FILE     "Subject: …", an empty line, and the text, plain; of docs/incidents there is one to begin with
  --dry-run           says how many would be mailed, and mails nobody
  --addressees FILE   writes who waits for it to a new FILE, one address a line, 0600, and mails nobody: for who mails them otherwise
  --yes               do not ask before everybody is mailed
  --json              tell it as JSON
  --help              this text

Run it where a server runs, with its settings (SMTP_URL, MAIL_FROM); the database has to be up.

Exit status: 0 everybody was sent it, 1 some were not (run it again, or see the counts), 64 the arguments do not fit, 66 the template cannot be
read, 67 there is no such user, 69 there is no mail server in the settings, 73 FILE cannot be made, 77 it was not confirmed.
`;

/** sysexits.h. */
const exitStatuses = { some: 1, template: 66, noMailServer: 69, cannotWrite: 73 } as const;
/** Mail servers take few connections of one sender at once. */
const maxAtOnce = 4;
const pageSize = 1_000;

const known = {
  user: { type: 'string' },
  all: { type: 'boolean', default: false },
  template: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  addressees: { type: 'string' },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;
type Options = OptionsOf<typeof known>;

async function run(options: Options): Promise<void> {
  const { user, all } = options;
  if ((user === undefined) !== all) throw new UsageError('Say whom: --user E, or --all.', usage);
  const notice = readTemplate(options.template);
  const config = await loadProcessConfig();
  await withRunningStorage(config, async (storage) => {
    const userId = user === undefined ? null : (await findNamedUser(storage, user)).id;
    const before = await storage.notices.standing(notice.id, userId);
    if (options.addressees !== undefined) await writeAddressees(storage, { notice, userId, file: options.addressees });
    const isSending = mayMail(options);
    const after = isSending ? await mailAll(storage, config, { notice, userId, options }) : before;
    process.stdout.write(
      options.json ? `${JSON.stringify({ notice: notice.id, ...after })}\n` : describe(after, options),
    );
    if (isSending && after.waiting + after.unknown > 0) process.exitCode = exitStatuses.some;
  });
}

function mayMail(options: Options): boolean {
  return !options['dry-run'] && options.addressees === undefined;
}

async function mailAll(
  storage: Storage,
  config: Config,
  asked: { readonly notice: Notice; readonly userId: string | null; readonly options: Options },
): Promise<NoticeStanding> {
  const { notice, userId, options } = asked;
  const mailer = openMailer(config);
  const { waiting } = await storage.notices.standing(notice.id, userId);
  if (userId === null)
    await assertConfirmed({
      consequence: `This mails "${notice.subject}" to ${waiting} users.`,
      word: 'mail',
      isConfirmed: options.yes,
    });
  const audit = (outcome: string): Promise<void> =>
    storage.notices.audit({ at: Date.now(), actor: operatorName(), action: 'service.notify', target: userId, outcome });
  await audit(`begun: ${notice.id}, ${waiting} mails`);
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
    // Those on their way end; what would wait for another attempt waits for the next run.
    void mailer.stop();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const standing = await sendNotice(notice, userId, {
    ledger: storage.notices,
    deliver: (mail) => mailer.deliver(mail),
    maxAtOnce,
    onProgress: tellProgress,
    signal: stopping.signal,
  });
  await mailer.stop();
  await audit(`ended: ${notice.id}, ${standing.sent} sent, ${standing.waiting} waiting, ${standing.unknown} unknown`);
  return standing;
}

function openMailer(config: Config): Mailer {
  const { smtp, from } = config.mail;
  if (smtp === null || from === null)
    throw new CommandError(
      'This server sends no mails: set SMTP_URL and MAIL_FROM, or have the addresses written down with --addressees FILE.',
      exitStatuses.noMailServer,
    );
  const parts = { logger: createLogger(config.logLevel), metrics: createMetrics(), random: Math.random };
  // What fails twice waits for the next run: whoever comes behind it is not kept waiting.
  return new Mailer({ server: smtp, from, limits: { ...limits.mail, maxAttempts: 2 }, ...parts });
}

function tellProgress({ sent, failed, of }: NoticeProgress): void {
  const done = sent + failed;
  if (done === of || done % 20 === 0) process.stderr.write(`${done} of ${of}, ${failed} failed …\n`);
}

async function writeAddressees(
  { notices }: Storage,
  asked: { readonly notice: Notice; readonly userId: string | null; readonly file: string },
): Promise<void> {
  const { notice, userId, file } = asked;
  const emails: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await notices.waiting(notice.id, { userId, after, limit: pageSize });
    emails.push(...page.map(({ email }) => email));
    after = page.at(-1)?.email ?? null;
    if (page.length < pageSize) break;
  }
  try {
    writeFileSync(file, emails.map((email) => `${email}\n`).join(''), { mode: 0o600, flag: 'wx' });
  } catch {
    throw new CommandError(
      `${file} cannot be made: it may be there already, or its folder is not. Name another.`,
      exitStatuses.cannotWrite,
    );
  }
  await notices.audit({
    at: Date.now(),
    actor: operatorName(),
    action: 'service.notify',
    target: userId,
    outcome: `addressees written: ${notice.id}, ${emails.length}`,
  });
}

function readTemplate(file: string | undefined): Notice {
  if (file === undefined) throw new UsageError('Say what: --template FILE.', usage);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch {
    throw new CommandError(
      `${file} cannot be read as text (UTF-8). Begin with a copy of docs/incidents/NOTICE.txt.`,
      exitStatuses.template,
    );
  }
  const notice = readNotice(text);
  if (typeof notice === 'string') throw new CommandError(notice, exitStatuses.template);
  return notice;
}

function describe({ waiting, sent, unknown }: NoticeStanding, options: Options): string {
  const { addressees } = options;
  const isSending = mayMail(options);
  return [
    ...(addressees === undefined ? [] : [`Those who wait for it stand in ${addressees}.`]),
    ...(isSending ? [] : ['Nobody was mailed.']),
    `${sent} were sent it, ${waiting} wait for it.`,
    ...(isSending && waiting > 0 ? ['See what the mail server said, and run it again: nobody is mailed twice.'] : []),
    ...(unknown === 0
      ? []
      : [
          `${unknown} are being sent it now, or were when that was cut off: they may have it, and are not sent it again.`,
        ]),
    '',
  ].join('\n');
}

runCommand({ usage, options: known }, run);
