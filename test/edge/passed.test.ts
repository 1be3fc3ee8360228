import { Agent } from 'node:https';
import { RunningNginx, type NginxWishes } from '../../scripts/edge/runningNginx';
import { ask, codeOf, countOf, graphql, type EdgeAnswer } from '../kit/edge/edgeRequest';
import { sendHttp2 } from '../kit/edge/rawHttp2';
import { sendRaw } from '../kit/edge/rawRequest';
import { RecordingNode } from '../kit/edge/recordingNode';
import { eventually } from '../kit/eventually';
import { describeWith } from '../kit/needs';

const question = graphql('{ serverTime }');
const own = 'Host: localhost\r\nConnection: close\r\n';
/** As if nobody had been here before: these tests are about something else. */
const patient = (file: string, text: string): string =>
  file === 'templates/tickgate.conf.template' ? text.replaceAll('burst=20', 'burst=500') : text;

describeWith('nginx', 'what comes through the edge', () => {
  let node: RecordingNode;
  let nginx: RunningNginx;

  beforeAll(async () => {
    node = await RecordingNode.start();
    await start();
  });
  afterAll(async () => {
    await nginx.stop();
    await node.stop();
  });
  beforeEach(() => {
    node.reset();
  });

  async function start(wishes: Partial<NginxWishes> = {}): Promise<void> {
    nginx = await RunningNginx.start({ nodes: [node.address], edit: patient, ...wishes });
  }

  function raw(text: string): Promise<EdgeAnswer> {
    return sendRaw({ port: nginx.ports.https, text });
  }

  it('has the address of the client, and nothing that a client says of it or of the way', async () => {
    const claims = {
      ...{ 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'http', forwarded: 'for=203.0.113.7' },
      ...{ 'x-real-ip': '203.0.113.7', 'x-client-ip': '203.0.113.7', 'x-forwarded-host': 'other.example' },
      ...{ 'x-forwarded-port': '1', 'cf-connecting-ip': '203.0.113.7', 'true-client-ip': '203.0.113.7' },
      ...{ 'early-data': '1', authorization: 'Bearer x', x_forwarded_for: '203.0.113.7' },
    };
    await ask(nginx.httpsUrl, { ...question, headers: claims, from: '127.0.0.9' });
    expect(node.requests.map(({ headers }) => headers)).toEqual([
      {
        host: `localhost:${nginx.ports.https}`,
        'x-forwarded-for': '127.0.0.9',
        'x-forwarded-proto': 'https',
        'content-type': 'application/json',
        'content-length': expect.any(String) as string,
        authorization: 'Bearer x',
      },
    ]);
  });

  it.each([
    ['localhost', 'localhost'],
    ['LOCALHOST:1234', 'localhost:1234'],
    ['localhost.', 'localhost'],
    ['localhost:evil', 'localhost'],
  ])('is asked by the name that is served, where a client says Host: %s', async (host, expected) => {
    await raw(`GET /readyz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(node.requests.map(({ headers }) => headers.host)).toEqual([expected]);
  });

  it('is asked by the name in the request line, whatever Host says beside it', async () => {
    await raw('GET https://localhost/readyz HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n');
    expect(node.requests.map(({ line, headers }) => [line, headers.host])).toEqual([['GET /readyz', 'localhost']]);
    const other = await raw(`GET https://other.example/readyz HTTP/1.1\r\n${own}\r\n`);
    expect([other.status, codeOf(other), node.requests.length]).toEqual([421, 'NOT_FOUND', 1]);
  });

  const body = 'Content-Length: 2\r\n\r\n{}';
  it.each([
    ['two lengths', `POST /graphql HTTP/1.1\r\n${own}Content-Length: 2\r\n${body}`, 400],
    ['a length and chunks', `POST /graphql HTTP/1.1\r\n${own}Transfer-Encoding: chunked\r\n${body}`, 400],
    ['an unknown encoding', `POST /graphql HTTP/1.1\r\n${own}Transfer-Encoding: xchunked\r\n\r\n`, 501],
    ['chunks in HTTP/1.0', `POST /graphql HTTP/1.0\r\n${own}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a blank before a colon', `POST /graphql HTTP/1.1\r\n${own}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a folded line', `POST /graphql HTTP/1.1\r\n${own}X-A: 1\r\n Transfer-Encoding: chunked\r\n${body}`, 400],
    ['a carriage return alone', `POST /graphql HTTP/1.1\r\n${own}X-A: 1\rX-B: 2\r\n${body}`, 400],
    ['a zero byte', `POST /graphql HTTP/1.1\r\n${own}X-A: 1\0\r\n${body}`, 400],
    ['a zero byte in the path', `POST /graphql%00 HTTP/1.1\r\n${own}${body}`, 400],
    ['a path without a slash', `POST graphql HTTP/1.1\r\n${own}${body}`, 400],
    ['a path that is none', `OPTIONS * HTTP/1.1\r\n${own}\r\n`, 400],
    ['a way through', `CONNECT localhost:443 HTTP/1.1\r\n${own}\r\n`, 400],
    ['TRACE', `TRACE /graphql HTTP/1.1\r\n${own}\r\n`, 405],
    ['a method in lower case', `post /graphql HTTP/1.1\r\n${own}${body}`, 400],
    ['another HTTP', `POST /graphql HTTP/3.0\r\n${own}${body}`, 505],
    ['two hosts', `POST /graphql HTTP/1.1\r\nHost: other.example\r\n${own}${body}`, 400],
    ['no host', `POST /graphql HTTP/1.1\r\nConnection: close\r\n${body}`, 400],
    ['an address of 9 kB', `GET /graphql?${'x'.repeat(9_000)} HTTP/1.1\r\n${own}\r\n`, 414],
    ['a header of 9 kB', `GET /graphql HTTP/1.1\r\n${own}X-A: ${'x'.repeat(9_000)}\r\n\r\n`, 431],
    ['17 kB of headers', `GET /graphql HTTP/1.1\r\n${own}${`X-A: ${'x'.repeat(5_700)}\r\n`.repeat(3)}\r\n`, 431],
  ])('is not %s: that is refused like everything else', async (_, text, status) => {
    const answer = await raw(text);
    expect([answer.status, codeOf(answer), node.requests]).toEqual([status, 'BAD_REQUEST', []]);
    expect(answer.headers['content-type']).toBe('application/json');
    for (const name of ['strict-transport-security', 'x-content-type-options']) expect(countOf(answer, name)).toBe(1);
  });

  it('is nothing in plain text, on the port of TLS either', async () => {
    const text = `POST /graphql HTTP/1.1\r\n${own}${body}`;
    const answer = await sendRaw({ port: nginx.ports.https, text, isPlain: true });
    expect([answer.status, codeOf(answer), node.requests]).toEqual([403, 'HTTPS_REQUIRED', []]);
  });

  const offer = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  it.each([
    ['is a WebSocket where there is one', `GET /graphql HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n`, 'websocket'],
    ['is none elsewhere', `GET /readyz HTTP/1.1\r\n${own}Upgrade: websocket\r\n\r\n`, undefined],
    ['is none where signing in is', `GET /auth/graphql HTTP/1.1\r\n${own}Upgrade: websocket\r\n\r\n`, undefined],
    ['is no other protocol', `GET /graphql HTTP/1.1\r\n${own}Upgrade: h2c\r\n\r\n`, undefined],
    ['is not one of several', `GET /graphql HTTP/1.1\r\n${own}Upgrade: websocket, h2c\r\n\r\n`, undefined],
  ])('%s', async (_, text, expected) => {
    const answered = raw(text);
    await eventually(() => node.requests.length === 1);
    expect(node.requests[0]?.headers.upgrade).toBe(expected);
    expect(node.requests[0]?.headers.connection).toBe(expected === undefined ? undefined : 'upgrade');
    for (const socket of node.upgraded) socket.destroy();
    await answered;
  });

  it('is no WebSocket over HTTP/2, which has none', async () => {
    const headers = { ':path': '/graphql', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const socket = await sendHttp2(nginx.ports.https, headers);
    await eventually(() => node.requests.length === 1);
    expect([node.requests[0]?.line, node.requests[0]?.headers.upgrade]).toEqual(['GET /graphql', undefined]);
    socket.destroy();
  });

  it('goes to the node on one connection', async () => {
    // On one connection as well, so that one worker of nginx has them all.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let at = 0; at < 5; at += 1) await ask(nginx.httpsUrl, { ...question, agent });
    agent.destroy();
    expect([node.requests.length, new Set(node.requests.map(({ socket }) => socket)).size]).toEqual([5, 1]);
  });

  it('is sent to the node when it is whole', async () => {
    await ask(nginx.httpsUrl, { path: '/graphql', body: 'x'.repeat(200_000) });
    const [request] = node.requests;
    expect(request?.headers['content-length']).toBe('200000');
  });

  it('back from a node bears each header of the edge once, in the words of the edge', async () => {
    node.answer = (answer) => {
      for (const name of [
        ...['strict-transport-security', 'content-security-policy', 'x-frame-options', 'x-content-type-options'],
        ...['x-xss-protection', 'referrer-policy', 'permissions-policy', 'cross-origin-opener-policy'],
        ...['cross-origin-resource-policy', 'x-powered-by'],
      ]) {
        answer.setHeader(name, 'of the node');
      }
      answer.end('{}');
    };
    const answer = await ask(nginx.httpsUrl, question);
    expect(answer.rawHeaders).not.toContain('of the node');
    expect(answer.headers['x-powered-by']).toBeUndefined();
  });

  it('back from a node says what the node says of waiting and keeping', async () => {
    node.answer = (answer) => answer.writeHead(503, { 'retry-after': '30', 'cache-control': 'max-age=7' }).end('{}');
    const answer = await ask(nginx.httpsUrl, question);
    expect([answer.status, answer.headers['retry-after'], answer.headers['cache-control']]).toEqual([
      503,
      '30',
      'max-age=7',
    ]);
    for (const name of ['retry-after', 'cache-control']) expect(countOf(answer, name)).toBe(1);
    node.answer = (late) => late.writeHead(503).end('{}');
    expect((await ask(nginx.httpsUrl, question)).headers['retry-after']).toBe('5');
    node.answer = (full) => full.writeHead(429).end('{}');
    expect((await ask(nginx.httpsUrl, question)).headers['retry-after']).toBeUndefined();
  });

  it('back from a node is not compressed', async () => {
    node.answer = (answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('x'.repeat(5_000));
    const answer = await ask(nginx.httpsUrl, { ...question, headers: { 'accept-encoding': 'gzip' } });
    expect([answer.text.length, answer.headers['content-encoding']]).toEqual([5_000, undefined]);
  });
});
