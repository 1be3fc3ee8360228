import 'reflect-metadata';
import { migrations } from './migrations/migrations';
import { loadProcessConfig } from './src/config/processConfig';
import { createDataSource } from './src/storage/dataSource';
import { runningDatabaseUrl } from './src/storage/embedded/credentials';

/** What TypeORM's own command line works on: MIGRATION_DATABASE_URL, else DATABASE_URL, else the embedded database while a server runs it. */
export default loadProcessConfig().then(({ database: { migrationUrl, url: serverUrl }, dataDir }) => {
  const url = (migrationUrl ?? serverUrl)?.reveal() ?? runningDatabaseUrl(dataDir);
  return createDataSource({ url, migrations, hasStatementTimeout: false });
});
