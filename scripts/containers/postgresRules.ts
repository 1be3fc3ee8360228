import type { Rule } from './rule';

const place = 'docker/postgres/postgresql.conf';
/** As its file has them, a value without its quotes. */
const wanted: Readonly<Record<string, { readonly value: string; readonly reason: string }>> = {
  log_connections: { value: 'on', reason: 'who came is nowhere else' },
  log_disconnections: { value: 'on', reason: 'who left, and after how long, is nowhere else' },
  log_statement: { value: 'none', reason: 'statements would put trades into the log' },
  log_parameter_max_length: { value: '0', reason: 'parameters would put trades and hashes into the log' },
  log_parameter_max_length_on_error: { value: '0', reason: 'parameters would put trades and hashes into the log' },
  ssl: { value: 'on', reason: 'passwords and rows would travel in plain text' },
  password_encryption: { value: 'scram-sha-256', reason: 'MD5 is as good as a password to whoever reads it' },
};

/** What PostgreSQL is told. */
export const postgresRules: readonly Rule[] = [
  {
    name: 'postgres-settings',
    reason: 'who came stands in the log, what they asked and answered does not, and nobody is let in over plain text',
    find: ({ postgres }) =>
      Object.entries(wanted)
        .filter(([name, { value }]) => postgres[name] !== value)
        .map(
          ([name, { value, reason }]) =>
            `${place}: ${name} is ${postgres[name] ?? 'not set'}; it has to be ${value}: ${reason}`,
        ),
  },
];
