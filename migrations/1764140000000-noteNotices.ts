import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom an incident's mail was sent to, so that nobody is sent it twice, whenever its sending was cut off. */
export class NoteNotices1764140000000 implements MigrationInterface {
  readonly name = 'NoteNotices1764140000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE incident_notices (
        notice text NOT NULL,
        user_id uuid NOT NULL,
        state text NOT NULL,
        begun_at timestamptz NOT NULL,
        ended_at timestamptz,
        reason text,
        CONSTRAINT incident_notices_pkey PRIMARY KEY (notice, user_id),
        CONSTRAINT incident_notices_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT incident_notices_notice_short CHECK (char_length(notice) <= 64),
        CONSTRAINT incident_notices_reason_short CHECK (char_length(reason) <= 256),
        CONSTRAINT incident_notices_state_known CHECK (state IN ('SENDING', 'SENT', 'FAILED')),
        CONSTRAINT incident_notices_ended CHECK ((state = 'SENDING') = (ended_at IS NULL))
      )`);
    await queryRunner.query('CREATE INDEX incident_notices_user ON incident_notices (user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE incident_notices');
  }
}
