import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { AccessTokens } from '../../src/identity/accessTokens';
import { ensureDemoUsers } from '../../src/identity/demoUsers';
import { openSigningKey } from '../../src/identity/openSigningKey';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import type { SigningKey } from '../../src/identity/signingKey';
import { openTestStorage } from '../kit/postgres';
import { makeTemporaryDir } from '../kit/temporaryDir';

const started = makeTemporaryDir();
const fresh = makeTemporaryDir();
let signingKey: SigningKey;

beforeAll(async () => {
  const { storage, stop } = await openTestStorage();
  await ensureDemoUsers({ dataDir: started.dir, users: storage.users, hasher: new PasswordHasher() });
  await stop();
  const options = { pem: null, dataDir: started.dir, mayGenerate: true, onProgress: () => undefined };
  signingKey = await openSigningKey(options);
});

afterAll(() => {
  started.remove();
  fresh.remove();
});

async function runToken(dataDir: string, ...args: readonly string[]) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['--require', '@swc-node/register', 'src/cli/token.ts', ...args], {
    cwd: findProjectDir(),
    env: { PATH, HOME, DATA_DIR: dataDir },
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
    signingKey,
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
