import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StorageError } from '../storageError';

/** How to reach the embedded PostgreSQL. Kept in the data folder, readable by its owner alone. */
export interface Credentials {
  readonly superuserPassword: string;
  readonly password: string;
  /** Port of the last start; 0 before the first. */
  readonly port: number;
}

export const databaseRole = 'tickgate';
export const databaseName = 'tickgate';

const fileName = 'postgres.json';
const passwordBytes = 24;

/** Reads what is kept, or makes new passwords where nothing is and `mayBeNew`. Throws StorageError where the file is lost or broken. */
export function readCredentials(dataDir: string, mayBeNew: boolean): Credentials {
  const file = path.join(dataDir, fileName);
  if (existsSync(file)) return parseCredentials(file, readFileSync(file, 'utf8'));
  if (!mayBeNew) {
    throw new StorageError(
      `${file} is missing, and with it the password of the database beside it. Put it back, or move the database away to begin with an empty one.`,
    );
  }
  const made = { superuserPassword: newPassword(), password: newPassword(), port: 0 };
  saveCredentials(dataDir, made);
  return made;
}

/** Connection URL of the embedded database as it was last started. Throws StorageError before the first start. */
export function runningDatabaseUrl(dataDir: string): string {
  if (!existsSync(dataDir)) {
    throw new StorageError(
      `There is no database in ${dataDir}: start the server once, or set DATA_DIR or DATABASE_URL as the server has them.`,
    );
  }
  return databaseUrl(readCredentials(dataDir, false));
}

/** The application's role owns its database and has no rights beyond it. */
export function databaseUrl(credentials: Credentials): string {
  return `postgres://${databaseRole}:${credentials.password}@127.0.0.1:${credentials.port}/${databaseName}`;
}

/** Replaces the file as a whole. */
export function saveCredentials(dataDir: string, credentials: Credentials): void {
  const file = path.join(dataDir, fileName);
  writeFileSync(`${file}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Letters and digits of base64url only: it needs no escaping in a URL or in SQL. */
function newPassword(): string {
  return randomBytes(passwordBytes).toString('base64url');
}

function parseCredentials(file: string, text: string): Credentials {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Credentials, unknown>>;
    const { superuserPassword, password, port } = value;
    if (typeof superuserPassword === 'string' && typeof password === 'string' && typeof port === 'number') {
      return { superuserPassword, password, port };
    }
  } catch {
    // Said below: the reader can do the same about both.
  }
  throw new StorageError(
    `${file} is damaged. Put the right one back, or move the database away to begin with an empty one.`,
  );
}
