import { loadProcessConfig } from '../config/processConfig';
import { lockdownLevels, type LockdownLevel } from '../domain/lockdown';
import type { Storage } from '../storage/storage';
import { UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';
import { assertConfirmed } from './confirmation';
import { operatorName } from './operator';
import { withRunningStorage } from './runningStorage';

const longestReason = 500;

const usage = `Locks the service, on every node within a second, and over restarts, until it is lifted. Without a level it tells how it is locked now.

  npm run ir:lockdown
  npm run ir:lockdown -- --level LEVEL --reason "why"
  npm run ir:lockdown -- --lift --reason "why"

  --level   no-trading  exchanges are sent nothing but cancels, and what the kill switch closes positions with
            readonly    cancels alone, and nothing is changed but that sessions and API keys are ended; reading and signing in go on
            full        and nobody but admins is let in, who read; every session ends for good, API keys wait
  --lift    takes it back; what was ended stays ended
  --reason  for the audit log and, where it stops trading, for the owners of accounts; up to ${longestReason} characters
  --yes     do not ask before full
  --json    tell it as JSON
  --help    this text

Run it where a server runs, with its settings; the database has to be up. docs/INCIDENTS.md tells when to use which.

Exit status: 0 it is as asked, 64 the arguments do not fit, 77 it was not confirmed.
`;

const known = {
  level: { type: 'string' },
  lift: { type: 'boolean', default: false },
  reason: { type: 'string' },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;
type Options = OptionsOf<typeof known>;

async function run(options: Options): Promise<void> {
  const level = levelOf(options);
  const reason = reasonOf(options);
  if (level === 'FULL')
    await assertConfirmed({
      consequence: 'This ends every session for good, and lets nobody in but admins.',
      word: 'full',
      isConfirmed: options.yes,
    });
  await withRunningStorage(await loadProcessConfig(), async (storage) => {
    const set = level === null ? null : { level, reason, actor: operatorName(), at: Date.now() };
    const sessions = set === null ? 0 : (await storage.lockdown.set(set)).sessions;
    process.stdout.write(await tell(storage, { sessions, isJson: options.json, isChange: set !== null }));
  });
}

async function tell(
  { lockdown }: Storage,
  told: { readonly sessions: number; readonly isJson: boolean; readonly isChange: boolean },
): Promise<string> {
  const { sessions, isJson, isChange } = told;
  const { level, reason, since } = await lockdown.read();
  const nodes = await lockdown.countListeners();
  if (isJson) return `${JSON.stringify({ level, reason, since, sessionsEnded: sessions, nodesListening: nodes })}\n`;
  const standing =
    since === null ? 'The service is not locked.' : `${level} since ${since.toISOString()}: ${reason ?? ''}`;
  if (!isChange) return `${standing}\n`;
  const ended = sessions > 0 ? [`${sessions} sessions have ended.`] : [];
  const heard = `${nodes} ${nodes === 1 ? 'node was' : 'nodes were'} told; one that cannot listen just now asks every 5 seconds, one that starts obeys from the start.`;
  return `${[standing, ...ended, heard].join('\n')}\n`;
}

/** Null: it stays as it is. */
function levelOf({ level, lift, reason, yes }: Options): LockdownLevel | null {
  if (lift && level !== undefined) throw new UsageError('Say --level or --lift, not both.', usage);
  if (lift) return 'NONE';
  // Who gives a reason believes that something is being locked.
  if (level === undefined && (reason !== undefined || yes))
    throw new UsageError('Nothing was locked: say how far, --level no-trading|readonly|full, or --lift.', usage);
  if (level === undefined) return null;
  const known = lockdownLevels.find((each) => each !== 'NONE' && each === level.toUpperCase().replaceAll('-', '_'));
  if (known === undefined) throw new UsageError('Say how far: --level no-trading|readonly|full.', usage);
  return known;
}

function reasonOf({ reason = 'no reason given' }: Options): string {
  if (reason.trim() !== '' && reason.length <= longestReason && !/\p{Cc}/u.test(reason)) return reason;
  throw new UsageError(`Say why on one line, in at most ${longestReason} characters: --reason "…".`, usage);
}

runCommand({ usage, options: known }, run);
