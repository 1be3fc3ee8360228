import { once } from 'node:events';
import { connect as connectHttp2, type Settings as Http2Settings } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { renderCloudflare } from '../../scripts/edge/cloudflareRanges';
import type { EdgeVariables, NginxWishes } from '../../scripts/edge/runningNginx';
import { RunningNginx } from '../../scripts/edge/runningNginx';
import { ask, graphql, multiplexed, tally, type EdgeAnswer } from '../kit/edge/edgeRequest';
import { closeSocket, openSocket, openSockets } from '../kit/edge/edgeSocket';
import { eventually } from '../kit/eventually';
import { describeWith } from '../kit/needs';
import { TestServer } from '../kit/testServer';

const otherAddress = '127.0.0.2';
const login = graphql(
  'mutation { login(email: "a@example.com", password: "a long password") { accessToken } }',
  '/auth/graphql',
);

describeWith('nginx', 'limits of the edge', () => {
  let server: TestServer;
  let nginx: RunningNginx;
  let logins: number;

  beforeAll(async () => {
    server = await TestServer.start({
      trustedProxies: ['127.0.0.1'],
      // Nobody sends `connection_init` here.
      caps: { initTimeoutMs: 60_000 },
      login: {
        login: () => {
          logins += 1;
          return Promise.resolve({ accessToken: 't', expiresAt: 0, refreshToken: 'r' });
        },
      },
      sessions: { refresh: () => Promise.resolve({ accessToken: 't', expiresAt: 0, refreshToken: 'r' }) } as never,
    });
  });

  afterAll(() => server.stop());
  afterEach(() => nginx.stop());

  async function start(wishes: Partial<NginxWishes> & { readonly variables?: EdgeVariables } = {}): Promise<void> {
    logins = 0;
    nginx = await RunningNginx.start({ nodes: [`127.0.0.1:${server.running.port}`], ...wishes });
  }

  /** One after the other, as fast as they are answered. */
  async function rapidly(count: number, next: (at: number) => Promise<EdgeAnswer>): Promise<readonly EdgeAnswer[]> {
    const answers: EdgeAnswer[] = [];
    for (let at = 0; at < count; at += 1) answers.push(await next(at));
    return answers;
  }

  it('lets 5 of 8 rapid sign-ins through, and tells the others when to come back', async () => {
    await start();
    const answers = await rapidly(8, () => ask(nginx.httpsUrl, login));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(logins).toBe(5);
    const { headers, text } = answers.at(-1)!;
    expect([headers['retry-after'], headers['content-type']]).toEqual(['12', 'application/json']);
    expect(JSON.parse(text)).toEqual({
      errors: [
        {
          message: expect.any(String) as string,
          extensions: {
            code: 'RATE_LIMITED',
            requestId: expect.stringMatching(/^[\da-f]{32}$/) as string,
            retryAfterMs: 12_000,
          },
        },
      ],
    });
    expect((await ask(nginx.httpsUrl, { ...login, from: otherAddress })).status).toBe(200);
  });

  it('lets 21 of 60 requests through that come at once on one HTTP/2 connection', async () => {
    await start();
    expect(tally(await multiplexed(nginx.httpsUrl, 60))).toEqual({ 200: 21, 429: 39 });
    expect(tally(await multiplexed(nginx.httpsUrl, 21, otherAddress))).toEqual({ 200: 21 });
  });

  it('lets 11 sessions be refreshed at once, whatever became of sign-ins', async () => {
    await start();
    await rapidly(6, () => ask(nginx.httpsUrl, login));
    const refresh = { path: '/auth/session', body: '{"refreshToken":"r"}' };
    const answers = await Promise.all(Array.from({ length: 15 }, () => ask(nginx.httpsUrl, refresh)));
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 11, 429: 4 });
  });

  it('keeps 10 of 15 WebSockets from one address, and lets the next in when one has closed', async () => {
    await start();
    const sockets = await openSockets(nginx.httpsUrl, 15);
    expect(sockets.map(({ status }) => status)).toEqual([
      ...new Array<number>(10).fill(101),
      ...new Array<number>(5).fill(429),
    ]);
    expect(sockets.at(-1)?.retryAfter).toBe('1');
    // What is no WebSocket is not counted, nor is anybody else.
    expect((await ask(nginx.httpsUrl, graphql('{ serverTime }'))).status).toBe(200);
    const others = await openSockets(nginx.httpsUrl, 2, { from: otherAddress });
    expect(others.map(({ status }) => status)).toEqual([101, 101]);
    await closeSocket(sockets[0]!);
    const next = await eventually(
      async () => {
        const tried = await openSocket(nginx.httpsUrl);
        return tried.status === 101 && tried;
      },
      { everyMs: 150 },
    );
    expect((await openSocket(nginx.httpsUrl)).status).toBe(429);
    for (const socket of [...sockets, ...others, next]) await closeSocket(socket);
  });

  it.each(['/graphql', '/readyz'])(
    'has 100 requests of one address under way at once at %s, and no more',
    async (path) => {
      // As if it had sent them over the last ten seconds.
      await start({ edit: (_file, text) => text.replaceAll('zone=api burst=20', 'zone=api burst=500') });
      // A connection carries no more than 32 at once.
      const clients = [0, 1, 2, 3].map(() => connectHttp2(nginx.httpsUrl, { rejectUnauthorized: false }));
      const statuses: number[] = [];
      for (const client of clients) {
        client.on('error', () => undefined);
        for (let at = 0; at < 26; at += 1) {
          const stream = client.request({ ':method': 'POST', ':path': path, 'content-length': '10' });
          stream.on('error', () => undefined);
          stream.on('response', ({ ':status': status = 0 }) => statuses.push(status));
          stream.write('{');
        }
      }
      await eventually(() => statuses.length === 4);
      expect(tally(statuses)).toEqual({ 429: 4 });
      for (const client of clients) client.destroy();
    },
  );

  it.each([
    ['what is served', 'https', { path: '/readyz' }, 200],
    ['what is not', 'https', { path: '/nothing' }, 404],
    ['another name', 'https', { path: '/graphql', headers: { host: 'other.example' } }, 421],
    ['the way to TLS', 'http', { path: '/' }, 301],
    ['a request in plain text', 'http', { path: '/graphql', body: '{}' }, 403],
  ] as const)('counts who asks for %s', async (_, scheme, request, status) => {
    await start();
    const url = scheme === 'https' ? nginx.httpsUrl : nginx.httpUrl;
    const counts = tally(
      (await Promise.all(Array.from({ length: 60 }, () => ask(url, request)))).map((answer) => answer.status),
    );
    // What is let in while they are sent is beside the 21.
    expect(counts[429]).toBeGreaterThan(30);
    expect((counts[429] ?? 0) + (counts[status] ?? 0)).toBe(60);
    expect((await ask(url, { ...request, from: otherAddress })).status).toBe(status);
  });

  it.each([
    ['that says so', '/graphql', 'Content-Length: 100000\r\n\r\n{', 1],
    ['that comes in chunks', '/readyz', 'Transfer-Encoding: chunked\r\n\r\n', 1],
    ['but not a small one', '/graphql', 'Content-Length: 9999\r\n\r\n{', 0],
  ])('has 25 large bodies of one address under way at once: one %s', async (_, path, rest, refused) => {
    // Each waits in /tmp, where there is room for some hundreds.
    await start({ edit: (_file, text) => text.replaceAll('zone=api burst=20', 'zone=api burst=500') });
    const { https: port } = nginx.ports;
    const answers: string[] = [];
    const bodies = Array.from({ length: 26 }, () => {
      const body = connectTls({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
      body.on('error', () => undefined).once('data', (chunk: Buffer) => answers.push(chunk.toString().slice(0, 12)));
      return body;
    });
    await Promise.all(bodies.map((body) => once(body, 'secureConnect')));
    for (const body of bodies) body.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${rest}`);
    // Those that are let in are not answered. A WebSocket, which has no body, shows that all of them have been looked at.
    await eventually(() => answers.length >= refused);
    const socket = await openSocket(nginx.httpsUrl);
    expect([socket.status, answers]).toEqual([101, new Array<string>(refused).fill('HTTP/1.1 429')]);
    for (const body of bodies) body.destroy();
    await closeSocket(socket);
  });

  it('has no more of them over HTTP/2, where nothing need be said, and 32 requests on a connection', async () => {
    await start({ edit: (_file, text) => text.replaceAll('zone=api burst=20', 'zone=api burst=500') });
    const client = connectHttp2(nginx.httpsUrl, { rejectUnauthorized: false });
    client.on('error', () => undefined);
    const [{ maxConcurrentStreams }] = (await once(client, 'remoteSettings')) as [Http2Settings];
    expect(maxConcurrentStreams).toBe(32);
    const statuses: number[] = [];
    for (let at = 0; at < 26; at += 1) {
      const stream = client.request({ ':method': 'POST', ':path': '/graphql' });
      stream.on('error', () => undefined).on('response', ({ ':status': status = 0 }) => statuses.push(status));
      stream.write('{');
    }
    await eventually(() => statuses.length === 1);
    expect(statuses).toEqual([429]);
    client.destroy();
  });

  it('says nothing of what it refuses with an address or a Referer in it', async () => {
    await start();
    const secret = { path: '/graphql?hidden', headers: { referer: 'https://page.example/hidden' } };
    const body = { body: Buffer.alloc(200_000, 'x') };
    expect((await ask(nginx.httpsUrl, { ...secret, ...body })).status).toBeGreaterThanOrEqual(400);
    const many = await Promise.all(Array.from({ length: 60 }, () => ask(nginx.httpsUrl, { ...secret, body: '{}' })));
    expect(many.some(({ status }) => status === 429)).toBe(true);
    const sockets = await Promise.all(
      Array.from({ length: 12 }, () => openSocket(nginx.httpsUrl, { from: otherAddress, headers: secret.headers })),
    );
    expect(sockets.some(({ status }) => status === 429)).toBe(true);
    for (const socket of sockets) await closeSocket(socket);
    expect(nginx.said).not.toContain('hidden');
  });

  it('holds whoever takes another name with each request to one limit', async () => {
    await start();
    const headersOf = (at: number): Record<string, string> => ({
      'x-forwarded-for': `203.0.113.${at}`,
      'x-real-ip': `203.0.113.${at}`,
      'cf-connecting-ip': `203.0.113.${at}`,
      forwarded: `for=203.0.113.${at}`,
    });
    const answers = await rapidly(8, (at) => ask(nginx.httpsUrl, { ...login, headers: headersOf(at) }));
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 5, 429: 3 });
  });

  describe('of patience', () => {
    /** A tenth of it. */
    const impatient = {
      edit: (_file: string, text: string): string => text.replaceAll(/^(client_\w+_timeout) 10s;$/gm, '$1 1s;'),
    };

    it.each([
      ['headers that never end', 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
      ['a body that never comes', 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{'],
      ['a request that never begins', ''],
    ])('cut off %s', async (_, text) => {
      await start(impatient);
      const { https: port } = nginx.ports;
      const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      socket.on('error', () => undefined).resume();
      socket.write(text);
      await eventually(() => socket.destroyed || socket.readableEnded);
      socket.destroy();
    });
  });

  describe('of addresses that a listed proxy tells', () => {
    /** As if Cloudflare were on this machine: IPv6 has one address here. */
    const fromLoopback = {
      variables: { CLIENTS: 'cloudflare' },
      edit: (file: string, text: string) =>
        file === 'clients/cloudflare.conf'
          ? renderCloudflare({ origin: 'fetched on 2026-11-23 from a test', ranges: ['127.0.0.1/32'] })
          : text,
    };
    const tries = async (clients: readonly string[]): Promise<readonly number[]> => {
      const answers = await rapidly(clients.length, (at) =>
        ask(nginx.httpsUrl, { ...login, headers: { 'cf-connecting-ip': clients[at]! } }),
      );
      return answers.map(({ status }) => status);
    };
    const five = (client: string): readonly string[] => new Array<string>(5).fill(client);

    it('a /64 of IPv6 is one, and the next is another', async () => {
      await start(fromLoopback);
      const [of64, ...next] = ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8:0:1::1', '2001:db9::1'] as const;
      expect(await tries([...five(of64), ...next])).toEqual([200, 200, 200, 200, 200, 429, 200, 200]);
    });

    it('each of IPv4 is one, also where it is written as one of IPv6', async () => {
      await start(fromLoopback);
      const clients = ['203.0.113.1', '203.0.113.2', '::ffff:203.0.113.3', '::ffff:203.0.113.4'];
      expect(await tries([...five('::ffff:203.0.113.5'), ...clients, '::ffff:203.0.113.5'])).toEqual([
        ...new Array<number>(9).fill(200),
        429,
      ]);
    });

    it('others than that proxy are not let in, whatever they tell', async () => {
      await start(fromLoopback);
      const stranger = { ...login, from: otherAddress, headers: { 'cf-connecting-ip': '203.0.113.1' } };
      const { status, text } = await ask(nginx.httpsUrl, stranger);
      expect([status, text]).toEqual([403, expect.stringContaining('"FORBIDDEN"')]);
      expect(logins).toBe(0);
    });
  });
});
