import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { readerRole } from '../readerRole';
import { StorageError, reasonOf } from '../storageError';
import { findBinariesDir, prepareBinaries, type Binaries } from './binaries';
import { ensureCluster, superuser } from './cluster';
import {
  databaseName,
  databaseRole,
  databaseUrl,
  readCredentials,
  saveCredentials,
  type Credentials,
} from './credentials';
import { takeFolderLock } from './folderLock';
import { findFreePort } from './freePort';
import { makeSharedRoot, preparePlace, type Place } from './place';
import { PortTakenError, startServer } from './serverProcess';
import { stopOrphan, stopServer } from './stopServer';

const maxPortAttempts = 5;
/** Where root's checkouts keep what PostgreSQL's unprivileged user must reach and cannot reach there. */
const defaultSharedRoot = '/var/lib/tickgate';

export interface EmbeddedPostgresOptions {
  /** Absolute. The cluster, its passwords and its log are kept here. */
  readonly dataDir: string;
  readonly onProgress: (message: string) => void;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
  readonly sharedRoot?: string;
}

/** A PostgreSQL of our own, on loopback, as long as this process runs. */
export interface EmbeddedPostgres {
  /** Connection URL of a role that owns the database and nothing else. Holds its password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended without `stop`. */
  readonly crashed: Promise<void>;
  /** Ends sessions, writes everything out, and resolves when the process is gone. May be called twice. */
  stop(): Promise<void>;
}

/** Starts the embedded PostgreSQL, made at the first start. Throws StorageError (a sentence), StorageBusyError, or the signal's reason. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const sharedRoot = options.sharedRoot ?? defaultSharedRoot;
  try {
    const place = preparePlace({ dataDir: options.dataDir, isRoot: process.getuid?.() === 0, sharedRoot });
    const release = takeFolderLock(path.join(place.root, 'postgres.lock'), options.dataDir);
    try {
      const binaries = prepareBinaries({
        installedDir: findBinariesDir(),
        user: place.user,
        makeCopyRoot: () => makeSharedRoot(sharedRoot),
      });
      const started = await startLocked({ ...options, place, binaries });
      return supervise({ ...started, place, binaries, release });
    } catch (error) {
      release();
      throw error;
    }
  } catch (error) {
    if (error instanceof StorageError || options.signal.aborted) throw error;
    // A full disk, a folder of someone else's, … : the system's word for it, with the place.
    throw new StorageError(`PostgreSQL cannot be started in ${options.dataDir} (${reasonOf(error)}).`, {
      cause: error,
    });
  }
}

interface Started {
  readonly server: ChildProcess;
  readonly pid: number;
  readonly credentials: Credentials;
}

async function startLocked(
  options: EmbeddedPostgresOptions & { readonly place: Place; readonly binaries: Binaries },
): Promise<Started> {
  const { place, dataDir, onProgress } = options;
  const isNew = !existsSync(path.join(place.clusterDir, 'PG_VERSION'));
  if (isNew && place.isElsewhere) {
    onProgress(`PostgreSQL does not run as root and cannot enter ${dataDir}: its files go to ${place.root}`);
  }
  const credentials = readCredentials(dataDir, isNew);
  await stopOrphan(options);
  await ensureCluster({ ...options, superuserPassword: credentials.superuserPassword });
  const { server, port } = await startOnFreePort(options, credentials);
  const pid = server.pid;
  if (pid === undefined) throw new StorageError('PostgreSQL did not start.');
  try {
    const used = { ...credentials, port };
    if (port !== credentials.port) saveCredentials(dataDir, used);
    await ensureDatabase(used);
    return { server, pid, credentials: used };
  } catch (error) {
    await stopServer(pid, options);
    throw error;
  }
}

async function startOnFreePort(
  options: EmbeddedPostgresOptions & { readonly place: Place; readonly binaries: Binaries },
  credentials: Credentials,
): Promise<{ readonly server: ChildProcess; readonly port: number }> {
  let wanted = credentials.port;
  for (let attempt = 1; attempt <= maxPortAttempts; attempt += 1) {
    const port = await findFreePort(wanted);
    try {
      const server = await startServer({ ...options, port, superuserPassword: credentials.superuserPassword });
      return { server, port };
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
      options.onProgress(`port ${port} was taken in the meantime, trying another`);
      wanted = 0;
    }
  }
  throw new StorageError(`PostgreSQL found no free port on 127.0.0.1 in ${maxPortAttempts} attempts.`);
}

/** Makes roles and database where they are missing: also after a start that was killed between two of these steps. */
async function ensureDatabase(credentials: Credentials): Promise<void> {
  const client = new Client({
    host: '127.0.0.1',
    port: credentials.port,
    user: superuser,
    password: credentials.superuserPassword,
    database: 'postgres',
  });
  await client.connect();
  try {
    const roles = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
    const hasRole = (name: string): boolean => roles.rows.some(({ rolname }) => rolname === name);
    const verb = hasRole(databaseRole) ? 'ALTER' : 'CREATE';
    await client.query(`${verb} ROLE ${databaseRole} LOGIN PASSWORD ${client.escapeLiteral(credentials.password)}`);
    if (!hasRole(readerRole)) await client.query(`CREATE ROLE ${readerRole} NOLOGIN`);
    await client.query(`GRANT ${readerRole} TO ${databaseRole}`);
    // What a statement of ours fails by is told to us; the log of the database would show rows that it refused, e-mail addresses and all.
    for (const setting of ["log_error_verbosity = 'terse'", "log_min_error_statement = 'panic'"])
      await client.query(`ALTER ROLE ${databaseRole} SET ${setting}`);
    const databases = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (databases.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName} OWNER ${databaseRole}`);
  } finally {
    await client.end();
  }
}

function supervise(
  parts: Started & { readonly place: Place; readonly binaries: Binaries; readonly release: () => void },
): EmbeddedPostgres {
  const { server, pid, credentials } = parts;
  let stopping: Promise<void> | null = null;
  // The last resort where this process ends without `stop`: nothing can be awaited then.
  const stopAtExit = (): void => {
    server.kill('SIGINT');
  };
  process.once('exit', stopAtExit);
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => {
      process.removeListener('exit', stopAtExit);
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    await stopServer(pid, parts);
    await ended;
    parts.release();
  };
  const crashed = new Promise<void>((resolve) => {
    server.once('exit', () => {
      if (stopping === null) resolve();
    });
  });
  return {
    url: databaseUrl(credentials),
    port: credentials.port,
    pid,
    crashed,
    stop: () => (stopping ??= stop()),
  };
}
