import type { RunQuery } from './userStanding';

const appended = 'SELECT, INSERT';
const kept = 'SELECT, INSERT, UPDATE';

/**
 * What the server's own role may do with the tables of which it may not do everything: what is only ever appended to, it can neither change nor
 * take away, and what books and audit rest on, it cannot delete. Where a table says nothing, rows are read, written and deleted.
 */
const rights: Readonly<Record<string, string>> = {
  schema_migrations: 'SELECT',
  audit_entries: appended,
  audit_links: appended,
  ledger_entries: appended,
  order_transitions: appended,
  position_changes: appended,
  paper_fills: appended,
  paper_transfers: appended,
  // A fill that came before its order is told which one it is of.
  fills: `${appended}, UPDATE (order_id)`,
  // Old ones are deleted, none is changed.
  account_events: `${appended}, DELETE`,
  idempotency_keys: `${appended}, DELETE`,
  users: kept,
  deleted_users: kept,
  signing_keys: kept,
  trading_house: kept,
  accounts: kept,
  balances: kept,
  orders: kept,
  order_attempts: kept,
  positions: kept,
  equity_days: kept,
  paper_accounts: kept,
  paper_balances: kept,
  paper_orders: kept,
};
const usual = 'SELECT, INSERT, UPDATE, DELETE';

/** Tables whose rows stand as they were written. */
export const appendOnlyTables: readonly string[] = Object.keys(rights).filter(
  (table) => rights[table] === appended || table === 'fills',
);

/** Gives a role what the server needs and takes from it what it does not, in one transaction. To be asked as the owner of the schema. */
export async function grantApplicationRights(run: RunQuery, role: string): Promise<void> {
  const rows = await run(
    `SELECT quote_ident($1) AS role, quote_ident(current_schema()) AS schema,
            ARRAY(SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1) AS tables`,
    [role],
  );
  const [{ role: name, schema, tables } = { role: '', schema: '', tables: [] }] = rows as readonly Readonly<{
    role: string;
    schema: string;
    tables: readonly string[];
  }>[];
  const grants = tables.map((table) => `GRANT ${rights[table] ?? usual} ON ${schema}."${table}" TO ${name}`);
  await run(
    [
      `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${name}`,
      `REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${schema} FROM ${name}`,
      `REVOKE CREATE ON SCHEMA ${schema} FROM ${name}`,
      `GRANT USAGE ON SCHEMA ${schema} TO ${name}`,
      ...grants,
    ].join(';\n'),
    [],
  );
}

/** What a role may do that the server's own must not: a sentence each, none where all is as it should be. */
export async function findExcessRights(run: RunQuery, role: string): Promise<readonly string[]> {
  const rows = await run(
    `SELECT 'is a superuser, or may make roles or databases, replicate or pass over row security' AS excess FROM pg_roles
       WHERE rolname = $1 AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
     UNION ALL SELECT 'may make things in schema ' || current_schema() WHERE has_schema_privilege($1, current_schema(), 'CREATE')
     UNION ALL SELECT concat('may ', lower(action), ' rows of ', tablename) FROM pg_tables, unnest($3::text[]) AS action
       WHERE schemaname = current_schema() AND tablename = ANY ($2) AND NOT pg_has_role($1, tableowner, 'MEMBER')
         AND (has_table_privilege($1, format('%I.%I', schemaname, tablename), action)
           OR action = 'UPDATE' AND tablename <> 'fills'
             AND has_any_column_privilege($1, format('%I.%I', schemaname, tablename), action))`,
    [role, [...appendOnlyTables], ['UPDATE', 'DELETE', 'TRUNCATE']],
  );
  return [...sentences(rows), ...(await findOwned(run, role))];
}

/** The tables that a role owns, or may act for the owner of, whatever else it was granted: one sentence, none where there are none. */
export async function findOwned(run: RunQuery, role: string): Promise<readonly string[]> {
  const rows = await run(
    `SELECT 'owns, or may act for the owner of, ' || string_agg(tablename, ', ' ORDER BY tablename) AS excess FROM pg_tables
      WHERE schemaname = current_schema() AND pg_has_role($1, tableowner, 'MEMBER') HAVING count(*) > 0`,
    [role],
  );
  return sentences(rows);
}

function sentences(rows: readonly unknown[]): readonly string[] {
  return rows.map((row) => (row as { readonly excess: string }).excess);
}
