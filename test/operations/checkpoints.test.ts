import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createPublicKey, createSecretKey, randomBytes, verify } from 'node:crypto';
import path from 'node:path';
import { AuditChain } from '../../src/operations/auditChain';
import { Checkpointer, type CheckpointerParts } from '../../src/operations/checkpointer';
import { readCheckpoints, type Checkpoint } from '../../src/operations/checkpointFile';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import type { ChainHead } from '../../src/storage/audit/auditRecords';
import { eventually } from '../kit/eventually';
import { makeTemporaryDir } from '../kit/temporaryDir';

const temporary = makeTemporaryDir();
const chain = new AuditChain(createSecretKey(randomBytes(32)));
const logger = createLogger('silent');
const runner = new BackgroundRunner({ logger, metrics: createMetrics() });
const noon = Date.UTC(2026, 0, 31, 12);

let file: string;
/** The chain as the database tells it, seq 1 first. */
let hashes: string[];
let broken: (readonly [number, number | null])[];
let count = 0;

beforeEach(() => {
  count += 1;
  file = path.join(temporary.dir, `deep/er/${count}.ndjson`);
  hashes = [];
  broken = [];
});

afterAll(async () => {
  await runner.idle();
  temporary.remove();
});

function grow(by: number): ChainHead {
  for (let index = 0; index < by; index += 1) hashes.push(randomBytes(32).toString('hex'));
  return { seq: hashes.length, hash: hashes.at(-1) ?? '' };
}

function checkpointer(parts: Partial<CheckpointerParts> = {}): Checkpointer {
  const at = (seq: number) => {
    const hash = hashes[seq - 1];
    return hash === undefined ? null : { seq, hash, prevHash: '', record: null };
  };
  return new Checkpointer({
    links: { head: () => Promise.resolve(at(hashes.length)), find: (seq) => Promise.resolve(at(seq)) },
    chain,
    file,
    clock: () => noon,
    runner,
    onBroken: (known, found) => broken.push([known.seq, found?.seq ?? null]),
    intervalMs: 3_600_000,
    ...parts,
  });
}

function lines(): readonly Checkpoint[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Checkpoint);
}

describe('a checkpoint', () => {
  it('says where the chain stands, signed, in a file for its owner alone', async () => {
    const head = grow(3);
    await checkpointer().write();
    const [line] = lines();
    expect(line).toMatchObject({ ...head, at: '2026-01-31T12:00:00.000Z' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = `tickgate/audit/v1/checkpoint\n3\n${head.hash}\n2026-01-31T12:00:00.000Z`;
    const signature = Buffer.from(line?.signature ?? '', 'base64url');
    expect(verify(null, Buffer.from(text), createPublicKey(chain.checkpointPublicKey), signature)).toBe(true);
  });

  it('is written at the start, at the stop and in between, where there is something new, and not where there is not', async () => {
    grow(1);
    const keeper = checkpointer({ intervalMs: 5 });
    await keeper.start();
    expect(lines().map(({ seq }) => seq)).toEqual([1]);
    grow(1);
    await eventually(() => lines().length === 2);
    await keeper.stop();
    await keeper.stop();
    expect(lines().map(({ seq }) => seq)).toEqual([1, 2]);
    grow(2);
    const next = checkpointer();
    await next.start();
    grow(1);
    await next.stop();
    expect(lines().map(({ seq }) => seq)).toEqual([1, 2, 4, 5]);
  });

  it('is written before its time where much is new', async () => {
    grow(1);
    const keeper = checkpointer({ every: 10 });
    await keeper.start();
    keeper.note(grow(9));
    await runner.idle();
    expect(lines().map(({ seq }) => seq)).toEqual([1]);
    keeper.note(grow(1));
    await runner.idle();
    expect(lines().map(({ seq }) => seq)).toEqual([1, 11]);
    await keeper.stop();
  });

  it.each(['hash', 'seq', 'at', 'signature'] as const)(
    'is not taken for ours where its %s was changed',
    async (field) => {
      grow(1);
      await checkpointer().write();
      const [line] = lines();
      const changed = { seq: 2, hash: '00'.repeat(32), at: '2027-01-31T12:00:00.000Z', signature: 'AA' }[field];
      writeFileSync(file, `${JSON.stringify({ ...line, [field]: changed })}\n`);
      expect(await readCheckpoints(file, chain)).toEqual({ checkpoints: [], foreignLines: [1] });
    },
  );

  it('stands in a line of its own behind one that a crash has cut short', async () => {
    grow(1);
    await checkpointer().write();
    appendFileSync(file, '{"seq":');
    grow(1);
    await checkpointer().start();
    const { checkpoints, foreignLines } = await readCheckpoints(file, chain);
    expect([checkpoints.map(({ seq }) => seq), foreignLines]).toEqual([[1, 2], [2]]);
  });

  it('is no reason to go on in silence where the chain does not hold what was signed', async () => {
    grow(5);
    const keeper = checkpointer();
    await keeper.write();
    hashes.length = 3;
    await keeper.write();
    grow(4);
    await keeper.write();
    expect(broken).toEqual([
      [5, null],
      [5, 5],
    ]);
  });

  it('cannot be kept where nothing can be written: a sentence, and exit status 78', async () => {
    grow(1);
    const failure = checkpointer({ file: '/proc/nowhere/checkpoints' }).write();
    await expect(failure).rejects.toMatchObject({
      message: expect.stringMatching(/AUDIT_CHECKPOINT_FILE/) as string,
      exitStatus: 78,
    });
  });
});
