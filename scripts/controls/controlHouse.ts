import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { startDatabaseWithRoles } from '../../test/kit/databaseRoles';
import { startEmptyDatabase } from '../../test/kit/postgres';
import { redisWithAcl } from '../../test/kit/redisWithAcl';
import { BuiltServer } from '../edge/builtServer';

/** The built server as an operator runs it: two roles in the database, the shipped rights in Redis, and an admin with a second factor. */
export class ControlHouse {
  private constructor(
    /** Of the server, for commands beside it. */
    readonly settings: Readonly<Record<string, string>>,
    /** In the order in which they stop. */
    private readonly parts: readonly { stop(): Promise<void> }[],
  ) {}

  static async open(): Promise<ControlHouse> {
    const parts: { stop(): Promise<void> }[] = [];
    try {
      const database = await startDatabaseWithRoles(startEmptyDatabase);
      parts.unshift(database);
      const redis = await redisWithAcl();
      parts.unshift(redis);
      const server = await BuiltServer.start({
        DATABASE_URL: database.serverUrl,
        MIGRATION_DATABASE_URL: database.ownerUrl,
        REDIS_URL: redis.url,
        AUDIT_KEY: key(),
        CREDENTIAL_KEYS: `first:${key()}`,
      });
      parts.unshift(server);
      await enrolAdmins(database.ownerUrl);
      return new ControlHouse(server.place.settings, parts);
    } catch (error) {
      await stopAll(parts);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await stopAll(this.parts);
  }
}

function key(): string {
  return randomBytes(32).toString('base64');
}

async function stopAll(parts: readonly { stop(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.stop();
}

/** Admins of the demonstration have none: nobody has scanned their code. */
async function enrolAdmins(url: string): Promise<void> {
  const owner = new Client({ connectionString: url });
  await owner.connect();
  await owner.query(`UPDATE users SET mfa_enabled = true WHERE 'ADMIN' = ANY(roles)`);
  await owner.end();
}
