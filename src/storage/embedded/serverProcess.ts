import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { StorageError, codeOf } from '../storageError';
import type { Binaries } from './binaries';
import { programEnvironment, superuser } from './cluster';
import type { Place } from './place';
import { asUser } from './serverUser';
import { stopServer } from './stopServer';

const pollMs = 30;
/** Recovery after a crash reads the log again: minutes at worst, and the process would say so by ending. */
const readyTimeoutMs = 300_000;
const sayRecoveryAfterMs = 3_000;
const maxLogBytes = 10_000_000;

/** Small, for one machine; nothing that weakens what a commit promises (fsync, full_page_writes and synchronous_commit stay on). */
const serverSettings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=64MB',
  'max_wal_size=256MB',
  'max_wal_senders=0',
  'wal_level=minimal',
  'jit=off',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_checkpoints=off',
];

export interface ServerOptions {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly port: number;
  readonly superuserPassword: string;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

/** The port was taken between looking and listening. */
export class PortTakenError extends Error {}

/**
 * Starts the server and waits until it answers. It leads a process group of its own, so that a Ctrl-C meant for us
 * does not end it before we have written our last. Throws PortTakenError, StorageError; the caller's abort ends it.
 */
export async function startServer(options: ServerOptions): Promise<ChildProcess> {
  const { place } = options;
  const logFile = path.join(place.root, 'postgres.log');
  const logStart = prepareLog(logFile);
  const log = openSync(logFile, 'a', 0o600);
  const settings = [...serverSettings, `port=${options.port}`].flatMap((setting) => ['-c', setting]);
  const child = spawn(options.binaries.postgres, ['-D', place.clusterDir, ...settings], {
    ...asUser(place.user),
    cwd: place.root,
    env: programEnvironment,
    stdio: ['ignore', log, log],
    detached: true,
    windowsHide: true,
  });
  closeSync(log);
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  try {
    await untilReady(child, options, () => failure);
    return child;
  } catch (error) {
    if (child.pid !== undefined) await stopServer(child.pid, options);
    if (error instanceof EndedEarly) throw describeEnd(readFileSync(logFile, 'utf8').slice(logStart), place);
    throw error;
  }
}

class EndedEarly extends Error {}

async function untilReady(child: ChildProcess, options: ServerOptions, failureOf: () => Error | null): Promise<void> {
  const startedAt = performance.now();
  let isRecoverySaid = false;
  for (;;) {
    options.signal.throwIfAborted();
    if (failureOf() !== null || child.exitCode !== null || child.signalCode !== null) throw new EndedEarly();
    if (listens(child, options.place) && (await answers(options))) return;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > readyTimeoutMs) {
      throw new StorageError(
        `PostgreSQL in ${options.place.clusterDir} does not answer. Its log: ${options.place.root}/postgres.log`,
      );
    }
    if (waitedMs > sayRecoveryAfterMs && !isRecoverySaid) {
      isRecoverySaid = true;
      options.onProgress('waiting for the database to recover from its last end');
    }
    await sleep(pollMs);
  }
}

/**
 * True once this server, not another that was faster at the same port, takes connections: it writes its process id on
 * the first line of its mark, and on the eighth that it is ready.
 */
function listens(child: ChildProcess, place: Place): boolean {
  try {
    const mark = readFileSync(path.join(place.clusterDir, 'postmaster.pid'), 'utf8').split('\n');
    return Number(mark[0]) === child.pid && mark[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

async function answers(options: ServerOptions): Promise<boolean> {
  const client = new Client({
    host: '127.0.0.1',
    port: options.port,
    user: superuser,
    password: options.superuserPassword,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks after it was made is reported here and nowhere else.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    // 28P01: it runs, and refuses the password that is kept beside it.
    if (codeOf(error) === '28P01') {
      throw new StorageError(
        `The database in ${options.place.clusterDir} refuses the password kept in postgres.json: the two do not belong together.`,
      );
    }
    return false;
  } finally {
    await client.end();
  }
}

/** Returns how long the log is before this start writes to it. */
function prepareLog(logFile: string): number {
  const bytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes <= maxLogBytes) return bytes;
  truncateSync(logFile, 0);
  return 0;
}

function describeEnd(log: string, place: Place): Error {
  if (/could not bind/.test(log)) return new PortTakenError();
  const reason = log
    .split('\n')
    .filter((line) => /FATAL|PANIC|HINT/.test(line))
    .join(' ')
    .replaceAll(/\S+ \S+ UTC \[\d+\] /g, '');
  const said = reason === '' ? 'it gave no reason' : reason;
  return new StorageError(
    `PostgreSQL in ${place.clusterDir} does not start: ${said} (log: ${place.root}/postgres.log)`,
  );
}
