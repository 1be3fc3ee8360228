import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { AccessTokens } from '../../src/identity/accessTokens';
import { ensureDemoUsers } from '../../src/identity/demoUsers';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import type { SigningKey } from '../../src/identity/signing/signingKey';
import { soleKey } from '../../src/identity/signing/soleKey';
import { openTestStorage } from '../kit/postgres';
import { beginSigningKeys } from '../kit/signingKeys';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { fromSource } from '../kit/fromSource';

const started = makeTemporaryDir();
const fresh = makeTemporaryDir();
let database: Awaited<ReturnType<typeof openTestStorage>>;
let signingKey: SigningKey;

beforeAll(async () => {
  database = await openTestStorage();
  const { storage } = database;
  await ensureDemoUsers({ dataDir: started.dir, users: storage.users, hasher: new PasswordHasher() });
  signingKey = await beginSigningKeys(storage, started.dir);
});

afterAll(async () => {
  await database.stop();
  started.remove();
  fresh.remove();
});

async function runToken(dataDir: string, ...args: readonly string[]) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [...fromSource(), 'src/cli/token.ts', ...args], {
    cwd: findProjectDir(),
    env: { PATH, HOME, DATA_DIR: dataDir, DATABASE_URL: database.url },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, stdout, stderr };
}

it('prints a token of the role and nothing else', async () => {
  const { status, stdout, stderr } = await runToken(started.dir, '--role', 'auditor');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const tokens = new AccessTokens({
    keys: soleKey(signingKey),
    issuer: 'tickgate',
    audience: 'tickgate-api',
    ttlS: 600,
    clock: Date.now,
    newId: () => 'unused',
  });
  expect(tokens.verify(stdout.trim()).roles).toEqual(['AUDITOR']);
});

it.each([
  ['before the first start', fresh.dir, ['--role', 'trader'], 69],
  ['for a role that nobody knows', started.dir, ['--role', 'root'], 64],
  ['for an option that nobody knows', started.dir, ['--rolle', 'trader'], 64],
])('prints a sentence and no token %s', async (_, dataDir, args, expected) => {
  const { status, stdout, stderr } = await runToken(dataDir, ...args);
  expect({ status, stdout }).toEqual({ status: expected, stdout: '' });
  expect(stderr).toMatch(/^\S.+\n/);
  expect(stderr).not.toMatch(/\n\s+at /);
});

it('tells how it is called', async () => {
  const { status, stdout } = await runToken(path.join(fresh.dir, 'nowhere'), '--help');
  expect(status).toBe(0);
  expect(stdout).toContain('--role');
});
