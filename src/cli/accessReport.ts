import { readRedisRights, type RedisRights } from '../security/redisRights';
import type {
  AccessRecords,
  ReviewedApiKey,
  ReviewedRole,
  ReviewedSigningKey,
  ReviewedUser,
} from '../storage/identity/accessRecords';

interface Access {
  readonly users: readonly ReviewedUser[];
  readonly apiKeys: readonly ReviewedApiKey[];
  readonly signingKeys: readonly ReviewedSigningKey[];
  readonly roles: readonly ReviewedRole[];
  readonly excessRights: readonly string[];
  /** null: no Redis is set. */
  readonly redis: RedisRights | UnreadRights | null;
}

interface UnreadRights {
  /** Why nobody knows them. */
  readonly unread: string;
}

/** A key that has ended is deleted after 90 days (`startIdentity.ts`), and this much later at the latest where a server runs. */
const endedKeptDays = 91;
/** How many days late the next signing key may be: a server that is off for a weekend. */
const lateDays = 3;

export async function readAccess(records: AccessRecords, redisUrl: string | null): Promise<Access> {
  return {
    users: await records.users(),
    apiKeys: await records.apiKeys(),
    signingKeys: await records.signingKeys(),
    roles: await records.roles(),
    excessRights: await records.excessRights(),
    redis: redisUrl === null ? null : await readRedisRights(redisUrl).catch(unread),
  };
}

function unread(error: unknown): UnreadRights {
  return { unread: error instanceof Error ? error.message : String(error) };
}

/** What is wrong by itself, whatever the reviewer thinks of the rest. keyDays: how long a key signs; 0: until it is replaced by hand. */
export function findFaults(access: Access, { keyDays }: { readonly keyDays: number }): readonly string[] {
  const { users, apiKeys, signingKeys, excessRights, redis } = access;
  return [
    ...users
      .filter(({ roles, disabled, mfaEnabled }) => roles.includes('ADMIN') && !disabled && !mfaEnabled)
      .map(({ email }) => `${email} is an admin without a second factor`),
    ...apiKeys
      .filter(({ ownerDisabled }) => ownerDisabled)
      .map(({ prefix, owner }) => `the API key ${prefix} of ${owner}, who is disabled, is not revoked`),
    ...apiKeys
      .filter(({ daysLeft }) => daysLeft < -endedKeptDays)
      .map(({ prefix, owner }) => `the API key ${prefix} of ${owner} ended long ago and is still there`),
    ...signingKeys
      .filter(({ state, stateDays }) => state === 'active' && keyDays > 0 && stateDays > keyDays + lateDays)
      .map(({ kid, stateDays }) => `the key ${kid} signs since ${stateDays} days: no server rotates it`),
    ...signingKeys
      .filter(({ state, stateDays }) => state === 'retiring' && stateDays > lateDays)
      .map(({ kid, stateDays }) => `the key ${kid} is retiring since ${stateDays} days: no server retires it`),
    ...excessRights.map((excess) => `the server's database role ${excess}`),
    ...redisFaults(redis),
  ];
}

function redisFaults(redis: Access['redis']): readonly string[] {
  if (redis === null) return [];
  if ('unread' in redis) return [`what the server's Redis user may do is unknown: ${redis.unread}; see to REDIS_URL`];
  return redis.excess.map((excess) => `the server's Redis user ${excess}: docker/redis/users.acl needs none of it`);
}

export function describeAccess(access: Access, faults: readonly string[]): string {
  const { users, apiKeys, signingKeys, roles, redis } = access;
  return [
    section('Users', users.map(describeUser)),
    section('API keys', apiKeys.map(describeKey)),
    section(
      'Signing keys',
      signingKeys.map(
        ({ kid, state, ageDays, stateDays }) => `${kid}  ${state} for ${stateDays} days, made ${ageDays} days ago`,
      ),
    ),
    section('Database roles', roles.map(describeRole)),
    section('Redis user', redis === null ? [] : [describeRedis(redis)]),
    section('Wrong', faults),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return `${title}\n${(lines.length === 0 ? ['none'] : lines).map((line) => `  ${line}\n`).join('')}`;
}

function describeUser({ email, roles, disabled, mfaEnabled, lastSeenAt }: ReviewedUser): string {
  const marks = [roles.join(' '), mfaEnabled ? 'MFA' : 'no MFA', ...(disabled ? ['DISABLED'] : [])];
  return `${email}  ${marks.join('  ')}  last seen ${dayOf(lastSeenAt)}`;
}

function describeKey(key: ReviewedApiKey): string {
  const { prefix, label, owner, scopes, allowedIps, ageDays, daysLeft, lastUsedAt } = key;
  const from = allowedIps.length === 0 ? 'anywhere' : allowedIps.join(' ');
  const end = daysLeft < 0 ? 'ended' : `${daysLeft} days left`;
  return `${prefix}  ${JSON.stringify(label)} of ${owner}  ${scopes.join(' ')}  from ${from}  ${ageDays} days old, ${end}, last used ${dayOf(lastUsedAt)}`;
}

function describeRole({ role, isServer, isSuperuser, owns, appends, changes, deletes }: ReviewedRole): string {
  const marks = [...(isServer ? ['the server'] : []), ...(isSuperuser ? ['SUPERUSER'] : [])];
  const may = `owns ${owns} tables, appends to ${appends}, changes ${changes}, deletes from ${deletes}`;
  return [role, ...marks, may].join('  ');
}

function describeRedis(redis: RedisRights | UnreadRights): string {
  if ('unread' in redis) return `unknown: ${redis.unread}`;
  const { user, excess } = redis;
  return `${user}  ${excess.length === 0 ? 'may do none of what a server does not do' : excess.join(', ')}`;
}

function dayOf(time: Date | null): string {
  return time === null ? 'never' : time.toISOString().slice(0, 10);
}
