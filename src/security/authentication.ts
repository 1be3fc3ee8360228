import { isIPv6 } from 'node:net';
import { AppError } from '../errors/appError';
import type { CredentialedRequest } from '../identity/credentialedRequest';
import type { Principal } from '../identity/principal';

/** What authentication needs of the identity room. */
export interface TokenVerifier {
  /** request: what it was sent with. Throws AppError UNAUTHENTICATED; of an API key also FORBIDDEN and SIGNATURE_…, where it may not be used so. */
  verify(token: string, request: CredentialedRequest): Principal | Promise<Principal>;
}

/**
 * Reads `authorization: Bearer <access token or API key>`. No text at all means nobody (null); any other text must be good credentials,
 * else UNAUTHENTICATED is thrown: bad credentials are never treated as none.
 */
export async function authenticate(request: CredentialedRequest, tokens: TokenVerifier): Promise<Principal | null> {
  const authorization = request.headers['authorization'];
  if (authorization === undefined || authorization === null || authorization === '') return null;
  const match = typeof authorization === 'string' ? /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(authorization) : null;
  if (match?.[1] === undefined) {
    throw new AppError('UNAUTHENTICATED', { publicMessage: 'Send `authorization: Bearer <access token or API key>`.' });
  }
  return tokens.verify(match[1], request);
}

/** Whom limits are counted against: the user, or the address of the signed out; a whole /64 of IPv6 is one household. */
export function rateKeyOf(principal: Principal | null, remoteAddress: string): string {
  if (principal !== null) return `user:${principal.userId}`;
  const address = plainAddress(remoteAddress);
  return `ip:${isIPv6(address) ? ipv6Prefix64(address) : address}`;
}

/** An IPv4 address as such, also where a socket for both kinds tells it as one of IPv6. */
export function plainAddress(remoteAddress: string): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
}

/** The /48 of IPv6 that a key counts a /64 of: one customer may have all its 65,536. Null where it counts something else. */
export function networkOf(key: string): string | null {
  return /\|ip:((?:[0-9a-f]+:){3})[0-9a-f]*::\/64$/.exec(key)?.[1] ?? null;
}

function ipv6Prefix64(address: string): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const headGroups = head === '' ? [] : head.split(':');
  const tailGroups = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - headGroups.length - tailGroups.length);
  const groups = [...headGroups, ...new Array<string>(missing).fill('0'), ...tailGroups];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`;
}
