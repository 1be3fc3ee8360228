import { randomBytes, randomUUID } from 'node:crypto';
import { loadProcessConfig } from '../config/processConfig';
import { isEmailAddress } from '../identity/emailAddress';
import { PasswordHasher } from '../identity/passwordHasher';
import { issueReset, resetLink, resetLives } from '../identity/passwordReset';
import { roles as allRoles, type Role } from '../identity/principal';
import type { Storage } from '../storage/storage';
import type { Change, ListedUser, UserChange } from '../storage/identity/userAdministration';
import { CommandError, UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';
import { noSuchUser } from './namedUser';
import { operatorName } from './operator';
import { withRunningStorage } from './runningStorage';

const usage = `Users of this server.

  npm run user -- create  --email E --role R [--role R]   makes a user, and prints a token that lets them choose a password
  npm run user -- reset   --email E                       ends their sessions, voids their password and any token of before, and prints
                                                          such a token: nobody signs in as them before it is used
  npm run user -- roles   --email E --role R [--role R]   gives a user these roles in place of those they have
  npm run user -- disable --email E                       ends what the user has open, and lets them in no more
  npm run user -- enable  --email E                       lets them sign in again
  npm run user -- reset-mfa --email E                     takes a lost second factor from a user and ends their sessions
  npm run user -- list                                    all of them

  --email   an e-mail address
  --role    ${allRoles.map((role) => role.toLowerCase()).join(', ')}
  --help    this text

Run it where a server runs, with its settings; the database has to be up. Every change stands in the audit log.
`;

/** sysexits.h: no such user, or there is one already. */
const noUserExitStatus = 67;
/** sysexits.h: not permitted. */
const refusedExitStatus = 77;

const known = { email: { type: 'string' }, role: { type: 'string', multiple: true } } as const;
type Arguments = OptionsOf<typeof known>;

/** resetPageUrl: null where tokens are given without a link. */
type Command = (storage: Storage, args: Arguments, resetPageUrl: string | null) => Promise<string>;

const commands: Readonly<Record<string, Command>> = {
  async create(storage, args, resetPageUrl) {
    const [email, roles] = [emailOf(args), rolesOf(args)];
    const user = { id: randomUUID(), email, passwordHash: await nobodysHash(), roles };
    const created = await storage.userAdministration.create(user, change());
    if (created === null) throw new CommandError(`There is a user ${email} already.`, noUserExitStatus);
    return `${describe(created)}${await resetText(storage, created, { resetPageUrl })}`;
  },
  async reset(storage, args, resetPageUrl) {
    const user = found(await storage.userAdministration.find(emailOf(args)), args);
    const text = await resetText(storage, user, { resetPageUrl, nobodysHash: await nobodysHash() });
    return `${text}
The password of before is void, and every session of theirs has ended. Their API keys go on: npm run ir:revoke -- --user E --api-keys
${user.disabled ? `${user.email} is disabled: the token opens nothing before npm run user -- enable.\n` : ''}`;
  },
  async roles(storage, args) {
    const [email, roles] = [emailOf(args), rolesOf(args)];
    const { id } = found(await storage.userAdministration.find(email), args);
    return changedText(await storage.userAdministration.setRoles(id, roles, change()), args);
  },
  async disable(storage, args) {
    return setDisabled(storage, args, true);
  },
  async enable(storage, args) {
    return setDisabled(storage, args, false);
  },
  async 'reset-mfa'(storage, args) {
    const { id } = found(await storage.userAdministration.find(emailOf(args)), args);
    return describe(found(await storage.secondFactors.reset(id, change()), args));
  },
  async list(storage) {
    return (await storage.userAdministration.list(null)).map(describe).join('');
  },
};

async function run(args: Arguments, words: readonly string[]): Promise<void> {
  if (words.length > 1) throw new UsageError(`One thing at a time: ${words.join(', ')}.`, usage);
  const [command] = words;
  const work = command === undefined ? undefined : commands[command];
  if (work === undefined) throw new UsageError(`Say what to do: ${Object.keys(commands).join(', ')}.`, usage);
  const config = await loadProcessConfig();
  await withRunningStorage(config, async (storage) => {
    process.stdout.write(await work(storage, args, config.mail.resetPageUrl));
  });
}

/** Of a password that nobody knows. */
function nobodysHash(): Promise<string> {
  return new PasswordHasher().hash(randomBytes(32).toString('base64url'));
}

async function resetText(
  storage: Storage,
  { id, email }: ListedUser,
  { resetPageUrl, ...voiding }: { readonly resetPageUrl: string | null; readonly nobodysHash?: string },
): Promise<string> {
  const asked = { ...change(), ...voiding, userId: id, lifeMs: resetLives.operatorMs };
  const { token, expiresAt } = await issueReset(storage.passwords, asked);
  return `${email} chooses a password with this token, once, until ${new Date(expiresAt).toISOString()}:

  ${token}

${resetPageUrl === null ? 'It goes to POST /auth/graphql:  mutation { resetPassword(token: "…", next: "…") }' : `As a link:  ${resetLink(resetPageUrl, token)}`}
`;
}

function describe({ id, email, roles, disabled, mfaEnabled }: ListedUser): string {
  const marks = [roles.join(' '), ...(mfaEnabled ? ['MFA'] : []), ...(disabled ? ['DISABLED'] : [])];
  return `${email}  ${marks.join('  ')}  ${id}\n`;
}

function change(): Change {
  return { at: Date.now(), actor: operatorName(), ip: null };
}

async function setDisabled(storage: Storage, args: Arguments, disabled: boolean): Promise<string> {
  const { id } = found(await storage.userAdministration.find(emailOf(args)), args);
  return changedText(await storage.userAdministration.setDisabled(id, disabled, change()), args);
}

function changedText(answer: UserChange, args: Arguments): string {
  if (answer.kind === 'lastAdmin') {
    throw new CommandError(
      `Nobody but ${args.email ?? ''} can administer users: make another admin first (create). To shut a thief out meanwhile: reset, and reset-mfa.`,
      refusedExitStatus,
    );
  }
  return describe(found(answer.kind === 'changed' ? answer.user : null, args));
}

function found(user: ListedUser | null, { email }: Arguments): ListedUser {
  if (user === null) throw noSuchUser(email ?? '');
  return user;
}

function emailOf({ email }: Arguments): string {
  if (email !== undefined && isEmailAddress(email)) return email;
  throw new UsageError('Say whom: --email somebody@example.org.', usage);
}

function rolesOf({ role = [] }: Arguments): readonly Role[] {
  const roles = [...new Set(role.map((text) => text.toUpperCase()))].map((text) =>
    allRoles.find((known) => known === text),
  );
  const known = roles.filter((each) => each !== undefined);
  if (known.length === 0 || known.length < roles.length) {
    throw new UsageError(`Say which roles: --role ${allRoles.map((each) => each.toLowerCase()).join('|')}.`, usage);
  }
  return known;
}

runCommand({ usage, options: known, takesWords: true }, run);
