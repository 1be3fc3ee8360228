import type { AuditProblem } from '../../src/operations/auditVerification';
import type { Checkpoint } from '../../src/operations/checkpointFile';
import { readRecord, recordColumns } from '../../src/storage/audit/auditRecords';
import { AuditHouse } from '../kit/auditHouse';

/** Somebody who has the database: owns the tables, switches the triggers off, and does not have the key. */

const size = 10_000;
const attempts = 20;
/** Spread over the whole log, never its first or last entry. */
const places = Array.from({ length: attempts }, (_, index) => 7 + index * 499);

let house: AuditHouse;
let checkpoints: Checkpoint[];

beforeAll(async () => {
  house = await AuditHouse.open();
  await house.fill(size);
  const rows = await house.rows<{ seq: string; hash: string }>(
    `SELECT seq, encode(hash, 'hex') AS hash FROM audit_links WHERE seq IN (2500, $1)`,
    [size],
  );
  checkpoints = rows.map(({ seq, hash }) => ({ seq: Number(seq), hash, at: '', signature: '' }));
});

afterAll(async () => {
  await house.stop();
});

const run = (text: string, values: readonly unknown[] = []) => house.rows(text, values);

/** Does it, looks, and takes it back. */
async function tamper(attack: () => Promise<unknown>): Promise<readonly [number | null, AuditProblem | null]> {
  await run('BEGIN');
  try {
    await run('ALTER TABLE audit_entries DISABLE TRIGGER ALL');
    await run('ALTER TABLE audit_links DISABLE TRIGGER ALL');
    await attack();
    const { ok, checked, firstBadSeq, problem } = await house.verify(checkpoints);
    expect(ok).toBe(false);
    expect(checked).toBe((firstBadSeq ?? 0) - 1);
    return [firstBadSeq, problem];
  } finally {
    await run('ROLLBACK');
  }
}

/** In two steps: no two links may have one place on the way. */
async function shift(after: number, by: number): Promise<void> {
  await run('UPDATE audit_links SET seq = -seq WHERE seq > $1', [after]);
  await run('UPDATE audit_links SET seq = -seq + $1 WHERE seq < 0', [by]);
}

async function removeEntry(seq: number): Promise<void> {
  await run('DELETE FROM audit_entries WHERE number = (SELECT entry FROM audit_links WHERE seq = $1)', [seq]);
}

async function removeLink(seq: number): Promise<void> {
  await run('DELETE FROM audit_links WHERE seq = $1', [seq]);
}

it('is whole as it was written', async () => {
  expect(await house.verify(checkpoints)).toEqual({ ok: true, checked: size, firstBadSeq: null, problem: null });
});

const edits = [
  `outcome = outcome || ' '`,
  `actor = 'somebody else'`,
  `action = 'order.cancel'`,
  `target = NULL`,
  `at = at + interval '1 microsecond'`,
  `at = at - interval '4051 years'`,
  `ip = '10.0.0.2'`,
  `user_agent = ''`,
  `before_hash = sha256('another')`,
  `after_hash = sha256('another')`,
];

it.each(places.map((seq, index) => [seq, edits[index % edits.length]] as const))(
  'finds entry %i edited: %s',
  async (seq, edit) => {
    const found = await tamper(async () => {
      // A year before our era reads like one of it where nobody looks.
      await run('ALTER TABLE audit_entries DROP CONSTRAINT audit_entries_at_sane');
      await run(
        `UPDATE audit_entries SET ${String(edit)} WHERE number = (SELECT entry FROM audit_links WHERE seq = $1)`,
        [seq],
      );
    });
    expect(found).toEqual([seq, 'CONTENT_CHANGED']);
  },
);

const deletions: readonly (readonly [AuditProblem, string, (seq: number) => Promise<unknown>])[] = [
  ['ENTRY_MISSING', 'alone', removeEntry],
  ['LINK_MISSING', 'with its link', (seq) => removeEntry(seq).then(() => removeLink(seq))],
  [
    'ORDER_CHANGED',
    'with its link, those behind moved up',
    (seq) =>
      removeEntry(seq)
        .then(() => removeLink(seq))
        .then(() => shift(seq, -1)),
  ],
];

it.each(places.map((seq, index) => [seq, ...(deletions[index % deletions.length] ?? raise())] as const))(
  'finds entry %i deleted: %s, %s',
  async (seq, problem, _, attack) => {
    expect(await tamper(() => attack(seq))).toEqual([seq, problem]);
  },
);

it.each(
  places.map(
    (seq, index) => [seq, index % 2 === 0 ? 'the next one left as it is' : 'the next one joined to it'] as const,
  ),
)('finds an entry inserted after %i, %s', async (seq, next) => {
  const found = await tamper(async () => {
    await shift(seq, 1);
    const [entry] = await run(
      `INSERT INTO audit_entries (at, actor, action, outcome) VALUES (now(), 'ada', 'order.create', 'ok') RETURNING number`,
    );
    await run(
      `INSERT INTO audit_links SELECT $1::bigint + 1, $2, hash, sha256('forged') FROM audit_links WHERE seq = $1`,
      [seq, (entry as { readonly number: string }).number],
    );
    if (next === 'the next one joined to it')
      await run(`UPDATE audit_links SET prev_hash = sha256('forged') WHERE seq = $1::bigint + 2`, [seq]);
  });
  expect(found).toEqual([seq + 1, 'CONTENT_CHANGED']);
});

it.each(places.map((seq, index) => [seq, seq + 1 + (index % 5) * 30, index % 2 === 0 ? 'entries' : 'links'] as const))(
  'finds %i and %i put in the place of each other: their %s',
  async (first, second, what) => {
    const found = await tamper(async () => {
      if (what === 'entries') {
        await run(
          `CREATE TEMP TABLE pair ON COMMIT DROP AS
           SELECT a.seq, b.entry FROM audit_links a JOIN audit_links b ON a.seq <> b.seq
           WHERE a.seq IN ($1, $2) AND b.seq IN ($1, $2)`,
          [first, second],
        );
        await run('UPDATE audit_links SET entry = -entry WHERE seq IN ($1, $2)', [first, second]);
        await run('UPDATE audit_links l SET entry = pair.entry FROM pair WHERE pair.seq = l.seq');
      } else {
        await run('UPDATE audit_links SET seq = -seq WHERE seq IN ($1, $2)', [first, second]);
        await run('UPDATE audit_links SET seq = $1::bigint + $2 + seq WHERE seq < 0', [first, second]);
      }
    });
    expect(found).toEqual([first, what === 'entries' ? 'CONTENT_CHANGED' : 'ORDER_CHANGED']);
  },
);

it.each(places)('finds the log cut off behind %i', async (seq) => {
  const found = await tamper(async () => {
    await run('DELETE FROM audit_entries WHERE number IN (SELECT entry FROM audit_links WHERE seq > $1)', [seq]);
    await run('DELETE FROM audit_links WHERE seq > $1', [seq]);
  });
  expect(found).toEqual([seq + 1, 'TAIL_MISSING']);
});

it('finds a chain that was written anew, by someone with the key, from what was signed for', async () => {
  const found = await tamper(async () => {
    await run('DELETE FROM audit_links');
    await run(`UPDATE audit_entries SET outcome = 'nothing' WHERE number = (SELECT min(number) FROM audit_entries)`);
    await relink();
  });
  expect(found).toEqual([2_500, 'CHECKPOINT_DIFFERS']);
});

/** What our own chainer does, on the operator's connection. */
async function relink(): Promise<void> {
  const { chain } = house;
  const entries = await run(`SELECT e.number, ${recordColumns} FROM audit_entries e ORDER BY e.number`);
  let prev = chain.genesis;
  const links = entries.map((row, index) => {
    const hash = chain.hashOf(prev, index + 1, readRecord(row as Record<string, unknown>));
    const link = [index + 1, (row as { readonly number: string }).number, prev, hash] as const;
    prev = hash;
    return link;
  });
  await run(
    `INSERT INTO audit_links SELECT s, e, decode(p, 'hex'), decode(h, 'hex')
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS link (s, e, p, h)`,
    [0, 1, 2, 3].map((column) => links.map((link) => link[column])),
  );
}

function raise(): never {
  throw new Error('there is no such attack');
}
