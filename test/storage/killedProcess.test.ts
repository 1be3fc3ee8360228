import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { runningDatabaseUrl } from '../../src/storage/embedded/credentials';
import { isRunning } from '../../src/storage/embedded/processIdentity';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { eventually } from '../kit/eventually';
import { StorageProcess } from './storageProcess';

let dataDir: string;
let remove: () => void;
let started: StorageProcess[];

beforeEach(() => {
  ({ dir: dataDir, remove } = makeTemporaryDir());
  started = [];
});

afterEach(async () => {
  // One that was killed has left a server behind: a last orderly run takes it along.
  await Promise.all(started.map((each) => each.kill()));
  const last = new StorageProcess(dataDir);
  await last.opened();
  await last.stop();
  remove();
});

function start(): StorageProcess {
  const child = new StorageProcess(dataDir);
  started.push(child);
  return child;
}

function serverPid(): number {
  return Number(readFileSync(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
}

it('stops the server that a killed process left behind, and starts its own', async () => {
  const killed = start();
  await killed.opened();
  const orphan = serverPid();
  await killed.kill();
  expect(isRunning(orphan)).toBe(true);

  const next = start();
  await next.opened();
  expect(next.lines.some((line) => line.message?.includes(String(orphan)))).toBe(true);
  expect(isRunning(orphan)).toBe(false);
  expect(isRunning(serverPid())).toBe(true);
  expect(await next.stop()).toBe(0);
});

it('begins anew after a kill while the files were being made', async () => {
  const killed = start();
  // initdb writes the version first and takes most of a second for the rest.
  await eventually(() => readdirSync(dataDir).some((name) => existsSync(path.join(dataDir, name, 'PG_VERSION'))));
  killed.signalGroup('SIGKILL');
  await killed.exited();

  const next = start();
  await next.opened();
  expect(await next.stop()).toBe(0);
});

it('refuses a second process with a sentence and status 75, and the first works on', async () => {
  const first = start();
  await first.opened();
  const second = start();
  expect(await second.exited()).toBe(75);
  expect(second.lines.at(-1)).toMatchObject({ event: 'failed', isSentence: true });
  expect(isRunning(serverPid())).toBe(true);
  expect(await first.stop()).toBe(0);
});

it('lets exactly one of several win that start at the same moment', async () => {
  const all = [start(), start(), start()];
  await Promise.all(all.map((each) => Promise.race([each.exited(), each.said((line) => line.event === 'open')])));
  const winners = all.filter((each) => each.lines.some((line) => line.event === 'open'));
  expect(winners).toHaveLength(1);
  const losers = all.filter((each) => !winners.includes(each));
  expect(await Promise.all(losers.map((each) => each.exited()))).toEqual([75, 75]);
  expect(await winners[0]?.stop()).toBe(0);
});

it('keeps the server and its sessions alive through a Ctrl-C for the group, until the process itself stops it', async () => {
  const child = start();
  await child.opened();
  const server = serverPid();
  const session = new Client({ connectionString: runningDatabaseUrl(dataDir) });
  session.on('error', () => undefined);
  await session.connect();
  child.signalGroup('SIGINT');
  // A shutdown would cut this short.
  await expect(session.query('SELECT pg_sleep(0.3)')).resolves.toMatchObject({ rowCount: 1 });
  await session.end();
  expect(await child.stop()).toBe(0);
  expect(isRunning(server)).toBe(false);
});

it('takes the server along when it ends without a stop', async () => {
  const child = start();
  await child.opened();
  const server = serverPid();
  child.signalGroup('SIGHUP');
  expect(await child.exited()).toBe(3);
  await eventually(() => !isRunning(server));
});

it('leaves nothing running when it is stopped by a signal to the group', async () => {
  const child = start();
  await child.opened();
  const server = serverPid();
  child.signalGroup('SIGTERM');
  expect(await child.exited()).toBe(0);
  await eventually(() => !isRunning(server));
});
