import 'reflect-metadata';
import { migrations } from './migrations/migrations';
import { createDataSource } from './src/storage/dataSource';

/** What TypeORM's own command line works on: the database of DATABASE_URL. */
export default createDataSource({ url: process.env.DATABASE_URL ?? '', migrations });
