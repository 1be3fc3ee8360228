import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** What an offer to leave HTTP/1.1 adds to a request. */
const offerHeaders = new Set(['upgrade', 'http2-settings']);

/**
 * Has a server answer requests that offer an upgrade to anything but a WebSocket as the ordinary requests they also are
 * (RFC 9110, 7.8): some clients offer HTTP/2 with each one. Node gives every offer to the listeners of `upgrade` as
 * soon as there is one; here such a request goes back to the server's parser, without the offer.
 */
export function ignoreForeignUpgrades(server: Server): void {
  const emit = server.emit.bind(server) as (event: string | symbol, ...values: unknown[]) => boolean;
  server.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'upgrade') return emit(event, ...values);
    const [request, stream, head] = values as [IncomingMessage, Duplex, Buffer];
    if (request.headers.upgrade?.toLowerCase() === 'websocket') return emit(event, ...values);
    stream.unshift(Buffer.concat([Buffer.from(headWithoutOffer(request), 'latin1'), head]));
    return emit('connection', stream);
  };
}

function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method ?? ''} ${url ?? ''} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    if (name.toLowerCase() === 'connection') lines.push(`${name}: ${withoutOffer(value)}`);
    else if (!offerHeaders.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function withoutOffer(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !offerHeaders.has(option.toLowerCase())).join(', ');
}
