import 'reflect-metadata';
import { migrations } from './migrations/migrations';
import { loadProcessConfig } from './src/config/processConfig';
import { createDataSource } from './src/storage/dataSource';
import { runningDatabaseUrl } from './src/storage/embedded/credentials';

/** What TypeORM's own command line works on: DATABASE_URL, else the embedded database while a server runs it. */
const config = loadProcessConfig();
const url = config.database.url?.reveal() ?? runningDatabaseUrl(config.dataDir);

export default createDataSource({ url, migrations, hasStatementTimeout: false });
