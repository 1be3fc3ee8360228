import type { ClientConfig } from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';

/** Where PostgreSQL is and as whom: a function where the password may change, which is asked at each connection. */
export type ConnectionUrl = string | (() => string);

/** What pg connects with. The password is the one of the moment at which the connection is made. */
export function connectionOptions(url: ConnectionUrl): ClientConfig {
  const now = typeof url === 'string' ? () => url : url;
  const { password = '', ...options } = parse(now());
  const config = toClientConfig({ ...options, host: options.host, database: options.database });
  // Without one, pg looks for one itself: PGPASSWORD, ~/.pgpass.
  return password === '' ? config : { ...config, password: () => parse(now()).password ?? '' };
}
