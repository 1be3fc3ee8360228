import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The audit log becomes a chain. Entries are written in the transactions that they tell of, so their numbers appear out of order; what
 * is committed is linked soon after, in an order of its own without a hole (`audit_links.seq`). Nothing of either is ever changed.
 */
export class ChainAudit1764020000000 implements MigrationInterface {
  readonly name = 'ChainAudit1764020000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...entries, ...links, ...appendOnly]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables) await queryRunner.query(`DROP TRIGGER ${table}_append_only ON ${table}`);
    await queryRunner.query('DROP FUNCTION refuse_audit_change()');
    await queryRunner.query('DROP TABLE audit_links');
    await queryRunner.query('DROP INDEX audit_entries_at, audit_entries_actor, audit_entries_xid');
    await queryRunner.query(`ALTER TABLE audit_entries
      DROP CONSTRAINT audit_entries_at_sane, DROP COLUMN xid, DROP COLUMN after_hash, DROP COLUMN before_hash,
      DROP COLUMN user_agent, DROP COLUMN ip`);
    await queryRunner.query('ALTER TABLE audit_entries RENAME COLUMN number TO seq');
  }
}

const tables = ['audit_entries', 'audit_links'];

const entries = [
  'ALTER TABLE audit_entries RENAME COLUMN seq TO number',
  // xid: which transaction wrote it. What is older than every transaction that is still open can be seen, all of it.
  `ALTER TABLE audit_entries
     ADD COLUMN ip text,
     ADD COLUMN user_agent text,
     ADD COLUMN before_hash bytea,
     ADD COLUMN after_hash bytea,
     ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
     ADD CONSTRAINT audit_entries_at_sane CHECK (at >= '1970-01-01Z' AND at < '10000-01-01Z')`,
  'CREATE INDEX audit_entries_xid ON audit_entries (xid)',
  'CREATE INDEX audit_entries_actor ON audit_entries (actor, number)',
  'CREATE INDEX audit_entries_at ON audit_entries USING brin (at)',
];

const links = [
  // No foreign key: it would lock, and so write to, every row that it refers to. Verification holds the two together.
  `CREATE TABLE audit_links (
     seq bigint NOT NULL,
     entry bigint NOT NULL,
     prev_hash bytea NOT NULL,
     hash bytea NOT NULL,
     CONSTRAINT audit_links_pkey PRIMARY KEY (seq),
     CONSTRAINT audit_links_entry_key UNIQUE (entry),
     CONSTRAINT audit_links_hashes CHECK (octet_length(prev_hash) = 32 AND octet_length(hash) = 32)
   )`,
];

const appendOnly = [
  `CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     RAISE EXCEPTION 'the audit log is only ever appended to: % of % is refused', TG_OP, TG_TABLE_NAME
       USING ERRCODE = 'insufficient_privilege';
   END $$`,
  ...tables.flatMap((table) => [
    `CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()`,
    // Also for a session that says of itself that it replicates, which skips other triggers.
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_append_only`,
  ]),
];
