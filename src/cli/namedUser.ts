import type { Storage } from '../storage/storage';
import { CommandError } from './commandError';

/** sysexits.h: no such user. */
const noUserExitStatus = 67;

/** The user of an e-mail address or an id. Throws CommandError (67). */
export async function findNamedUser(
  { users }: Pick<Storage, 'users'>,
  name: string,
): Promise<{ readonly id: string; readonly email: string }> {
  const user = name.includes('@') ? await users.findByEmail(name) : await users.findById(name);
  if (user === null) throw noSuchUser(name);
  return user;
}

export function noSuchUser(name: string): CommandError {
  return new CommandError(`There is no user ${name}. List them with "npm run user -- list".`, noUserExitStatus);
}
