import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StorageError, reasonOf } from '../storageError';
import type { Binaries } from './binaries';
import { giveTo, type Place } from './place';
import { asUser } from './serverUser';

export const superuser = 'postgres';

/** Settings of ours (PG*, LC_*) would change what PostgreSQL's programs do, and secrets are none of their business: they get this alone. */
export const programEnvironment = { LC_ALL: 'C', TZ: 'UTC' };

const draftPrefix = 'postgres.unfinished-';

/**
 * Makes the cluster where there is none. It is made under another name and renamed when it is whole:
 * what a killed start left half made is never taken for a cluster, and is cleared away here.
 */
export async function ensureCluster(parts: {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly superuserPassword: string;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}): Promise<void> {
  const { place } = parts;
  for (const name of readdirSync(place.root).filter((entry) => entry.startsWith(draftPrefix))) {
    rmSync(path.join(place.root, name), { recursive: true, force: true });
  }
  if (existsSync(path.join(place.clusterDir, 'PG_VERSION'))) return;
  parts.onProgress(`making the database's files in ${place.clusterDir}`);
  const draft = path.join(place.root, `${draftPrefix}${process.pid}`);
  const passwordFile = `${draft}-password`;
  try {
    mkdirSync(draft, { mode: 0o700 });
    giveTo(place.user, draft);
    writeFileSync(passwordFile, `${parts.superuserPassword}\n`, { mode: 0o600 });
    giveTo(place.user, passwordFile);
    await runInitdb({ ...parts, draft, passwordFile });
    renameSync(draft, place.clusterDir);
    chmodSync(place.clusterDir, 0o700);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (error instanceof StorageError) throw error;
    throw new StorageError(`PostgreSQL cannot make its files in ${place.root} (${reasonOf(error)}).`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function runInitdb(parts: {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly draft: string;
  readonly passwordFile: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { place, signal } = parts;
  signal.throwIfAborted();
  const flags = [
    `--pgdata=${parts.draft}`,
    `--username=${superuser}`,
    `--pwfile=${parts.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ];
  const child = spawn(parts.binaries.initdb, flags, {
    ...asUser(place.user),
    cwd: place.root,
    env: programEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve();
        else reject(signal.aborted ? new Error('stopped') : initdbFailure(place.root, output));
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
}

function initdbFailure(folder: string, output: string): StorageError {
  const hint = /HINT: +(.+)/.exec(output)?.[1];
  const reason = /(?:FATAL|PANIC|ERROR|error): +(.+)/.exec(output)?.[1] ?? 'it gave no reason';
  return new StorageError(
    `PostgreSQL cannot make its files in ${folder}: ${reason}${hint === undefined ? '' : `. ${hint}`}`,
  );
}
