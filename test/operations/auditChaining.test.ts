import { createSecretKey, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { AuditChain } from '../../src/operations/auditChain';
import { AuditError } from '../../src/operations/auditError';
import { createDataSource } from '../../src/storage/dataSource';
import { AuditLinks } from '../../src/storage/audit/auditLinks';
import { AuditHouse } from '../kit/auditHouse';
import { eventually } from '../kit/eventually';

let house: AuditHouse;

beforeAll(async () => {
  house = await AuditHouse.open();
});

afterAll(async () => {
  await house.stop();
});

async function linkedOutcomes(): Promise<readonly string[]> {
  const rows = await house.rows<{ outcome: string }>(
    'SELECT e.outcome FROM audit_links l JOIN audit_entries e ON e.number = l.entry ORDER BY l.seq',
  );
  return rows.map(({ outcome }) => outcome);
}

async function openTransaction(outcome: string): Promise<Client> {
  const client = new Client({ connectionString: house.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO audit_entries (at, actor, action, outcome) VALUES (now(), 'ada', 'order.create', $1)`,
    [outcome],
  );
  return client;
}

describe('the chain', () => {
  it.each([0, 1, 2])(
    'takes an entry that is committed after later ones were linked, and %i looks that found nothing',
    async (looks) => {
      const chainer = house.chainer();
      await chainer.flush();
      const before = (await linkedOutcomes()).length;
      const late = await openTransaction('late');
      for (const outcome of ['early', 'middle']) {
        await house.write({ outcome });
        await chainer.flush();
      }
      for (let look = 0; look < looks; look += 1) await chainer.flush();
      expect((await linkedOutcomes()).slice(before)).toEqual(['early', 'middle']);
      await late.query('COMMIT');
      await late.end();
      await chainer.flush();
      expect((await linkedOutcomes()).slice(before)).toEqual(['early', 'middle', 'late']);
    },
  );

  it('takes what another node has left, and nothing twice', async () => {
    const [one, other] = [house.chainer(), house.chainer()];
    const before = (await linkedOutcomes()).length;
    await Promise.all([one.flush(), other.flush()]);
    await house.write({ outcome: 'left' });
    await other.flush();
    await one.flush();
    expect((await linkedOutcomes()).slice(before)).toEqual(['left']);
  });

  it('goes on by itself, within half a second', async () => {
    const chainer = house.chainer();
    await chainer.start();
    await house.write({ outcome: 'by itself' });
    await eventually(async () => (await linkedOutcomes()).includes('by itself'), { timeoutMs: 1_500 });
    await chainer.stop();
  });

  it('links in the end what is committed just before the stop', async () => {
    const chainer = house.chainer({ intervalMs: 3_600_000 });
    await chainer.start();
    await house.write({ outcome: 'the last' });
    await chainer.stop();
    expect((await linkedOutcomes()).at(-1)).toBe('the last');
  });

  it('is not gone on with under another key', async () => {
    const chain = new AuditChain(createSecretKey(randomBytes(32)));
    const start = house.chainer({ chain, intervalMs: 3_600_000 }).start();
    await expect(start).rejects.toThrow(/^AUDIT_KEY is not the key that the audit log of this database was begun with/);
    await expect(start).rejects.toBeInstanceOf(AuditError);
    await expect(start).rejects.toMatchObject({ exitStatus: 78 });
  });

  it('has no fork and lacks nothing after 200 writers at once, on two nodes', async () => {
    const dataSource = await createDataSource({ url: house.url, migrations: [] }).initialize();
    const before = (await linkedOutcomes()).length;
    const chainers = [
      house.chainer({ intervalMs: 5, batch: 7 }),
      house.chainer({ intervalMs: 5, batch: 7, links: new AuditLinks({ dataSource }) }),
    ];
    for (const chainer of chainers) await chainer.start();
    const writers = Array.from({ length: 200 }, async (_, writer) => {
      const manager = writer % 2 === 0 ? dataSource.manager : dataSource.createEntityManager();
      for (let round = 0; round < 3; round += 1) {
        const isKept = (writer + round) % 4 !== 0;
        await manager
          .transaction(async (tx) => {
            await tx.query(`INSERT INTO audit_entries (at, actor, action, outcome) VALUES (now(), $1, 'race', $2)`, [
              `writer ${writer}`,
              isKept ? `${writer}.${round}` : 'undone',
            ]);
            // So that what is numbered first is often committed last.
            await tx.query('SELECT pg_sleep($1)', [((writer * 7 + round * 3) % 10) / 2_000]);
            if (!isKept) throw new Error('undone');
          })
          .catch((error: unknown) => {
            if (isKept) throw error;
          });
      }
    });
    await Promise.all(writers);
    await Promise.all(chainers.map((chainer) => chainer.stop()));
    await house.link();
    const outcomes = (await linkedOutcomes()).slice(before);
    const kept = writers.flatMap((_, writer) =>
      [0, 1, 2].filter((round) => (writer + round) % 4 !== 0).map((round) => `${writer}.${round}`),
    );
    expect([...outcomes].sort()).toEqual([...kept].sort());
    expect(await house.verify()).toEqual({
      ok: true,
      checked: before + kept.length,
      firstBadSeq: null,
      problem: null,
    });
    await dataSource.destroy();
  }, 120_000);
});

describe('the database', () => {
  const changes = ['UPDATE % SET %c = %c', 'DELETE FROM %', 'TRUNCATE %', 'UPDATE % SET %c = %c WHERE false'];
  const tables = [
    ['audit_entries', 'actor'],
    ['audit_links', 'hash'],
  ] as const;

  it.each(
    tables.flatMap(([table, column]) =>
      changes.map((change) => change.replaceAll('%c', column).replaceAll('%', table)),
    ),
  )('refuses to everybody: %s', async (statement) => {
    const attempt = house.operator.query(statement);
    await expect(attempt).rejects.toMatchObject({ code: '42501' });
    await expect(attempt).rejects.toThrow(/only ever appended to/);
  });

  it('refuses that in a session that says of itself that it replicates as well', async () => {
    const triggers = await house.rows<{ mode: string }>(
      `SELECT tgenabled AS mode FROM pg_trigger WHERE tgname LIKE 'audit_%_append_only'`,
    );
    expect(triggers.map(({ mode }) => mode)).toEqual(['A', 'A']);
  });

  it('refuses a time that could be read in two ways', async () => {
    const write = house.rows(
      `INSERT INTO audit_entries (at, actor, action, outcome) VALUES ('0044-03-15 BC', 'brutus', 'x', 'ok')`,
    );
    await expect(write).rejects.toMatchObject({ code: '23514' });
  });
});
