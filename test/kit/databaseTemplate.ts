import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, renameSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { migrations } from '../../migrations/migrations';
import { readCredentials, saveCredentials } from '../../src/storage/embedded/credentials';
import { openStorage } from '../../src/storage/storage';
import { makeTemporaryDir } from './temporaryDir';

/** What a machine loses that loses its power is no question of these tests; nothing is lost by a process that is killed. */
const settings = '\nfsync = off\nfull_page_writes = off\n';

/**
 * Fills an empty data folder with what a first start leaves there: a PostgreSQL with its schema up to date. It is a copy of
 * one that the first test file to ask for it makes, once a run: making one takes seconds of work and of writing to the disk.
 */
export async function copyDatabase(dataDir: string): Promise<void> {
  // -p keeps the owner, whom PostgreSQL runs as where the tests run as root.
  await promisify(execFile)('cp', ['-pR', `${await template()}/.`, dataDir]);
}

async function template(): Promise<string> {
  const runDir = process.env['TEST_RUN_DIR'];
  if (runDir === undefined) throw new Error('jest is to be started with this project as its configuration');
  const dir = path.join(runDir, 'database');
  if (existsSync(dir)) return dir;
  const draft = await makeTemplate();
  try {
    renameSync(draft.dir, dir);
  } catch (error) {
    // The other worker was faster.
    if (!existsSync(dir)) throw error;
    draft.remove();
  }
  return dir;
}

async function makeTemplate(): Promise<ReturnType<typeof makeTemporaryDir>> {
  const draft = makeTemporaryDir();
  const { signal } = new AbortController();
  const storage = await openStorage({
    databaseUrl: null,
    dataDir: draft.dir,
    migrations,
    onProgress: () => undefined,
    signal,
  });
  await storage.stop();
  appendFileSync(path.join(draft.dir, 'postgres/postgresql.conf'), settings);
  // Every copy takes a free port of its own.
  saveCredentials(draft.dir, { ...readCredentials(draft.dir, false), port: 0 });
  return draft;
}
