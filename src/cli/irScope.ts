import { isIP, SocketAddress } from 'node:net';
import { loadProcessConfig } from '../config/processConfig';
import { parseInstant } from '../domain/instant';
import { openAuditKey } from '../identity/openAuditKey';
import { AuditChain } from '../operations/auditChain';
import { verifyAudit } from '../operations/auditVerification';
import { readCheckpoints } from '../operations/checkpointFile';
import { IncidentScope } from '../operations/incidentScope';
import { plainAddress } from '../security/authentication';
import type { Storage } from '../storage/storage';
import { describeVerification, statusOf, type AuditReport } from './auditReport';
import { UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';
import { findNamedUser } from './namedUser';
import { withRunningStorage } from './runningStorage';
import { describeScope, idsIn, namesOf, timelineTable } from './scopeReport';

const defaultFirst = 200;
const mostFirst = 10_000;

const usage = `What happened, by the audit log, which is verified on the way: who did what, from where, what is new about it. Changes nothing.

  npm run ir:scope -- --since 24h
  npm run ir:scope -- --since 2026-01-31T12:00:00Z --until 2026-01-31T18:00:00Z --user E --ip A

  --since TIME     ISO-8601, or how long ago: 90m, 24h, 7d
  --until TIME     the same; left out, until now
  --user E         what a user did, and what was done to what is theirs, by e-mail address or id. Not: cancels
                   and edits of their orders by others, which the log tells by the order's id alone: look without --user
  --ip A           from this address alone
  --first N        entries of the timeline, ${defaultFirst} where nothing is said, ${mostFirst} at most; sums are of all, and
                   what the report leaves out it counts
  --after SEQ      those behind this entry, as the page before says
  --json           tell it as JSON
  --markdown       the timeline alone, for a post-mortem (docs/incidents/POSTMORTEM.md)
  --help           this text

Run it with the settings of a server; the database has to be up. The log holds ids: e-mail addresses beside them (in JSON: names) are
those that users have now. --markdown leaves them out, because a post-mortem goes from hand to hand.

Exit status: 0 the log is whole, 1 it was tampered with (what stands behind that place is told as not verified), 64 the arguments do not
fit, 67 there is no such user, 78 AUDIT_KEY is missing or not the one of this log.
`;

const known = {
  since: { type: 'string' },
  until: { type: 'string' },
  user: { type: 'string' },
  ip: { type: 'string' },
  first: { type: 'string', default: String(defaultFirst) },
  after: { type: 'string', default: '0' },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
} as const;

async function run(options: OptionsOf<typeof known>): Promise<void> {
  const period = periodOf(options);
  const ip = options.ip === undefined ? null : addressOf(options.ip);
  if (options.json && options.markdown) throw new UsageError('Say --json or --markdown, not both.', usage);
  const page = { first: numberOf(options.first, mostFirst), after: numberOf(options.after, Number.MAX_SAFE_INTEGER) };
  const config = await loadProcessConfig();
  const { dataDir, audit } = config;
  const chain = new AuditChain(
    openAuditKey({ key: audit.key, dataDir, mayGenerate: false, onProgress: () => undefined }),
  );
  await withRunningStorage(config, async (storage) => {
    const user = options.user === undefined ? null : await findNamedUser(storage, options.user);
    const scope = new IncidentScope({ ...period, userId: user?.id ?? null, ip }, page);
    const verification = await walk(storage, { chain, checkpointFile: audit.checkpointFile, scope });
    const report = scope.report();
    const names = namesOf(await storage.accessRecords.holdersOf(idsIn(report)));
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ verification: toJson(verification), ...report, names: Object.fromEntries(names) })}\n`,
      );
    else if (options.markdown) process.stdout.write(timelineTable(report));
    else process.stdout.write(`${describeVerification(verification)}\n${describeScope(report, names)}`);
    if (options.markdown && !verification.ok) process.stderr.write(describeVerification(verification));
    process.exitCode = statusOf(verification);
  });
}

/** The whole log once: what is found good, then what follows where it is not. */
async function walk(
  { auditLinks: links }: Storage,
  parts: { readonly chain: AuditChain; readonly checkpointFile: string; readonly scope: IncidentScope },
): Promise<AuditReport> {
  const { chain, checkpointFile, scope } = parts;
  const { checkpoints, foreignLines } = await readCheckpoints(checkpointFile, chain);
  const verification = await verifyAudit({
    chain,
    checkpoints,
    read: (after, limit) => links.after(after, limit),
    onGood: (link) => {
      scope.note(link, true);
      return Promise.resolve();
    },
  });
  for (let after = verification.checked; !verification.ok;) {
    const batch = await links.after(after, 1_000);
    for (const link of batch) scope.note(link, false);
    const last = batch.at(-1);
    if (last === undefined) break;
    after = last.seq;
  }
  const waiting = await links.countPending();
  return { ...verification, checkpoints, foreignLines: foreignLines.length, waiting };
}

function toJson({ ok, checked, firstBadSeq, problem, waiting }: AuditReport): object {
  return { ok, checked, firstBadSeq, problem, waiting };
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What holds no moment that has been tells of no entry, and must not be taken for nothing having happened. */
function periodOf({ since, until }: OptionsOf<typeof known>): {
  readonly since: number;
  readonly until: number | null;
} {
  if (since === undefined) throw new UsageError('Say since when: --since 24h.', usage);
  const now = Date.now();
  const period = { since: timeOf(since, now), until: until === undefined ? null : timeOf(until, now) };
  if (period.since < Math.min(period.until ?? now, now)) return period;
  throw new UsageError('Nothing can stand there: --since has to lie before --until, and before now.', usage);
}

/** In the one form in which the log has it. */
function addressOf(text: string): string {
  const family = ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(text)];
  if (family === undefined) throw new UsageError(`"${text}" is no address: 203.0.113.7, or 2001:db8::1.`, usage);
  return plainAddress(new SocketAddress({ address: text, family }).address);
}

function timeOf(text: string, now: number): number {
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const time = amount === undefined ? isoTime(text) : now - Number(amount) * (units[unit] ?? 0);
  if (time !== null) return time;
  throw new UsageError(`"${text}" is no time: 2026-01-31T12:00:00Z, or 90m, 24h, 7d.`, usage);
}

/** A day alone is its beginning in UTC. */
function isoTime(text: string): number | null {
  return parseInstant(/^[\d-]{10}$/.test(text) ? `${text}T00:00Z` : text);
}

function numberOf(text: string, most: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number <= most) return number;
  throw new UsageError(`"${text}" is no number from 0 to ${most}.`, usage);
}

runCommand({ usage, options: known }, run);
