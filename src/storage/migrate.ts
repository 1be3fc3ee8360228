import type { DataSource, QueryRunner } from 'typeorm';

/** Any number that no other advisory lock of this project uses. */
const migrationLock = 74_251_001;

/**
 * Brings the schema up to date and tells each step. The data source should have no statement timeout. Several processes may call it at once: one works, the others wait for it.
 * Resolves to the names of the migrations that this call ran.
 */
export async function migrate(parts: {
  readonly dataSource: DataSource;
  readonly onProgress: (message: string) => void;
}): Promise<readonly string[]> {
  const { dataSource, onProgress } = parts;
  return withMigrationLock(dataSource, async () => {
    if (!(await dataSource.showMigrations())) return [];
    onProgress('bringing the schema up to date');
    const done = await dataSource.runMigrations();
    for (const migration of done) onProgress(`ran migration ${migration.name}`);
    return done.map((migration) => migration.name);
  });
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
