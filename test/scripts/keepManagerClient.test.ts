import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { makeTemporaryDir } from '../kit/temporaryDir';

const place = makeTemporaryDir();
const projectDir = findProjectDir();

afterAll(() => {
  place.remove();
});

function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: place.dir, env: { ...process.env, ...environment } };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve(`${String(error?.code ?? 0)}\n${stdout}${stderr}`);
    });
  });
}

/** What docker/Dockerfile does before it takes out the packages of development. */
async function keep(client: string): Promise<string> {
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(path.join(projectDir, file), path.join(place.dir, file));
  const script = path.join(projectDir, 'scripts/keepManagerClient.mjs');
  return run(process.execPath, [script], { MANAGER_CLIENT: client });
}

const clients = ['@aws-sdk/client-secrets-manager', 'google-auth-library'] as const;

it.each(clients)(
  'makes %s a package of production, in the version of the lock, and no other client',
  async (client) => {
    expect(await keep(client)).toBe('0\n');
    const manifest = JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const listed = await run('npm', ['ls', '--omit=dev', '--package-lock-only', ...clients]);
    expect(listed).toContain(`${client}@${manifest.devDependencies[client] ?? ''}`);
    for (const other of clients.filter((one) => one !== client)) expect(listed).not.toContain(`${other}@`);
  },
);

it('changes nothing where none is named, and stops at what is no such client', async () => {
  const before = readFileSync(path.join(projectDir, 'package.json'), 'utf8');
  expect(await keep('')).toBe('0\n');
  expect(await keep('left-pad')).toMatch(/^64\nMANAGER_CLIENT is left-pad: it must be @aws-sdk/);
  expect(readFileSync(path.join(place.dir, 'package.json'), 'utf8')).toBe(before);
});
