import { Redis } from 'ioredis';

/** What the Redis user of a server may do beyond what a server does. */
export interface RedisRights {
  /** As the URL names it. */
  readonly user: string;
  /** Each completes the sentence "it …": `may empty the database (FLUSHALL)`. */
  readonly excess: readonly string[];
}

/**
 * Asked so that nothing changes where it is allowed: a wrong option, a name that nobody uses. Redis looks at rights before it looks at
 * options. That the user may not read the list of rights is itself one of them, so they are tried one by one.
 */
const probes: readonly { readonly right: string; readonly command: readonly [string, ...string[]] }[] = [
  { right: 'empty the database (FLUSHALL)', command: ['FLUSHALL', 'tickgate-review'] },
  { right: 'read the configuration (CONFIG)', command: ['CONFIG', 'GET', 'tickgate-review'] },
  { right: 'read who may do what (ACL)', command: ['ACL', 'GETUSER', 'tickgate-review'] },
  { right: 'see who is connected (CLIENT)', command: ['CLIENT', 'LIST', 'ID', '0'] },
  { right: 'see the modules (MODULE)', command: ['MODULE', 'LIST'] },
  { right: 'drop the scripts (SCRIPT)', command: ['SCRIPT', 'FLUSH', 'tickgate-review'] },
  { right: 'list the keys of others (SCAN)', command: ['SCAN', '0', 'COUNT', '1'] },
  { right: 'use keys of others', command: ['ZCARD', 'of-another-program'] },
  { right: 'publish to channels (PUBLISH)', command: ['PUBLISH', 'tickgate-review', ''] },
];

const timeoutMs = 5_000;

/** Throws what Redis or the network said where Redis cannot be reached, or does not let the user in. */
export async function readRedisRights(url: string): Promise<RedisRights> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
  });
  let refused: Error | null = null;
  redis.on('error', (error) => (refused = error));
  try {
    // That the connection was closed is all that `connect` says.
    await redis.connect().catch((error: unknown) => {
      throw refused ?? error;
    });
    const excess: string[] = [];
    for (const { right, command } of probes) if (await mayRun(redis, command)) excess.push(`may ${right}`);
    return { user: redis.options.username ?? 'default', excess };
  } finally {
    redis.disconnect();
  }
}

/** Whatever Redis says but that it is not allowed: then only the form of the question was wrong. */
async function mayRun(redis: Redis, [name, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  try {
    await redis.call(name, ...args);
    return true;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
    return !error.message.startsWith('NOPERM');
  }
}
