import { createSecretKey, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { AuditChain } from '../../src/operations/auditChain';
import { AuditChainer, type AuditChainerParts } from '../../src/operations/auditChainer';
import { verifyAudit, type AuditVerification } from '../../src/operations/auditVerification';
import type { Checkpoint } from '../../src/operations/checkpointFile';
import { readLinksAfter } from '../../src/storage/audit/auditLinks';
import type { AuditEntry } from '../../src/storage/trading/audit';
import type { Storage } from '../../src/storage/storage';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { openTestStorage } from './postgres';

/** The audit log of a database of its own, under a key that the test knows, and somebody at the database by hand. */
export class AuditHouse {
  readonly keyText = randomBytes(32).toString('base64');
  readonly chain = new AuditChain(createSecretKey(Buffer.from(this.keyText, 'base64')));
  readonly logger = createLogger('silent');
  readonly runner = new BackgroundRunner({ logger: this.logger, metrics: createMetrics() });

  private constructor(
    private readonly database: Awaited<ReturnType<typeof openTestStorage>>,
    readonly operator: Client,
  ) {}

  static async open(): Promise<AuditHouse> {
    const database = await openTestStorage();
    const operator = new Client({ connectionString: database.url });
    await operator.connect();
    return new AuditHouse(database, operator);
  }

  get storage(): Storage {
    return this.database.storage;
  }

  get url(): string {
    return this.database.url;
  }

  chainer(parts: Partial<AuditChainerParts> = {}): AuditChainer {
    const { chain, runner } = this;
    return new AuditChainer({
      links: this.storage.auditLinks,
      chain,
      runner,
      onGrown: () => undefined,
      onBroken: () => undefined,
      ...parts,
    });
  }

  /** Links everything that is committed. */
  async link(): Promise<void> {
    await this.chainer().flush();
  }

  async write(entry: Partial<AuditEntry> = {}): Promise<void> {
    const usual = { at: Date.UTC(2026, 0, 31, 12), actor: 'ada', action: 'order.create', target: null, outcome: 'ok' };
    await this.storage.auditEntries.write({ ...usual, ...entry });
  }

  /** So many entries at once, then linked. */
  async fill(count: number): Promise<void> {
    await this.operator.query(
      `INSERT INTO audit_entries (at, actor, action, target, outcome, ip, before_hash)
       SELECT timestamptz '2026-01-31T12:00:00Z' + n * interval '1 second', 'user ' || n % 7, 'order.create', 'order ' || n,
         'stored "é" ' || n, CASE n % 2 WHEN 0 THEN '10.0.0.1' END, CASE n % 3 WHEN 0 THEN sha256(n::text::bytea) END
       FROM generate_series(1, $1::int) AS n`,
      [count],
    );
    await this.link();
  }

  /** What the operator's own connection sees: also of a transaction that is open. */
  verify(checkpoints: readonly Checkpoint[] = []): Promise<AuditVerification> {
    const run = async (text: string, values: readonly unknown[] = []) =>
      (await this.operator.query<Record<string, unknown>>(text, [...values])).rows;
    return verifyAudit({ chain: this.chain, checkpoints, read: (after, limit) => readLinksAfter(run, after, limit) });
  }

  async rows<Row extends object>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.operator.query<Row>(text, [...values])).rows;
  }

  async stop(): Promise<void> {
    await this.runner.idle();
    await this.operator.end();
    await this.database.stop();
  }
}
