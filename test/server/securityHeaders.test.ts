import { once } from 'node:events';
import { connect } from 'node:net';
import { productionHeaders, TestServer } from '../kit/testServer';
import { securityHeaders } from '../../src/server/securityHeaders';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ corsOrigins: ['https://app.example.com'] });
});

afterAll(() => server.stop());

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const query = '{"query":"{ serverTime }"}';

/** Everything that leaves this server by HTTP: what is asked, and the status of the answer. */
const ways: readonly (readonly [string, number, string])[] = [
  ['what it is', 200, 'GET / HTTP/1.1'],
  ['life', 200, 'GET /livez HTTP/1.1'],
  ['keys', 200, 'GET /.well-known/jwks.json HTTP/1.1'],
  ['data', 200, `POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${query.length}`],
  [
    'an error of GraphQL',
    400,
    `POST /auth/graphql HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${query.length}`,
  ],
  [
    'a preflight',
    204,
    'OPTIONS /graphql HTTP/1.1\r\nOrigin: https://app.example.com\r\nAccess-Control-Request-Method: POST',
  ],
  [
    'a body of another kind',
    400,
    `POST /graphql HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: ${query.length}`,
  ],
  [
    'a body that is too large',
    400,
    'POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99999999',
  ],
  ['nothing there', 404, 'GET /nothing HTTP/1.1'],
  ['a URL that cannot be decoded', 400, 'GET /%zz HTTP/1.1'],
  ['headers over the limit', 431, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
  ['no HTTP', 400, 'HELO you'],
  ['an upgrade elsewhere', 404, `GET /other HTTP/1.1\r\n${upgrade}`],
  ['an upgrade of a page of others', 403, `GET /graphql HTTP/1.1\r\nOrigin: https://evil.example\r\n${upgrade}`],
];

/** Status and headers, each with every value that it was sent with. */
async function ask(head: string): Promise<{ readonly status: number; readonly headers: Map<string, string[]> }> {
  const socket = connect({ port: server.running.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const closing = head.includes('Upgrade') ? '' : '\r\nConnection: close';
  socket.write(`${head}\r\nHost: localhost${closing}\r\n\r\n${head.includes('Content-Length: ') ? query : ''}`);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  await once(socket, 'close');
  const [status = '', ...lines] = (answer.split('\r\n\r\n')[0] ?? '').split('\r\n');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(name.length + 2)]);
  }
  return { status: Number(status.split(' ')[1]), headers };
}

describe('what browsers are told', () => {
  const expected = {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': expect.stringContaining('camera=()') as unknown,
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=63072000',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-xss-protection': '0',
  };

  it.each(ways)('stands once in the answer: %s', async (_name, status, head) => {
    const answer = await ask(head);
    expect(answer.status).toBe(status);
    for (const [name, value] of Object.entries(expected))
      expect([name, answer.headers.get(name)]).toEqual([name, [value]]);
  });

  it.each(ways)('does not say what runs here: %s', async (_name, _status, head) => {
    const { headers } = await ask(head);
    expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([undefined, undefined]);
  });
});

it('is what is set', () => {
  const set = securityHeaders({
    contentSecurityPolicy: "default-src 'self'",
    frameOptions: 'SAMEORIGIN',
    xssProtection: '1; mode=block',
    strictTransportSecurity: null,
    referrerPolicy: 'same-origin',
  });
  expect(set).toMatchObject({
    'content-security-policy': "default-src 'self'",
    'x-frame-options': 'SAMEORIGIN',
    'x-xss-protection': '1; mode=block',
    'referrer-policy': 'same-origin',
  });
  expect(set).not.toHaveProperty('strict-transport-security');
  expect(securityHeaders(productionHeaders)).toHaveProperty('strict-transport-security', 'max-age=63072000');
});
