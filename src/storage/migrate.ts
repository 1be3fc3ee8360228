import type { DataSource, QueryRunner } from 'typeorm';

/** Any number that no other advisory lock of this project uses. */
const migrationLock = 74_251_001;

/**
 * Brings the schema up to date and tells each step. The data source should have no statement timeout. Several processes may call it at once: one works, the others wait for it.
 * afterwards: what is to be done once it is, before the next of them.
 * Resolves to the names of the migrations that this call ran.
 */
export async function migrate(parts: {
  readonly dataSource: DataSource;
  readonly onProgress: (message: string) => void;
  readonly afterwards?: () => Promise<void>;
}): Promise<readonly string[]> {
  const { dataSource, afterwards } = parts;
  return withMigrationLock(dataSource, async () => {
    const done = await runMissing(parts);
    await afterwards?.();
    return done;
  });
}

async function runMissing({ dataSource, onProgress }: Parameters<typeof migrate>[0]): Promise<readonly string[]> {
  if (!(await dataSource.showMigrations())) return [];
  onProgress('bringing the schema up to date');
  const done = await dataSource.runMigrations();
  for (const migration of done) onProgress(`ran migration ${migration.name}`);
  return done.map((migration) => migration.name);
}

async function withMigrationLock<Result>(dataSource: DataSource, work: () => Promise<Result>): Promise<Result> {
  const holder: QueryRunner = dataSource.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    return await work();
  } finally {
    await holder.query('SELECT pg_advisory_unlock_all()');
    await holder.release();
  }
}
