import { TestServer } from '../kit/testServer';

describe('the service routes', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it('tell that the process lives and is ready, and nothing more', async () => {
    const answers = await Promise.all(
      ['/livez', '/readyz'].map(async (path) => (await fetch(`${server.httpUrl}${path}`)).json()),
    );
    expect(answers).toEqual([{ status: 'ok' }, { status: 'ok' }]);
  });

  it('tell operators alone, on the port of the metrics, what is not well and keeps nobody from being served', async () => {
    const unwell = await TestServer.start();
    const health = async () => {
      const response = await fetch(`http://127.0.0.1:${unwell.running.metricsPort}/health`);
      return [response.status, await response.json()];
    };
    expect(await health()).toEqual([200, { ready: true, degraded: false, states: [] }]);
    const state = { name: 'trading', healthy: false, detail: '1 not open for up to 5 s' };
    unwell.health.watch(() => state);
    expect(await health()).toEqual([503, { ready: true, degraded: false, states: [state] }]);
    expect((await fetch(`${unwell.httpUrl}/health`)).status).toBe(404);
    expect((await fetch(`${unwell.httpUrl}/readyz`)).status).toBe(200);
    await unwell.stop();
  });

  it('tell that something is lacking, and stay ready: the other nodes lack the same', async () => {
    const lacking = await TestServer.start();
    lacking.health.need(() => ({ name: 'secrets', healthy: false, detail: 'AUDIT_KEY: …' }));
    const response = await fetch(`${lacking.httpUrl}/readyz`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'degraded' }]);
    const report = await fetch(`http://127.0.0.1:${lacking.running.metricsPort}/health`);
    expect([report.status, await report.json()]).toMatchObject([503, { ready: true, degraded: true }]);
    lacking.health.register(() => ({ name: 'database', healthy: false, detail: '' }));
    expect((await fetch(`${lacking.httpUrl}/readyz`)).status).toBe(503);
    await lacking.stop();
  });

  it('tell that it is not ready when a check fails, without saying which', async () => {
    server.health.register(() => ({ name: 'database', healthy: false, detail: 'connect ECONNREFUSED 10.0.0.5' }));
    const response = await fetch(`${server.httpUrl}/readyz`);
    expect([response.status, await response.json()]).toEqual([503, { status: 'unavailable' }]);
    expect((await fetch(`${server.httpUrl}/livez`)).status).toBe(200);
  });

  it('publish the signing key without its private half', async () => {
    const answer = (await (await fetch(`${server.httpUrl}/.well-known/jwks.json`)).json()) as {
      keys: Record<string, unknown>[];
    };
    expect(answer.keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
  });

  it('let the signing keys be kept for five minutes, and not be asked for without end', async () => {
    const used = new Array<number>(600).fill(Date.now());
    const asked: string[] = [];
    const take = (key: string): Promise<readonly number[]> => {
      asked.push(key);
      return Promise.resolve(asked.length > 1 ? used : []);
    };
    const limited = await TestServer.start({ reservations: { take } });
    const path = `${limited.httpUrl}/.well-known/jwks.json`;
    const [first, second] = [await fetch(path), await fetch(path)];
    await limited.stop();
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    expect([second.status, second.headers.get('cache-control')]).toEqual([429, 'no-store']);
    expect(asked[0]).toBe('/.well-known/jwks.json|ip:127.0.0.1');
  });

  it('serve metrics on their own port alone', async () => {
    await server.post({ query: '{ serverTime }' });
    expect((await fetch(`${server.httpUrl}/metrics`)).status).toBe(404);
    const text = await (await fetch(`http://127.0.0.1:${server.running.metricsPort}/metrics`)).text();
    expect(text).toContain('tickgate_graphql_operations_total{transport="http",kind="query",outcome="ok"} 1');
  });

  it('send no answer that a proxy may keep, and each one with its request id', async () => {
    const { headers } = await server.post({ query: '{ serverTime }' });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-powered-by')).toBeNull();
  });
});
