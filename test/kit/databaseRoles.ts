import { Client } from 'pg';
import { startTestDatabase } from './postgres';

/** A database that its server is not the owner of. */
export interface DatabaseWithRoles {
  /** As the owner of the schema. */
  readonly ownerUrl: string;
  /** As the server's own role, which may do nothing yet. */
  readonly serverUrl: string;
  readonly serverRole: string;
  /** As who may do everything, roles included. */
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own, made as an operator would: one role that owns the schema, another for the server. */
export async function startDatabaseWithRoles(start = startTestDatabase): Promise<DatabaseWithRoles> {
  const { url: ownerUrl, superuserUrl, stop } = await start();
  const serverRole = 'tickgate-server';
  const superuser = new Client({ connectionString: superuserUrl });
  await superuser.connect();
  await superuser.query(
    `CREATE ROLE "${serverRole}" LOGIN PASSWORD 'server'; GRANT tickgate_reader TO "${serverRole}"`,
  );
  await superuser.end();
  const serverUrl = new URL(ownerUrl);
  serverUrl.username = serverRole;
  serverUrl.password = 'server';
  return { ownerUrl, serverUrl: serverUrl.href, serverRole, superuserUrl, stop };
}
