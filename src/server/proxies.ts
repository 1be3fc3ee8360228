import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';

/** What proxies in front of this server tell of requests. Only those that are trusted are believed; whoever else sends such headers has sent nothing. */
export class Proxies {
  readonly isTrusted: (address: string, hop: number) => boolean;

  /** trusted: addresses, ranges and names as `proxy-addr` reads them. */
  constructor(trusted: readonly string[]) {
    this.isTrusted = proxyAddr.compile([...trusted]);
  }

  /** The first address on the way back that is no proxy of ours. Null where a proxy tells one that is none: its client would be whoever it says. */
  addressOf(request: IncomingMessage): string | null {
    return addressOrNull(proxyAddr(request, this.isTrusted));
  }

  /** True where the proxy that the request came from says that it was sent to it over TLS. */
  isEncrypted({ socket, headers }: IncomingMessage): boolean {
    if (socket.remoteAddress === undefined || !this.isTrusted(socket.remoteAddress, 0)) return false;
    const told = headers['x-forwarded-proto'];
    return typeof told === 'string' && told.split(',').at(-1)?.trim() === 'https';
  }
}

/** What a connection that has ended, or a proxy, gives in place of an address is none. */
export function addressOrNull(text: string | undefined): string | null {
  return text !== undefined && isIP(text) !== 0 ? text : null;
}
