import { RunningNginx } from '../../scripts/edge/runningNginx';
import { ask, codeOf, countOf, graphql, tally, type EdgeAnswer } from '../kit/edge/edgeRequest';
import { describeWith } from '../kit/needs';
import { TestServer } from '../kit/testServer';

const origins = ['https://app.example', 'https://trade.app.example:8443'] as const;
const question = graphql('{ serverTime }');
const login = graphql(
  'mutation { login(email: "a@example.com", password: "a long password") { accessToken } }',
  '/auth/graphql',
);
const allow = 'access-control-allow-origin';
const expose = 'access-control-expose-headers';

describeWith('nginx', 'pages of other origins', () => {
  let server: TestServer;
  let nginx: RunningNginx;

  beforeAll(async () => {
    server = await TestServer.start({
      trustedProxies: ['127.0.0.1'],
      corsOrigins: origins,
      login: { login: () => Promise.resolve({ accessToken: 't', expiresAt: 0, refreshToken: 'r' }) },
    });
  });
  afterAll(() => server.stop());
  afterEach(() => nginx.stop());

  async function start(CORS_ORIGINS: string): Promise<void> {
    nginx = await RunningNginx.start({ nodes: [`127.0.0.1:${server.running.port}`], variables: { CORS_ORIGINS } });
  }

  /** One of each kind: a path that is not served, a body, a header, another name, too many sign-ins. */
  async function refusals(headers: Readonly<Record<string, string>>): Promise<readonly EdgeAnswer[]> {
    const answers = [
      await ask(nginx.httpsUrl, { path: '/metrics', headers }),
      await ask(nginx.httpsUrl, { path: '/graphql', body: Buffer.alloc(262_145), headers }),
      await ask(nginx.httpsUrl, { ...question, headers: { ...headers, 'x-long': 'x'.repeat(8_193) } }),
      await ask(nginx.httpsUrl, { ...question, headers: { ...headers, host: 'other.example' } }),
    ];
    for (let at = 0; at < 5; at += 1) await ask(nginx.httpsUrl, { ...login, headers });
    return [...answers, await ask(nginx.httpsUrl, { ...login, headers })];
  }

  it.each(origins)('of %s can read what is refused, by nginx and by the server', async (origin) => {
    // As the server reads its list: with blanks, or without.
    await start(origins.join(', '));
    const ofNginx = await refusals({ origin });
    expect(ofNginx.map(({ status }) => status)).toEqual([404, 413, 431, 421, 429]);
    expect(codeOf(ofNginx.at(-1)!)).toBe('RATE_LIMITED');
    const ofServer = [
      await ask(nginx.httpsUrl, { ...question, headers: { origin } }),
      await ask(nginx.httpsUrl, { ...graphql('{ nothing }'), headers: { origin } }),
      await ask(nginx.httpsUrl, { method: 'OPTIONS', path: '/graphql', headers: preflight(origin) }),
    ];
    expect(ofServer.map(({ status }) => status)).toEqual([200, 400, 204]);
    for (const answer of [...ofNginx, ...ofServer]) {
      expect([answer.status, answer.headers[allow]]).toEqual([answer.status, origin]);
      expect(countOf(answer, allow)).toBe(1);
    }
    // Without that a page cannot read when to come again.
    for (const { headers } of ofNginx) expect(headers[expose]).toBe('Retry-After');
  });

  it('that are not listed cannot, whatever they call themselves', async () => {
    await start(origins.join(','));
    for (const origin of [
      ...['null', 'https://other.example', 'http://app.example', 'https://APP.example', 'https://app.example:443'],
      ...['https://app.exampl', 'https://app.example.evil', 'https://xapp.example', 'app.example', '*', ''],
      ...[
        'https://app.example,https://trade.app.example:8443',
        ', ',
        '|',
        'x|x',
        'x|https://x,',
        'x|https://app.example',
        '|https://x|https://x',
      ],
    ]) {
      const { status, headers } = await ask(nginx.httpsUrl, { path: '/metrics', headers: { origin } });
      expect([origin, status, headers[allow]]).toEqual([origin, 404, undefined]);
    }
    const { status, headers } = await ask(nginx.httpsUrl, { ...question, headers: { origin: 'null' } });
    expect([status, headers[allow]]).toEqual([200, undefined]);
  });

  it('cannot where none is listed, and whoever is no page is told nothing', async () => {
    await start('');
    for (const headers of [{ origin: origins[0] }, { origin: '' }, {}]) {
      const { status, headers: told } = await ask(nginx.httpsUrl, { path: '/metrics', headers });
      expect([status, told[allow], told[expose]]).toEqual([404, undefined, undefined]);
    }
  });

  it('may ask first: that is no sign-in, and a request all the same', async () => {
    await start(origins.join(','));
    const askFirst = (path: string): Promise<EdgeAnswer> =>
      ask(nginx.httpsUrl, { method: 'OPTIONS', path, headers: preflight(origins[0]) });
    for (let at = 0; at < 6; at += 1) expect((await askFirst('/auth/graphql')).status).toBe(204);
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1) statuses.push((await ask(nginx.httpsUrl, login)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    for (const path of ['/auth/graphql', '/auth/session']) {
      const many = await Promise.all(Array.from({ length: 60 }, () => askFirst(path)));
      expect(tally(many.map(({ status }) => status))[429]).toBeGreaterThan(30);
    }
  });
});

function preflight(origin: string): Record<string, string> {
  return { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
}
