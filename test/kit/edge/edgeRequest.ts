import { once } from 'node:events';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, type IncomingHttpHeaders as Http2Headers } from 'node:http2';
import { request as tlsRequest, type RequestOptions } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** Where nobody says otherwise, requests come from here. */
const loopback = '127.0.0.1';

export interface EdgeRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Of 127.0.0.0/8: every one of it is this machine's. */
  readonly from?: string;
  readonly agent?: RequestOptions['agent'];
  /** What a client shows of itself, in PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export interface EdgeAnswer {
  readonly status: number;
  /** Name, value, name, value …, as they came. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** One request over TLS (or plain HTTP, by the URL), on a connection of its own where no agent is given. */
export async function ask(
  baseUrl: string,
  { path = '/', from = loopback, ...wish }: EdgeRequest = {},
): Promise<EdgeAnswer> {
  const url = new URL(path, baseUrl);
  const options = {
    host: loopback,
    port: url.port,
    path,
    method: wish.method ?? (wish.body === undefined ? 'GET' : 'POST'),
    headers: { host: url.host, ...(wish.body === undefined ? {} : jsonOf(wish.body)), ...wish.headers },
    agent: wish.agent ?? false,
    localAddress: from,
  };
  const outgoing =
    url.protocol === 'http:'
      ? plainRequest(options)
      : tlsRequest({ ...options, ...wish.certificate, servername: url.hostname, rejectUnauthorized: false });
  outgoing.end(wish.body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { statusCode = 0, rawHeaders, headers } = incoming;
  return { status: statusCode, rawHeaders, headers, text: await textOf(incoming) };
}

function jsonOf(body: string | Buffer): Record<string, string> {
  return { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
}

export function graphql(query: string, path = '/graphql'): EdgeRequest {
  return { path, body: JSON.stringify({ query }) };
}

/** The statuses of so many requests that are sent at once on one HTTP/2 connection. */
export async function multiplexed(baseUrl: string, count: number, from = loopback): Promise<readonly number[]> {
  const { host, port, hostname } = new URL(baseUrl);
  const session = connectHttp2(`https://${loopback}:${port}`, {
    createConnection: () =>
      connectTls({
        host: loopback,
        port: Number(port),
        servername: hostname,
        rejectUnauthorized: false,
        localAddress: from,
        ALPNProtocols: ['h2'],
      } as ConnectionOptions),
  });
  await once(session, 'connect');
  const body = JSON.stringify({ query: '{ serverTime }' });
  const statuses = Array.from({ length: count }, async () => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/graphql',
      ':authority': host,
      'content-type': 'application/json',
    });
    stream.end(body);
    const [headers] = (await once(stream, 'response')) as [Http2Headers];
    stream.resume();
    return headers[':status'] as unknown as number;
  });
  const answers = await Promise.all(statuses);
  session.destroy();
  return answers;
}

/** How often a header was sent. */
export function countOf({ rawHeaders }: EdgeAnswer, wanted: string): number {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === wanted).length;
}

/** The code of the first error of an answer. */
export function codeOf({ text }: EdgeAnswer): unknown {
  const { errors } = JSON.parse(text) as { errors: { extensions: { code: unknown } }[] };
  return errors[0]?.extensions.code;
}

/** How many answers there were of each status. */
export function tally(statuses: Iterable<number>): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
