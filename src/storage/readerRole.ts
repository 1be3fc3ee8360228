import { StorageError } from './storageError';
import type { RunQuery } from './userStanding';

/** Who reads on behalf of users: it cannot log in, owns nothing, and sees of each table what row level security lets it see. */
export const readerRole = 'tickgate_reader';

/**
 * Makes the role where it is missing, lets the server take it on, and lets it read the tables that have row level security, and those alone. To
 * be asked as the owner of the schema; of anybody else PostgreSQL takes the grants for nothing, with a warning. server: the role that the server connects as. Throws StorageError with what a superuser has to run.
 */
export async function admitReaderRole(run: RunQuery, server: string): Promise<void> {
  const [found] = (await run(
    `SELECT quote_ident($1) AS server, quote_ident(current_schema()) AS schema,
       EXISTS (SELECT FROM pg_roles WHERE rolname = $2) AS exists,
       ARRAY(SELECT relname::text FROM pg_class
             WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relrowsecurity ORDER BY 1) AS tables`,
    [server, readerRole],
  )) as readonly Readonly<{ server: string; schema: string; exists: boolean; tables: readonly string[] }>[];
  if (found === undefined) return;
  const { schema, exists, tables } = found;
  const making = `CREATE ROLE ${readerRole} NOLOGIN`;
  const lending = `GRANT ${readerRole} TO ${found.server}`;
  const needed = async (text: string): Promise<void> => {
    try {
      await run(text, []);
    } catch (error) {
      const todo = exists ? lending : `${making}; ${lending}`;
      throw new StorageError(
        `The role ${readerRole}, as which the server reads on behalf of users, is missing or not lent to ${server}: run "${todo};" once as a superuser.`,
        { cause: error },
      );
    }
  };
  if (!exists) await needed(making);
  if (!(await mayTakeOn(run, server))) await needed(lending);
  await run(
    [
      `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${readerRole}`,
      `GRANT USAGE ON SCHEMA ${schema} TO ${readerRole}`,
      ...tables.map((table) => `GRANT SELECT ON ${schema}."${table}" TO ${readerRole}`),
    ].join(';\n'),
    [],
  );
}

async function mayTakeOn(run: RunQuery, server: string): Promise<boolean> {
  // Since PostgreSQL 16 a member may be one without SET ROLE: who has made a role is.
  const [row] = await run(
    `SELECT pg_has_role($1, $2, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) AS may`,
    [server, readerRole],
  );
  return (row as { readonly may: boolean }).may;
}
