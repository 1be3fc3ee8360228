import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect as connectTls, DEFAULT_CIPHERS, type ConnectionOptions } from 'node:tls';
import { once } from 'node:events';
import { RunningNginx, type NginxWishes } from '../../scripts/edge/runningNginx';
import { limits } from '../../src/security/limits';
import { ask, codeOf, countOf, graphql, tally, type EdgeAnswer, type EdgeRequest } from '../kit/edge/edgeRequest';
import { openSocket } from '../kit/edge/edgeSocket';
import { eventually } from '../kit/eventually';
import { describeWith } from '../kit/needs';
import { StandInTokens } from '../kit/standInTokens';
import { TestServer } from '../kit/testServer';

/** Each of them exactly once on every answer over TLS, whoever gives it. */
const securityHeaders = {
  'strict-transport-security': 'max-age=63072000',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'x-xss-protection': '0',
  'referrer-policy': 'no-referrer',
  'permissions-policy': expect.stringContaining('camera=()') as string,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};
const question = graphql('{ serverTime }');

describeWith('nginx', 'answers of the edge', () => {
  const tokens = new StandInTokens();
  const { authorization } = tokens.issue();
  const held: string[] = [];
  let nodes: readonly TestServer[];
  let nginx: RunningNginx;

  beforeAll(async () => {
    const verifier = {
      verify: (token: string, { ip }: { readonly ip: string }) => {
        held.push(ip);
        return tokens.verify(token);
      },
    };
    const options = { trustedProxies: ['127.0.0.1'], verifier };
    nodes = await Promise.all([TestServer.start(options), TestServer.start(options)]);
  });

  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  async function start(wishes: Partial<NginxWishes> = {}): Promise<void> {
    held.length = 0;
    nginx = await RunningNginx.start({ nodes: [nodeAddress(0)], ...wishes });
  }

  afterEach(() => nginx.stop());

  function nodeAddress(at: number): string {
    return `127.0.0.1:${nodes[at]!.running.port}`;
  }

  function over(request: EdgeRequest): Promise<EdgeAnswer> {
    return ask(nginx.httpsUrl, request);
  }

  it('bear each security header once, whoever gives them', async () => {
    await start();
    const answers = [
      await over(question),
      await over(graphql('{ nothing }')),
      await over({ path: '/readyz' }),
      await over({ path: '/' }),
      await over({ path: '/metrics' }),
      await over({ ...question, body: Buffer.alloc(300_000) }),
    ];
    await Promise.all(Array.from({ length: 8 }, () => over({ ...question, path: '/auth/graphql' })));
    answers.push(await over({ ...question, path: '/auth/graphql' }));
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 200, 404, 413, 429]);
    for (const answer of answers) {
      const names = answer.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
      expect(names.filter((name) => name in securityHeaders).sort()).toEqual(Object.keys(securityHeaders).sort());
      expect(answer.headers).toMatchObject(securityHeaders);
      expect(answer.headers.server).toBe('nginx');
    }
  });

  it.each([
    ['subdomains', 'max-age=63072000; includeSubDomains'],
    ['preload', 'max-age=63072000; includeSubDomains; preload'],
  ])('promise TLS for more than this host only where HSTS=%s says so', async (HSTS, expected) => {
    await start({ variables: { HSTS } });
    expect((await over(question)).headers['strict-transport-security']).toBe(expected);
  });

  it('let the public keys be kept, as the server says', async () => {
    await start();
    const { status, headers } = await over({ path: '/.well-known/jwks.json' });
    expect([status, headers['cache-control']]).toEqual([200, `public, max-age=${limits.jwks.maxAgeS}`]);
  });

  it('lead to nothing of the server but what is named', async () => {
    await start();
    for (const hidden of [
      '/metrics',
      '/health',
      '/graphql/',
      '/auth',
      '/auth/session/x',
      '/.well-known/',
      '/status',
      '/refusal',
    ]) {
      const answer = await over({ path: hidden });
      expect([hidden, answer.status, codeOf(answer)]).toEqual([hidden, 404, 'NOT_FOUND']);
      // No node has been asked.
      expect(answer.headers['x-request-id']).toBeUndefined();
    }
  });

  it('refuse what is too large with the code of the server, and nothing that the server takes', async () => {
    await start();
    const atBound = {
      path: '/graphql',
      body: JSON.stringify({ query: '{ serverTime }' }).padEnd(limits.http.maxBodyBytes),
    };
    expect((await over(atBound)).status).toBe(200);
    const tooLarge = await over({ path: '/graphql', body: Buffer.alloc(262_145) });
    expect([tooLarge.status, codeOf(tooLarge)]).toEqual([413, 'QUERY_TOO_LARGE']);
    const headers = { 'x-long': 'x'.repeat(8_193) };
    const tooLong = await over({ ...question, headers });
    expect([tooLong.status, codeOf(tooLong)]).toEqual([431, 'BAD_REQUEST']);
  });

  it('say that no node can be reached, in the shape of every refusal', async () => {
    await start({ nodes: ['127.0.0.1:9'] });
    const answer = await over(question);
    expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([502, 'SERVER_UNAVAILABLE', '5']);
  });

  it('say that something went wrong in nginx itself', async () => {
    await start({ edit: (_file, text) => text.replace('=404;', '=500;') });
    const answer = await over({ path: '/nothing' });
    expect([answer.status, codeOf(answer)]).toEqual([500, 'INTERNAL_SERVER_ERROR']);
  });

  it('come from every node, and from the others where one is gone', async () => {
    await start({ nodes: [nodeAddress(0), nodeAddress(1), '127.0.0.1:9'] });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => over({ ...question, headers: { authorization } })),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 12 });
    await over({ ...question, path: '/graphql?secret' });
    const log = await eventually(() => {
      const text = readFileSync(nginx.accessLog, 'utf8');
      return text.split('\n').length > 13 && text;
    });
    for (const at of [0, 1]) expect(log).toContain(nodeAddress(at));
    for (const secret of [authorization, 'secret']) expect(log).not.toContain(secret);
  });

  it('are of a node that knows the address of the client, for requests and sockets', async () => {
    await start();
    const spoofed = { authorization, 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.7' };
    await over({ ...question, headers: spoofed });
    await over({ ...question, headers: spoofed, from: '127.0.0.2' });
    const { status, socket } = await openSocket(nginx.httpsUrl, { from: '127.0.0.3', headers: spoofed });
    expect(status).toBe(101);
    const answered = once(socket, 'message');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
    expect(String((await answered)[0])).toContain('connection_ack');
    socket.terminate();
    expect(held).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  });

  it('are, for the probe of the container, of nginx itself, and nobody logs them', async () => {
    await start();
    const url = `http://127.0.0.1:${nginx.ports.health}`;
    expect((await ask(url, { path: '/status' })).text).toContain('Active connections');
    expect((await ask(url, { path: '/graphql' })).status).toBe(404);
    expect(readFileSync(nginx.accessLog, 'utf8')).toBe('');
  });

  it('are a way to TLS for a browser in plain text, and a refusal for everybody else', async () => {
    await start();
    const plain = (request: EdgeRequest): Promise<EdgeAnswer> => ask(nginx.httpUrl, request);
    const browser = await plain({ path: '/' });
    expect([browser.status, browser.headers.location]).toEqual([301, `${nginx.httpsUrl}/`]);
    expect(browser.headers['strict-transport-security']).toBeUndefined();
    for (const request of [
      question,
      { path: '/graphql' },
      { path: '/', body: '{}' },
      { path: '/auth/session', body: '{}' },
    ]) {
      const answer = await plain(request);
      expect([answer.status, codeOf(answer)]).toEqual([403, 'HTTPS_REQUIRED']);
    }
    writeFileSync(path.join(nginx.acmeDir, '.well-known/acme-challenge/token'), 'proof');
    const challenge = await plain({ path: '/.well-known/acme-challenge/token' });
    expect([challenge.status, challenge.text, challenge.headers['content-type']]).toEqual([200, 'proof', 'text/plain']);
    expect(challenge.headers.connection).toBe('close');
    expect((await plain({ path: '/', method: 'HEAD' })).status).toBe(301);
    // What is broken is told so here, too.
    const broken = await plain({ path: '/graphql%00' });
    expect([broken.status, codeOf(broken), countOf(broken, 'x-content-type-options')]).toEqual([400, 'BAD_REQUEST', 1]);
  });

  describe('over TLS', () => {
    /** What was agreed on, or the reason why nothing was. */
    async function agreed(options: ConnectionOptions): Promise<string> {
      const socket = connectTls({ ...loopback(), ...options });
      try {
        await once(socket, 'secureConnect');
        return `${socket.getProtocol() ?? ''} ${socket.getCipher().name}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'failed';
      } finally {
        socket.destroy();
      }
    }

    function loopback(): ConnectionOptions {
      return { port: nginx.ports.https, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false };
    }

    const only = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): ConnectionOptions => ({
      minVersion: version,
      maxVersion: version,
      // So that it is not this client that refuses.
      ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0`,
    });

    it('are given by TLS 1.2 and 1.3 alone', async () => {
      await start();
      expect(await agreed(only('TLSv1.3'))).toMatch(/^TLSv1\.3 TLS_/);
      expect(await agreed(only('TLSv1.2'))).toMatch(/^TLSv1\.2 ECDHE-ECDSA-/);
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        expect(await agreed(only(version))).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
      }
    });

    it('are given by TLS 1.3 alone where the profile is modern', async () => {
      await start({ variables: { TLS_PROFILE: 'modern' } });
      expect(await agreed(only('TLSv1.3'))).toMatch(/^TLSv1\.3/);
      expect(await agreed(only('TLSv1.2'))).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    });

    it('are not given with a suite that is not on the list', async () => {
      await start();
      const suite = (ciphers: string): ConnectionOptions => ({ maxVersion: 'TLSv1.2', ciphers });
      expect(await agreed(suite('ECDHE-ECDSA-CHACHA20-POLY1305'))).toBe('TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305');
      // All of them are good: a client knows which its processor is quick at.
      const chachaFirst = 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256';
      expect(await agreed(suite(chachaFirst))).toBe('TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305');
      for (const ciphers of ['ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-SHA', 'AES128-GCM-SHA256']) {
        expect(await agreed(suite(ciphers))).toBe('ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE');
      }
    });

    it('are given with curves of the list alone, and again without a full handshake, but by no ticket', async () => {
      await start();
      for (const [ecdhCurve, expected] of [
        ['X25519', /^TLSv1\.3/],
        ['P-384', /^TLSv1\.3/],
        ['P-521', /^ERR_SSL/],
      ] as const) {
        expect(await agreed({ ecdhCurve })).toMatch(expected);
      }
      const first = connectTls({ ...loopback(), maxVersion: 'TLSv1.2' });
      await once(first, 'secureConnect');
      const session = first.getSession();
      expect(first.getTLSTicket()).toBeUndefined();
      first.destroy();
      const second = connectTls({
        ...loopback(),
        maxVersion: 'TLSv1.2',
        ...(session === undefined ? {} : { session }),
      });
      await once(second, 'secureConnect');
      expect(second.isSessionReused()).toBe(true);
      second.destroy();
    });

    it('may be asked for by a known client for a day, never by data that could be replayed', async () => {
      await start();
      const args = [
        's_client',
        '-tls1_3',
        '-ign_eof',
        '-servername',
        'localhost',
        '-connect',
        `127.0.0.1:${nginx.ports.https}`,
      ];
      // Of nginx itself: this process waits, and so does the node.
      const input = 'GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
      const { stdout } = spawnSync('openssl', args, { input, encoding: 'utf8' });
      expect(stdout).toMatch(/lifetime hint: 86400 \(seconds\)/);
      expect(stdout).toMatch(/^\s*Max Early Data: 0$/m);
    });

    it('are not given to whoever asks for another name', async () => {
      await start();
      expect(await agreed({ servername: 'other.example' })).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
      const answer = await over({ ...question, headers: { host: 'other.example' } });
      expect([answer.status, codeOf(answer)]).toEqual([421, 'NOT_FOUND']);
      for (const name of Object.keys(securityHeaders)) expect([name, countOf(answer, name)]).toEqual([name, 1]);
    });
  });
});
