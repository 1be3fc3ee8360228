import { randomBytes } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { issueDevelopmentToken } from '../../src/cli/issueDevelopmentToken';
import { loadConfig } from '../../src/config/loadConfig';
import { AccessTokens } from '../../src/identity/accessTokens';
import { ensureDemoUsers, readDemoUsers } from '../../src/identity/demoUsers';
import { IdentityError } from '../../src/identity/identityError';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import { roles } from '../../src/identity/principal';
import { soleKey } from '../../src/identity/signing/soleKey';
import type { Storage } from '../../src/storage/storage';
import { openTestStorage } from '../kit/postgres';
import { beginSigningKeys } from '../kit/signingKeys';
import { makeTemporaryDir } from '../kit/temporaryDir';

const hasher = new PasswordHasher();
let storage: Storage;
let url: string;
let stop: () => Promise<void>;
let dataDir: string;
let remove: () => void;

beforeAll(async () => {
  ({ storage, url, stop } = await openTestStorage());
});

afterAll(async () => {
  await stop();
});

beforeEach(() => {
  ({ dir: dataDir, remove } = makeTemporaryDir());
});

afterEach(() => {
  remove();
});

function ensure() {
  return ensureDemoUsers({ dataDir, users: storage.users, hasher });
}

it('makes one user a role, whose password opens the account, in a file for its owner alone', async () => {
  const { demoUsers, isNew, file } = await ensure();
  expect(isNew).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(demoUsers.map((user) => user.role)).toEqual(roles);
  expect(new Set(demoUsers.map((user) => user.password)).size).toBe(roles.length);
  for (const user of demoUsers) {
    const stored = await storage.users.findByEmail(user.email);
    expect(stored).toMatchObject({ id: user.id, roles: [user.role] });
    expect(await hasher.verify(stored?.passwordHash ?? null, user.password)).toBe(true);
  }
});

it('makes them once', async () => {
  const first = await ensure();
  const second = await ensure();
  expect(second.isNew).toBe(false);
  expect(second.demoUsers).toEqual(first.demoUsers);
});

it('gives them to a database that has lost them, as the file says', async () => {
  const first = await ensure();
  const other = await openTestStorage();
  try {
    const again = await ensureDemoUsers({ dataDir, users: other.storage.users, hasher });
    expect(again).toMatchObject({ isNew: false, demoUsers: first.demoUsers });
    const stored = await other.storage.users.findById(first.demoUsers[0]?.id ?? '');
    expect(await hasher.verify(stored?.passwordHash ?? null, first.demoUsers[0]?.password ?? '')).toBe(true);
  } finally {
    await other.stop();
  }
});

it('takes over the users of a database whose file is lost: new passwords, their old ids', async () => {
  const first = await ensure();
  rmSync(first.file);
  const second = await ensure();
  expect(second.isNew).toBe(true);
  expect(second.demoUsers.map((user) => user.id)).toEqual(first.demoUsers.map((user) => user.id));
  expect(readDemoUsers(dataDir)).toEqual(second.demoUsers);
  const [user] = second.demoUsers;
  const stored = await storage.users.findById(user?.id ?? '');
  expect(await hasher.verify(stored?.passwordHash ?? null, user?.password ?? '')).toBe(true);
});

it('says so where the file is damaged', async () => {
  writeFileSync(path.join(dataDir, 'demo-users.json'), '[{"id": 1}]');
  await expect(ensure()).rejects.toThrow(IdentityError);
});

describe('a development token', () => {
  function config(environment: Record<string, string> = {}) {
    return loadConfig({ environment: { DATA_DIR: dataDir, DATABASE_URL: url, ...environment }, projectDir: dataDir });
  }

  it('is made with the key of the database, and is what the server takes', async () => {
    const { demoUsers } = await ensure();
    const keys = soleKey(await beginSigningKeys(storage, dataDir));
    const { accessToken } = await issueDevelopmentToken({ config: config(), role: 'TRADER' });
    const tokens = new AccessTokens({ ...config().tokens, keys, clock: Date.now, newId: () => 'unused' });
    const trader = demoUsers.find((user) => user.role === 'TRADER');
    expect(tokens.verify(accessToken)).toMatchObject({ userId: trader?.id, roles: ['TRADER'] });
  });

  it('is refused before the first start', async () => {
    await expect(issueDevelopmentToken({ config: config(), role: 'TRADER' })).rejects.toThrow(IdentityError);
    await ensure();
    await expect(issueDevelopmentToken({ config: config(), role: 'TRADER' })).rejects.toThrow(IdentityError);
  });

  it('is refused in production, though the files are there', async () => {
    await ensure();
    await beginSigningKeys(storage, dataDir);
    const production = config({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      TRUSTED_PROXIES: 'none',
      EXCHANGES: 'binance',
      AUDIT_KEY: randomBytes(32).toString('base64'),
      CREDENTIAL_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    });
    await expect(issueDevelopmentToken({ config: production, role: 'TRADER' })).rejects.toThrow(/production/);
  });
});
