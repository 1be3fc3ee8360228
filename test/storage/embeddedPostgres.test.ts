import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { findBinariesDir, prepareBinaries } from '../../src/storage/embedded/binaries';
import { readCredentials } from '../../src/storage/embedded/credentials';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/storage/embedded/embeddedPostgres';
import { makeSharedRoot, preparePlace } from '../../src/storage/embedded/place';
import { isRunning } from '../../src/storage/embedded/processIdentity';
import { PortTakenError, startServer } from '../../src/storage/embedded/serverProcess';
import { StorageBusyError, StorageError } from '../../src/storage/storageError';
import { copyDatabase } from '../kit/databaseTemplate';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';

let dataDir: string;
let remove: () => void;
let running: EmbeddedPostgres[];
let progress: string[];

beforeEach(() => {
  ({ dir: dataDir, remove } = makeTemporaryDir());
  running = [];
  progress = [];
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  remove();
});

async function start(signal = new AbortController().signal): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, signal, onProgress: (message) => progress.push(message) });
  running.push(server);
  return server;
}

/** Leaves in the folder what a start and a stop leave there. */
const startAndStop = (): Promise<void> => copyDatabase(dataDir);

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a start', () => {
  it('gives a database whose owner is no superuser, with durable commits and checked passwords', async () => {
    const { url } = await start();
    const rows = await query(
      url,
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
              current_setting('full_page_writes') AS pages, current_setting('listen_addresses') AS addresses,
              current_setting('server_encoding') AS encoding,
              (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
              (SELECT datcollate FROM pg_database WHERE datname = current_database()) AS collation`,
    );
    expect(rows).toEqual([
      {
        fsync: 'on',
        commit: 'on',
        pages: 'on',
        addresses: '127.0.0.1',
        encoding: 'UTF8',
        superuser: false,
        collation: 'C',
      },
    ]);
    await expect(query(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('keeps its passwords in a file for the owner alone', async () => {
    await start();
    expect(statSync(path.join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(readFileSync(path.join(dataDir, 'postgres.json'), 'utf8')) as Record<string, string>;
    expect(kept.password).toHaveLength(32);
    expect(kept.superuserPassword).not.toBe(kept.password);
  });

  it('finds the data, the port and the passwords of the last one', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('takes another port where its own has been taken', async () => {
    await startAndStop();
    const first = await start();
    await first.stop();
    const squatter = createServer().listen(first.port, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    try {
      const second = await start();
      expect(second.port).not.toBe(first.port);
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      squatter.close();
    }
  });

  it('makes the files anew where a killed start left them half made', async () => {
    const half = path.join(dataDir, 'postgres.unfinished-1');
    mkdirSync(half);
    writeFileSync(path.join(half, 'PG_VERSION'), '18\n');
    const { url } = await start();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  it('makes role and database where a killed start left none', async () => {
    await startAndStop();
    const first = await start();
    const kept = JSON.parse(readFileSync(path.join(dataDir, 'postgres.json'), 'utf8')) as Record<string, string>;
    const superuserUrl = `postgres://postgres:${kept.superuserPassword ?? ''}@127.0.0.1:${first.port}/postgres`;
    await query(superuserUrl, 'DROP DATABASE tickgate');
    await query(superuserUrl, 'DROP ROLE tickgate');
    await first.stop();
    expect(await query((await start()).url, 'SELECT current_user::text AS me')).toEqual([{ me: 'tickgate' }]);
  });

  it('starts over a mark whose process id belongs to someone else by now, and lets them be', async () => {
    await startAndStop();
    const { uid, gid } = statSync(path.join(dataDir, 'postgres'));
    // Of the same user as the server: PostgreSQL itself takes a process of another's for none.
    const stranger = spawn('sleep', ['600'], { uid, gid });
    try {
      await once(stranger, 'spawn');
      const mark = `${stranger.pid ?? 0}\n${dataDir}/postgres\n1\n5432\n`;
      writeFileSync(path.join(dataDir, 'postgres/postmaster.pid'), mark, { flag: 'wx' });
      expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(isRunning(stranger.pid ?? 0)).toBe(true);
    } finally {
      stranger.kill();
    }
  });

  it('takes no other server for its own, that was faster at its port, even where their passwords are equal', async () => {
    await startAndStop();
    const other = makeTemporaryDir();
    await copyDatabase(other.dir);
    const faster = await startEmbeddedPostgres({
      dataDir: other.dir,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const place = preparePlace({ dataDir, isRoot: process.getuid?.() === 0, sharedRoot: '/nowhere' });
    try {
      await expect(
        startServer({
          place,
          binaries: prepareBinaries({
            installedDir: findBinariesDir(),
            user: place.user,
            makeCopyRoot: () => makeSharedRoot('/var/lib/tickgate'),
          }),
          port: faster.port,
          superuserPassword: readCredentials(dataDir, false).superuserPassword,
          signal: new AbortController().signal,
          onProgress: () => undefined,
        }),
      ).rejects.toThrow(PortTakenError);
    } finally {
      await faster.stop();
      other.remove();
    }
  });

  it('says so where the passwords are lost, and leaves the data alone', async () => {
    await startAndStop();
    rmSync(path.join(dataDir, 'postgres.json'));
    await expect(start()).rejects.toThrow(StorageError);
    expect(existsSync(path.join(dataDir, 'postgres/PG_VERSION'))).toBe(true);
  });

  it('says so where the passwords belong to another database', async () => {
    await startAndStop();
    const other = { superuserPassword: 'other', password: 'other', port: 0 };
    writeFileSync(path.join(dataDir, 'postgres.json'), JSON.stringify(other));
    await expect(start()).rejects.toThrow(/postgres\.json/);
  });

  it('says why where PostgreSQL does not come up', async () => {
    await startAndStop();
    writeFileSync(path.join(dataDir, 'postgres/postgresql.auto.conf'), 'shared_buffers = nonsense\n');
    await expect(start()).rejects.toThrow(/does not start.*contains errors.*postgres\.log/);
  });

  it('says so where the folder cannot be written', async () => {
    writeFileSync(path.join(dataDir, 'file'), '');
    dataDir = path.join(dataDir, 'file/data');
    await expect(start()).rejects.toThrow(/cannot be made \(ENOTDIR\)/);
  });

  it('says so where a file of its own cannot be written', async () => {
    mkdirSync(path.join(dataDir, 'postgres.json.new'));
    await expect(start()).rejects.toThrow(/^PostgreSQL cannot be started in .* \(EISDIR\)/);
  });

  it('can be aborted on the way, and leaves nothing running or half made', async () => {
    const aborter = new AbortController();
    const starting = startEmbeddedPostgres({
      dataDir,
      signal: aborter.signal,
      onProgress: () => {
        // By then initdb has been started.
        setImmediate(() => {
          aborter.abort();
        });
      },
    });
    await expect(starting).rejects.toThrow();
    expect(readdirSync(dataDir)).toEqual(['postgres.json']);
  });
});

describe('a second start on the same folder', () => {
  beforeEach(startAndStop);

  it('is refused while the first runs, without harm to it', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(StorageBusyError);
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('works when the first has stopped', async () => {
    await (await start()).stop();
    await expect(start()).resolves.toBeDefined();
  });
});

describe('a stop', () => {
  beforeEach(startAndStop);

  it('resolves when the process is gone, and may be asked for twice', async () => {
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
    expect(isRunning(server.pid)).toBe(false);
    expect(existsSync(path.join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  });

  it('does not wait for sessions that are open', async () => {
    const server = await start();
    const client = new Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });

  it('is no crash, and a crash is told', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGQUIT');
    await expect(server.crashed).resolves.toBeUndefined();
  });
});

describeWith('root', 'as root', () => {
  it('runs under another user, who owns the cluster and nothing else', async () => {
    const server = await start();
    const uid = statSync(path.join(dataDir, 'postgres')).uid;
    expect(uid).not.toBe(0);
    expect(statSync(`/proc/${server.pid}`).uid).toBe(uid);
    expect(statSync(dataDir).uid).toBe(0);
    expect(statSync(path.join(dataDir, 'postgres.json')).uid).toBe(0);
  });

  it('goes where its user can enter, from a folder that is closed to it, and finds the way back', async () => {
    const closed = path.join(dataDir, 'home');
    const sharedRoot = path.join(dataDir, 'shared');
    mkdirSync(closed, { mode: 0o700 });
    chmodSync(closed, 0o700);
    const options = {
      dataDir: path.join(closed, 'data'),
      sharedRoot,
      signal: new AbortController().signal,
      onProgress: (message: string) => progress.push(message),
    };
    const first = await startEmbeddedPostgres(options);
    running.push(first);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(progress.some((message) => message.includes(sharedRoot))).toBe(true);
    expect(existsSync(path.join(closed, 'data/postgres'))).toBe(false);
    await first.stop();

    progress = [];
    const second = await startEmbeddedPostgres(options);
    running.push(second);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(progress).toEqual([]);
  });
});
