import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { limits } from '../../src/security/limits';
import { startTestDatabase } from '../kit/postgres';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: no exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };

it('a stop in which something fails says so, once all the rest has stopped as well', async () => {
  const server = await RunningTickgate.start('simulator', deadExchange);
  const { port, metricsPort, crashed } = server.tickgate;
  const mark = readFileSync(path.join(server.config.dataDir, 'postgres/postmaster.pid'), 'utf8');
  process.kill(Number.parseInt(mark, 10), 'SIGKILL');
  await crashed;
  // What was written last can be linked in no database.
  await expect(server.tickgate.stop()).rejects.toThrow();
  for (const closed of [port, metricsPort])
    await expect(fetch(`http://127.0.0.1:${closed}/livez`)).rejects.toThrow('fetch failed');
  await server.stop();
});

it('a stop signs the audit log to its very end, what was written while it stopped included', async () => {
  const [database, folder] = [await startTestDatabase(), makeTemporaryDir()];
  const file = path.join(folder.dir, 'checkpoints.ndjson');
  const server = await RunningTickgate.start('simulator', deadExchange, {
    environment: { DATABASE_URL: database.url, AUDIT_CHECKPOINT_FILE: file },
  });
  // Of so many refusals the last two are told as a number, now or when the server stops.
  const authorization = await server.signIn('VIEWER');
  for (let call = 0; call < limits.denials.maxPerCaller + 2; call += 1)
    await server.post('mutation { setGlobalTradingState(state: HALTED, reason: "no") }', { authorization });
  await server.stop();

  const operator = new Client({ connectionString: database.url });
  await operator.connect();
  const { rows } = await operator.query(
    'SELECT l.seq::int AS seq, e.outcome FROM audit_entries e LEFT JOIN audit_links l ON l.entry = e.number ORDER BY e.number DESC LIMIT 1',
  );
  const last = JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '') as unknown;
  await operator.end();
  await database.stop();
  folder.remove();
  expect(rows).toEqual([{ seq: expect.any(Number) as unknown, outcome: '2 more' }]);
  expect(last).toMatchObject({ seq: (rows as readonly { readonly seq: number }[])[0]?.seq });
});
