import type { Client } from '../../src/identity/sessions';
import { limits } from '../../src/security/limits';
import { TestServer } from '../kit/testServer';

const path = '/auth/session';
const signedIn = { accessToken: 'a', expiresAt: 0, refreshToken: 'next' };

let server: TestServer;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = await TestServer.start({
    corsOrigins: ['https://app.example.org'],
    sessions: {
      refresh: (token: string, { ip, userAgent }: Client) => {
        asked.push(`refresh ${token} of ${userAgent ?? '-'} from ${ip ?? '-'}`);
        return Promise.resolve(signedIn);
      },
      end: (token: string) => {
        asked.push(`end ${token}`);
        return Promise.resolve();
      },
    },
  });
});

afterEach(async () => {
  await server.stop();
});

function send(method: string, body?: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.running.port}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'user-agent': 'bot', ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

async function codeOf(response: Response): Promise<unknown> {
  const { errors } = (await response.json()) as { errors: readonly { extensions: { code: unknown } }[] };
  return errors[0]?.extensions.code;
}

it('gives the tokens of a session, and ends it, for the refresh token in the body', async () => {
  const answer = await send('POST', '{"refreshToken":"one"}');
  expect(await answer.json()).toEqual({
    accessToken: 'a',
    expiresAt: '1970-01-01T00:00:00.000Z',
    refreshToken: 'next',
  });
  expect((await send('DELETE', '{"refreshToken":"two"}')).status).toBe(204);
  expect(asked).toEqual(['refresh one of bot from 127.0.0.1', 'end two']);
});

it.each([
  ['nothing', undefined],
  ['no object', '"one"'],
  ['null', 'null'],
  ['a list', '[{"refreshToken":"one"}]'],
  ['no token', '{}'],
  ['an empty one', '{"refreshToken":""}'],
  ['a number', '{"refreshToken":1}'],
  ['one too long', JSON.stringify({ refreshToken: 'x'.repeat(257) })],
  ['more than asked for', '{"refreshToken":"one","userId":"another"}'],
  ['no JSON', '{"refreshToken":'],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
])('refuses %s in the body, with what to send instead', async (_, body) => {
  for (const method of ['POST', 'DELETE']) {
    const answer = await send(method, body);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'BAD_REQUEST']);
  }
  expect(asked).toEqual([]);
});

it('takes nothing that a foreign page can send without asking first', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    expect((await send('POST', '{"refreshToken":"one"}', { 'content-type': type })).status).toBe(400);
  }
  expect((await send('GET')).status).toBe(404);
  expect(asked).toEqual([]);
});

it('lets the pages ask that the configuration names, to sign out too', async () => {
  const preflight = async (origin: string) => {
    const response = await send('OPTIONS', undefined, { origin, 'access-control-request-method': 'DELETE' });
    return [
      response.headers.get('access-control-allow-origin'),
      response.headers.get('access-control-allow-methods')?.includes('DELETE'),
    ];
  };
  expect(await preflight('https://app.example.org')).toEqual(['https://app.example.org', true]);
  expect((await preflight('https://evil.example.org'))[0]).toBeNull();
});

it('answers one address so often a minute, refreshing and ending together', async () => {
  const { max } = limits.rate.session;
  const answers = await Promise.all(
    Array.from({ length: max + 20 }, (_, index) => send(index % 2 === 0 ? 'POST' : 'DELETE', '{"refreshToken":"one"}')),
  );
  expect(asked).toHaveLength(max);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(20);
  const { errors } = (await refused[0]!.json()) as {
    readonly errors: readonly { readonly extensions: { readonly code: string; readonly retryAfterMs: number } }[];
  };
  const { code, retryAfterMs } = errors[0]!.extensions;
  expect([code, refused[0]!.headers.get('retry-after')]).toEqual([
    'RATE_LIMITED',
    String(Math.ceil(retryAfterMs / 1_000)),
  ]);
});
