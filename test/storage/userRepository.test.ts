import { randomUUID } from 'node:crypto';
import type { Storage } from '../../src/storage/storage';
import { openTestStorage } from '../kit/postgres';

let storage: Storage;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ storage, stop } = await openTestStorage());
});

afterAll(async () => {
  await stop();
});

function newUser(email: string) {
  return { id: randomUUID(), email, passwordHash: 'hash', roles: ['TRADER', 'ANALYST'] as const };
}

it('finds a user by id and by address, whatever the case of its letters', async () => {
  const user = newUser('Ada@Example.com');
  const saved = await storage.users.saveByEmail(user);
  expect(saved).toMatchObject({ id: user.id, email: 'ada@example.com', roles: ['TRADER', 'ANALYST'] });
  expect(saved).toMatchObject({ disabled: false, mfaEnabled: false });
  expect(saved.createdAt).toBeInstanceOf(Date);
  expect(await storage.users.findById(user.id)).toEqual(saved);
  expect(await storage.users.findByEmail(' ADA@example.COM ')).toEqual(saved);
});

it('finds nobody by an unknown id, by text that is no id, or by nothing', async () => {
  await storage.users.saveByEmail(newUser('first@example.com'));
  expect(await storage.users.findById(randomUUID())).toBeNull();
  expect(await storage.users.findById("' OR 1=1 --")).toBeNull();
  expect(await storage.users.findById('')).toBeNull();
  expect(await storage.users.findByEmail('')).toBeNull();
  const nothing = undefined as unknown as string;
  await expect(storage.users.findById(nothing)).resolves.toBeNull();
});

it('keeps one user an address: saving again changes password and roles, not the id', async () => {
  const first = await storage.users.saveByEmail(newUser('twice@example.com'));
  const second = await storage.users.saveByEmail({
    id: randomUUID(),
    email: 'TWICE@example.com',
    passwordHash: 'other',
    roles: ['VIEWER'],
  });
  expect(second).toEqual({ ...first, passwordHash: 'other', roles: ['VIEWER'] });
});
