import { isIP } from 'node:net';
import { z } from 'zod';
import type { ValueType } from './valueTypes';

const none = 'none';
/** Networks that never leave a machine or a site, by the names that `proxy-addr` has for them. */
const namedNetworks = ['loopback', 'linklocal', 'uniquelocal'];
/** A wider range is a typing error: whoever it lets in may call themselves any address. */
const minPrefix = 7;
const bits: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** Proxies whose word counts for where a client is: addresses, ranges and named networks; empty where there are none. */
export const trustedProxies: ValueType<readonly string[]> = {
  schema: z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => isProxy(part) || (part === none && parts.length === 1)))
    .transform((parts) => parts.filter((part) => part !== none)),
  allowed: `${none}, or a comma-separated list of addresses, ranges (10.1.0.0/24; /${minPrefix} at the widest) and ${namedNetworks.join(', ')}`,
};

function isProxy(text: string): boolean {
  if (namedNetworks.includes(text)) return true;
  const [, address = '', prefix] = /^([\da-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const max = bits[isIP(address)];
  if (max === undefined) return false;
  return prefix === undefined || (Number(prefix) >= minPrefix && Number(prefix) <= max);
}
