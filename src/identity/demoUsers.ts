import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import type { UserRepository } from '../storage/user.repository';
import { IdentityError } from './identityError';
import type { PasswordHasher } from './passwordHasher';
import { roles, type Role } from './principal';
import { readPrivateFile, replacePrivateFile } from './privateFile';

/** Someone to sign in as in development. */
export interface DemoUser {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly password: string;
}

const fileName = 'demo-users.json';
const passwordBytes = 15;

/**
 * Development only. Makes one user a role with a random password, once, and keeps them in the data folder (0600).
 * A database that lacks them (a new one, or another's) gets them as the file says.
 * `isNew` is true where the passwords were made by this call.
 */
export async function ensureDemoUsers(parts: {
  readonly dataDir: string;
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
}): Promise<{ readonly demoUsers: readonly DemoUser[]; readonly isNew: boolean; readonly file: string }> {
  const file = path.join(parts.dataDir, fileName);
  const kept = readDemoUsers(parts.dataDir);
  const wanted = kept ?? roles.map(makeDemoUser);
  // First the file: a start that is killed between the two goes on from it.
  if (kept === null) save(file, wanted);
  const stored = await Promise.all(wanted.map((user) => ensureStored(user, parts)));
  if (stored.some((user, index) => user.id !== wanted[index]?.id)) save(file, stored);
  return { demoUsers: stored, isNew: kept === null, file };
}

/** The demo users that the data folder keeps, or null before the first start. Throws IdentityError where the file is damaged. */
export function readDemoUsers(dataDir: string): readonly DemoUser[] | null {
  const file = path.join(dataDir, fileName);
  const text = readPrivateFile(file);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isDemoUser)) return value;
  } catch {
    // Said below: the reader can do the same about both.
  }
  throw new IdentityError(`${file} is damaged. Remove it: the next start makes new demo users.`);
}

async function ensureStored(
  user: DemoUser,
  parts: { readonly users: UserRepository; readonly hasher: PasswordHasher },
): Promise<DemoUser> {
  // The id is random: who has it is ours, whatever has become of them since.
  const found = await parts.users.findById(user.id);
  if (found !== null) return user;
  const passwordHash = await parts.hasher.hash(user.password);
  const saved = await parts.users.saveByEmail({ id: user.id, email: user.email, passwordHash, roles: [user.role] });
  return { ...user, id: saved.id };
}

function makeDemoUser(role: Role): DemoUser {
  const email = `${role.toLowerCase()}@demo.tickgate.test`;
  return { id: randomUUID(), email, role, password: randomBytes(passwordBytes).toString('base64url') };
}

function save(file: string, users: readonly DemoUser[]): void {
  replacePrivateFile(file, `${JSON.stringify(users, null, 2)}\n`);
}

function isDemoUser(value: unknown): value is DemoUser {
  if (typeof value !== 'object' || value === null) return false;
  const user = value as Partial<Record<keyof DemoUser, unknown>>;
  const texts = [user.id, user.email, user.password];
  return texts.every((text) => typeof text === 'string') && roles.some((role) => role === user.role);
}
