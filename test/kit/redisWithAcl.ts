import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RedisServer } from './redisServer';
import { makeTemporaryDir } from './temporaryDir';

/** The rights of a server as they stand in the repository: nobody can sign in with them. */
export const shippedAcl = path.resolve(__dirname, '../../docker/redis/users.acl');

export interface RedisWithAcl {
  readonly port: number;
  /** As the server's user, with its password. */
  readonly url: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** A redis-server with docker/redis/users.acl, the hash of a password put in as docs/ACCESS.md says. */
export async function redisWithAcl(): Promise<RedisWithAcl> {
  const password = 'of this test';
  const temporary = makeTemporaryDir();
  const aclFile = path.join(temporary.dir, 'users.acl');
  const hash = createHash('sha256').update(password).digest('hex');
  writeFileSync(aclFile, readFileSync(shippedAcl, 'utf8').replace('resetpass', `resetpass #${hash}`));
  const redis = await RedisServer.start(['--aclfile', aclFile]);
  return {
    port: redis.port,
    url: redis.url.replace('redis://', `redis://tickgate:${encodeURIComponent(password)}@`),
    password,
    stop: async () => {
      await redis.stop();
      temporary.remove();
    },
  };
}
