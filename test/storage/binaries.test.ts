import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepareBinaries } from '../../src/storage/embedded/binaries';
import { makeSharedRoot } from '../../src/storage/embedded/place';
import type { ServerUser } from '../../src/storage/embedded/serverUser';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';

let dir: string;
let remove: () => void;
let installedDir: string;
let sharedRoot: string;

beforeEach(() => {
  ({ dir, remove } = makeTemporaryDir());
  const packageDir = path.join(dir, 'package');
  installedDir = path.join(packageDir, 'native');
  sharedRoot = path.join(dir, 'shared');
  mkdirSync(path.join(installedDir, 'bin'), { recursive: true });
  mkdirSync(path.join(installedDir, 'lib'));
  writeFileSync(path.join(packageDir, 'package.json'), '{"version": "18.4.0"}');
  writeFileSync(path.join(installedDir, 'lib/libpq.so.5.18'), 'library');
  for (const program of ['postgres', 'initdb', 'pg_ctl']) {
    writeFileSync(path.join(installedDir, 'bin', program), program, { mode: 0o755 });
  }
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  writeFileSync(path.join(installedDir, 'pg-symlinks.json'), JSON.stringify(links));
});

afterEach(() => {
  remove();
});

function prepare(user: ServerUser) {
  return prepareBinaries({ installedDir, user, makeCopyRoot: () => makeSharedRoot(sharedRoot) });
}

it('makes the links of the libraries, which no install script has made', () => {
  expect(existsSync(path.join(installedDir, 'lib/libpq.so.5'))).toBe(false);
  const binaries = prepare(null);
  expect(readFileSync(path.join(installedDir, 'lib/libpq.so.5'), 'utf8')).toBe('library');
  expect(binaries.postgres).toBe(path.join(installedDir, 'bin/postgres'));
  expect(prepare(null)).toEqual(binaries);
});

describeWith('root', 'for a user who cannot reach the installed programs', () => {
  const nobody = { uid: 65_534, gid: 65_534 };

  it('uses them where they are, as long as they can be reached', () => {
    expect(prepare(nobody).postgres).toBe(path.join(installedDir, 'bin/postgres'));
    expect(existsSync(sharedRoot)).toBe(false);
  });

  it('makes one copy where they can, libraries and all, that only root can change', () => {
    chmodSync(path.dirname(installedDir), 0o700);
    const { postgres } = prepare(nobody);
    expect(postgres).toBe(path.join(sharedRoot, 'postgresql-18.4.0/bin/postgres'));
    expect(readFileSync(path.join(sharedRoot, 'postgresql-18.4.0/lib/libpq.so.5'), 'utf8')).toBe('library');
    expect(statSync(postgres)).toMatchObject({ uid: 0, mode: 0o100755 });
    expect(prepare(nobody).postgres).toBe(postgres);
    expect(readdirSync(sharedRoot)).toEqual(['postgresql-18.4.0']);
  });
});
