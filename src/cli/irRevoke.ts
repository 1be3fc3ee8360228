import { loadProcessConfig } from '../config/processConfig';
import { describeRevoked } from '../storage/incidents/revocations';
import { UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';
import { assertConfirmed } from './confirmation';
import { findNamedUser } from './namedUser';
import { operatorName } from './operator';
import { withRunningStorage } from './runningStorage';

const usage = `Ends sessions and API keys, on every node and every open socket within a second.

  npm run ir:revoke -- --user E        of one user, by e-mail address or id
  npm run ir:revoke -- --all --yes     of everybody

  --sessions   sessions, and sign-ins that wait for a second factor
  --api-keys   API keys, for good; without either, both
  --yes        do not ask before it is done to everybody
  --json       tell it as JSON
  --help       this text

An access token that no session is behind, made with a stolen signing key, goes on until it expires: npm run ir:rotate-all ends those.
Whoever knows the password signs in again: npm run user -- disable keeps a user out, npm run user -- reset gives a token for another password.
Run it where a server runs, with its settings; the database has to be up.

Exit status: 0 they have ended, 64 the arguments do not fit, 67 there is no such user, 77 it was not confirmed.
`;

const known = {
  user: { type: 'string' },
  all: { type: 'boolean', default: false },
  sessions: { type: 'boolean', default: false },
  'api-keys': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

async function run(options: OptionsOf<typeof known>): Promise<void> {
  const { user, all, json } = options;
  if ((user === undefined) !== all) throw new UsageError('Say of whom: --user E, or --all.', usage);
  if (all)
    await assertConfirmed({
      consequence: 'This ends what everybody is signed in with, for good.',
      word: 'everybody',
      isConfirmed: options.yes,
    });
  await withRunningStorage(await loadProcessConfig(), async (storage) => {
    const named = user === undefined ? null : await findNamedUser(storage, user);
    const isBoth = options.sessions === options['api-keys'];
    const revoked = await storage.revocations.revoke({
      userId: named?.id ?? null,
      sessions: isBoth || options.sessions,
      apiKeys: isBoth || options['api-keys'],
      oneTimeTokens: false,
      actor: operatorName(),
      at: Date.now(),
    });
    const whose = named?.email ?? 'everybody';
    const { sessions, apiKeys } = revoked;
    process.stdout.write(
      json
        ? `${JSON.stringify({ user: named?.id ?? null, sessions, apiKeys })}\n`
        : `Of ${whose}: ${describeRevoked(revoked)}.\n`,
    );
  });
}

runCommand({ usage, options: known }, run);
