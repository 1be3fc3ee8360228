import { DataSource, type MigrationInterface } from 'typeorm';
import { connectionOptions, type ConnectionUrl } from './connectionOptions';
import { UserEntity } from './user.entity';

export type MigrationClass = new () => MigrationInterface;

const connectTimeoutMs = 10_000;
const statementTimeoutMs = 15_000;
/**
 * A node that stands still in the middle of a transaction must not keep the others from what it has locked. Its statements that
 * wait for a lock end before that, or each would be given the lock in turn and keep it as long again.
 */
const idleInTransactionMs = 5_500;
const lockTimeoutMs = 5_000;
const timeouts = {
  statement_timeout: statementTimeoutMs,
  idle_in_transaction_session_timeout: idleInTransactionMs,
  lock_timeout: lockTimeoutMs,
} as const;
const maxConnections = 10;

/** TypeORM over one PostgreSQL. Nothing is opened before `initialize`. The schema is changed by migrations alone. */
export function createDataSource(options: {
  readonly url: ConnectionUrl;
  readonly migrations: readonly MigrationClass[];
  /** Default true: no statement of a request runs longer than 15 s. */
  readonly hasStatementTimeout?: boolean;
  /** Taken on by each connection, which then only reads. Left out, connections are the user's of the URL. */
  readonly role?: string;
}): DataSource {
  const connection = connectionOptions(options.role === undefined ? options.url : asRole(options.url, options.role));
  return new DataSource({
    type: 'postgres',
    ...(connection.database === undefined ? {} : { database: connection.database }),
    entities: [UserEntity],
    migrations: [...options.migrations],
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    // gen_random_uuid() is PostgreSQL's own; an extension would need a superuser.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    // Otherwise a condition on a value that is missing is left out, and the first row of the table is found.
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    poolSize: maxConnections,
    applicationName: 'tickgate',
    connectTimeoutMS: connectTimeoutMs,
    // pg's own words, which TypeORM's give way to.
    extra: { ...((options.hasStatementTimeout ?? true) ? timeouts : {}), ...connection },
  });
}

/** Behind what the URL says of options already: pg lets a URL replace whatever it is told beside it. */
function asRole(url: ConnectionUrl, role: string): ConnectionUrl {
  if (typeof url === 'function') return () => withRole(url(), role);
  return withRole(url, role);
}

function withRole(url: string, role: string): string {
  const changed = new URL(url);
  const own = changed.searchParams.get('options') ?? '';
  changed.searchParams.set('options', `${own} -c role=${role} -c default_transaction_read_only=on`.trim());
  return changed.href;
}
