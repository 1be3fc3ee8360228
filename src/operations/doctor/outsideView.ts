import { Agent, request, type RequestOptions } from 'node:https';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { answerTo, NothingAnswered, timeoutMs, type Answer } from './answer';
import { askInPlainText, type PlainText } from './plainText';

/** What came of asking more often than anybody should. */
export interface SeenLimit {
  readonly asked: number;
  /** The first answer that was none; null where there was none such. */
  readonly refusal: Answer | null;
  /** Why it could not be asked so often, in words; null where it could. */
  readonly failure: string | null;
}

/** What a server made of a handshake that it should refuse. */
export interface BadHandshake {
  readonly what: string;
  readonly isTaken: boolean;
  /** Why nobody knows whether it takes it; null where it is known. */
  readonly failure: string | null;
}

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
  /** One for each that was tried. */
  readonly badHandshakes: readonly BadHandshake[];
  /** Of an answer. */
  readonly headers: Answer['headers'];
  /** Of a call of the API. */
  readonly plainAnswer: PlainText;
  /** Of a page that stands open over TLS. */
  readonly plainPage: PlainText;
  /** Null where nothing could be asked. */
  readonly limit: SeenLimit | null;
}

/** Costs a server nothing, and is counted like everything else. */
const harmlessPath = '/livez';
/** Of more than this an edge that lets 10 a second pass, and 20 at once, refuses some, also where an answer takes half a second. */
const burst = { requests: 80, sockets: 10, mostMs: 10_000 } as const;
/** With every suite that there ever was where a version is tried, or the refusal would be ours. */
const badOffers = [
  { what: 'TLS 1.0', minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
  { what: 'TLS 1.1', minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
  {
    what: 'suites without AEAD or forward secrecy',
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers: 'ALL:eNULL:-AESGCM:-AESCCM:-CHACHA20:-ARIAGCM:kRSA:aNULL:@SECLEVEL=0',
  },
] as const;
const unasked: PlainText = { answer: null, failure: 'nobody asked' };
/** A server that says no, and not one that says nothing, or a network that does. */
const refusals = /ALERT_(PROTOCOL_VERSION|HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY)$/;

/**
 * Asks a server by its public address: two requests in plain text, four handshakes, then requests until one is refused, 81 at most. Where plain text is refused
 * on the way, an address that nobody has is asked, too. ca: an authority besides those that Node knows. Never throws: what failed is part of the view.
 */
export async function viewFromOutside(
  url: string,
  { plainPort = 80, ...options }: { readonly ca?: string; readonly plainPort?: number } = {},
): Promise<OutsideView> {
  const { hostname, port } = new URL(url);
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port), ...options };
  const plain = { host: address.host, port: plainPort };
  const nothing = {
    url,
    failure: null,
    protocol: null,
    certificateProblem: null,
    certificateEnds: null,
    certificateLeft: 0,
    badHandshakes: [],
    headers: {},
    plainAnswer: unasked,
    plainPage: unasked,
    limit: null,
  };
  try {
    const [seen, badHandshakes, { headers }, plainAnswer, plainPage] = await Promise.all([
      seeCertificate(address),
      Promise.all(badOffers.map((offer) => tryOffer(address, offer))),
      answerOf(new URL(harmlessPath, url), options),
      askInPlainText({ ...plain, path: '/graphql', method: 'POST' }),
      askInPlainText({ ...plain, path: harmlessPath }),
    ]);
    // Last: whoever is refused learns nothing else.
    const limit = await pressLimit(new URL(harmlessPath, url), options);
    return { ...nothing, ...seen, badHandshakes, headers, plainAnswer, plainPage, limit };
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

async function tryOffer(
  address: ConnectionOptions,
  { what, ...offer }: (typeof badOffers)[number],
): Promise<BadHandshake> {
  try {
    (await shakeHands({ ...address, ...offer, rejectUnauthorized: false })).destroy();
    return { what, isTaken: true, failure: null };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return { what, isTaken: false, failure: refusals.test(code) ? null : message };
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
      fail(new NothingAnswered());
    });
  });
}

/** A number is no name that a certificate is asked for by. */
function nameOf(host: string | undefined): string {
  return host === undefined || /^[\d.]+$|:/.test(host) ? '' : host;
}

async function answerOf(url: URL, options: RequestOptions): Promise<Answer> {
  const asking = request(url, { agent: false, ...options, rejectUnauthorized: false });
  asking.end();
  return answerTo(asking);
}

async function pressLimit(url: URL, options: RequestOptions): Promise<SeenLimit> {
  const agent = new Agent({ keepAlive: true, maxSockets: burst.sockets });
  let asked = 0;
  let refusal: Answer | null = null;
  const beganAt = performance.now();
  const press = async (): Promise<void> => {
    while (refusal === null && asked < burst.requests && performance.now() - beganAt < burst.mostMs) {
      asked += 1;
      const answer = await answerOf(url, { ...options, agent });
      if (answer.status >= 400) refusal ??= answer;
    }
  };
  try {
    await Promise.all(Array.from({ length: burst.sockets }, press));
    return { asked, refusal, failure: null };
  } catch (error) {
    return { asked, refusal, failure: error instanceof Error ? error.message : String(error) };
  } finally {
    agent.destroy();
  }
}
