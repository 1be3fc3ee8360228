import { randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '../../src/domain/secret';
import { PasswordHasher, type Pepper } from '../../src/identity/passwordHasher';
import { openTestStorage } from '../kit/postgres';

const password = 'nine grey ducks in a row';
const pepperOf = (id: string): Pepper => ({ id, key: new Secret(randomBytes(32).toString('base64')) });
const [old, newest] = [pepperOf('p1'), pepperOf('p2')];
const plain = new PasswordHasher();
const before = new PasswordHasher([old]);
const after = new PasswordHasher([newest, old]);

it('names its pepper before the hash, and opens with nothing else', async () => {
  const hash = await before.hash(password);
  expect(hash).toMatch(/^p1:\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  expect(await before.verify(hash, password)).toBe(true);
  expect(await before.verify(hash, `${password}s`)).toBe(false);
  const impostor = new PasswordHasher([pepperOf('p1')]);
  expect(await impostor.verify(hash, password)).toBe(false);
  // Whoever has the database alone.
  expect(await plain.verify(hash.slice('p1:'.length), password)).toBe(false);
});

it('goes on with what was hashed before, without a pepper too, and would hash it anew', async () => {
  const hashes = [await plain.hash(password), await before.hash(password), await after.hash(password)];
  expect(await Promise.all(hashes.map((hash) => after.verify(hash, password)))).toEqual([true, true, true]);
  expect(hashes.map((hash) => after.isOutdated(hash))).toEqual([true, true, false]);
  expect(hashes.map((hash) => plain.isOutdated(hash))).toEqual([false, true, true]);
});

it('opens to nobody where its pepper is gone, not even as if it had none', async () => {
  expect(await plain.verify(await before.hash(password), password)).toBe(false);
  expect(await before.verify(await after.hash(password), password)).toBe(false);
  const unpeppered = await plain.hash(password);
  expect(await before.verify(`p9:${unpeppered}`, password)).toBe(false);
});

it('is kept in place of the one before, unless that was changed; whose pepper is gone is counted', async () => {
  const { storage, stop } = await openTestStorage();
  try {
    const { users, passwords } = storage;
    const from = await before.hash(password);
    const add = (passwordHash: string) =>
      users.saveByEmail({ id: randomUUID(), email: `${randomUUID()}@example.org`, passwordHash, roles: ['VIEWER'] });
    const { id } = await add(from);
    await add(await plain.hash(password));
    const disabled = await add(from);
    await storage.userAdministration.setDisabled(disabled.id, true, { at: Date.now(), actor: 'test', ip: null });
    expect(await passwords.countPepperedOtherwise([])).toBe(1);
    expect(await passwords.countPepperedOtherwise(['p2', 'p1'])).toBe(0);

    const to = await after.hash(password);
    expect(await passwords.rehash({ userId: id, from, to })).toBe(true);
    expect((await users.findById(id))?.passwordHash).toBe(to);
    expect(await passwords.rehash({ userId: id, from, to: 'lost' })).toBe(false);
    expect((await users.findById(id))?.passwordHash).toBe(to);
    expect(await passwords.countPepperedOtherwise(['p1'])).toBe(1);
  } finally {
    await stop();
  }
});
