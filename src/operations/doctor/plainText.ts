import { request, type RequestOptions } from 'node:http';
import { connect, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { answerTo, timeoutMs, type Answer } from './answer';

/** What came of asking without TLS. */
export interface PlainText {
  /** Null where there is none. */
  readonly answer: Answer | null;
  /** Why nobody knows whether it is answered, in words; null where it is known: it was, or the host has nobody there. */
  readonly failure: string | null;
}

interface ConnectError extends NodeJS.ErrnoException {
  readonly address?: string;
}

/** Of ranges for documents (RFC 5737, RFC 3849): no host has them, so whoever refuses there is on the way, as a firewall is. */
const addressesOfNobody = { 4: '192.0.2.1', 6: '2001:db8::1' } as const;

/** As a client would send it that was told http by mistake: what comes after this has been read by anybody on the way. Never throws. */
export async function askInPlainText(target: RequestOptions & { readonly port: number }): Promise<PlainText> {
  const headers = { 'content-type': 'application/json' };
  const asking = request({ ...target, headers, agent: false });
  // One that the API answers, were it reached.
  asking.end(target.method === 'POST' ? '{"query":"{ __typename }"}' : undefined);
  try {
    return { answer: await answerTo(asking), failure: null };
  } catch (error) {
    return { answer: null, failure: await doubtAbout(error, target.port) };
  }
}

/** Null where each address of the host has refused by itself. Whatever else keeps an answer away (no route, a firewall, a cut) keeps none from others. */
async function doubtAbout(error: unknown, port: number): Promise<string | null> {
  const errors = (error instanceof AggregateError ? error.errors : [error]) as readonly ConnectError[];
  const doubtful = errors.find(({ code }) => code !== 'ECONNREFUSED');
  if (doubtful !== undefined) return doubtful.message;
  const refusing = errors.map(({ address = '' }) => address).filter((address) => !isOwn(address));
  for (const family of new Set(refusing.map((address) => (isIPv6(address) ? 6 : 4)))) {
    const nobody = addressesOfNobody[family];
    if (await isAnybodyAt(nobody, port))
      return `port ${port} is refused or taken at ${nobody}, too, which no host has: a firewall on the way speaks for others`;
  }
  return null;
}

/** What goes there leaves no machine and meets no firewall on a way. */
function isOwn(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address));
  return address.startsWith('127.') || own.includes(address);
}

function isAnybodyAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('timeout', () => {
      end(false);
    });
    socket.once('error', ({ code }: ConnectError) => {
      end(code === 'ECONNREFUSED');
    });
  });
}
