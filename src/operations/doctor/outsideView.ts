import { request as requestPlain } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

/** A server as the world sees it. */
export interface OutsideView {
  readonly url: string;
  /** What could not be asked, in words; null where all could. */
  readonly failure: string | null;
  /** "TLSv1.3"; null where there is none. */
  readonly protocol: string | null;
  /** Null where it is good; else why not. */
  readonly certificateProblem: string | null;
  readonly certificateEnds: Date | null;
  /** How much of its life is left, 0 to 1. */
  readonly certificateLeft: number;
  /** Older versions of TLS that it takes. */
  readonly oldProtocols: readonly string[];
  /** Of an answer: each value of each header, by name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** What a call of the API in plain text is answered with; null where nothing answers. */
  readonly plainStatus: number | null;
}

const timeoutMs = 5_000;
const oldVersions = ['TLSv1', 'TLSv1.1'] as const;

/** Asks a server by its public address. ca: an authority besides those that Node knows. Never throws: what failed is part of the view. */
export async function viewFromOutside(url: string, options: { readonly ca?: string } = {}): Promise<OutsideView> {
  const { hostname, port } = new URL(url);
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port), ...options };
  const nothing = {
    url,
    failure: null,
    protocol: null,
    certificateProblem: null,
    certificateEnds: null,
    certificateLeft: 0,
    oldProtocols: [],
    headers: {},
    plainStatus: null,
  };
  try {
    const [seen, old, headers, plainStatus] = await Promise.all([
      seeCertificate(address),
      Promise.all(oldVersions.map(async (version) => ((await takes(address, version)) ? [version] : []))),
      headersOf(new URL('/livez', url), options),
      plainStatusOf(hostname),
    ]);
    return { ...nothing, ...seen, oldProtocols: old.flat(), headers, plainStatus };
  } catch (error) {
    return { ...nothing, failure: error instanceof Error ? error.message : String(error) };
  }
}

type Seen = Pick<OutsideView, 'protocol' | 'certificateProblem' | 'certificateEnds' | 'certificateLeft'>;

async function seeCertificate(address: ConnectionOptions): Promise<Seen> {
  const socket = await shakeHands({ ...address, rejectUnauthorized: false });
  try {
    const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
    const [begins, ends] = [new Date(from), new Date(to)];
    const left = (ends.getTime() - Date.now()) / (ends.getTime() - begins.getTime());
    return {
      protocol: socket.getProtocol(),
      // An error, whatever its type says: where the host's name is not the certificate's, its text.
      certificateProblem: socket.authorized ? null : String(socket.authorizationError),
      certificateEnds: ends,
      certificateLeft: Math.min(1, Math.max(0, left)),
    };
  } finally {
    socket.destroy();
  }
}

/** With every suite that there ever was, or the refusal would be ours. */
async function takes(address: ConnectionOptions, version: (typeof oldVersions)[number]): Promise<boolean> {
  const old = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' } as const;
  try {
    (await shakeHands({ ...address, ...old, rejectUnauthorized: false })).destroy();
    return true;
  } catch {
    return false;
  }
}

function shakeHands(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ servername: nameOf(options.host), timeout: timeoutMs, ...options });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', fail);
    socket.once('timeout', () => {
      fail(new Error(`nothing answered within ${timeoutMs / 1_000} s`));
    });
  });
}

/** A number is no name that a certificate is asked for by. */
function nameOf(host: string | undefined): string {
  return host === undefined || /^[\d.]+$|:/.test(host) ? '' : host;
}

function headersOf(url: URL, options: RequestOptions): Promise<OutsideView['headers']> {
  return new Promise((resolve, reject) => {
    const asking = request(
      url,
      { ...options, rejectUnauthorized: false, timeout: timeoutMs, agent: false },
      (answer) => {
        answer.resume();
        const found = Object.entries(answer.headersDistinct).map(([name, values]) => [name, values ?? []] as const);
        resolve(Object.fromEntries(found));
      },
    );
    asking.once('error', reject);
    asking.once('timeout', () => asking.destroy(new Error(`nothing answered within ${timeoutMs / 1_000} s`)));
    asking.end();
  });
}

/** As a client would send it that was told http by mistake: what comes after this has been read by anybody on the way. */
function plainStatusOf(host: string): Promise<number | null> {
  return new Promise((resolve) => {
    const asking = requestPlain(
      { host, path: '/graphql', method: 'POST', timeout: timeoutMs, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? null);
      },
    );
    asking.once('error', () => {
      resolve(null);
    });
    asking.once('timeout', () => asking.destroy(new Error('nobody')));
    asking.end();
  });
}
