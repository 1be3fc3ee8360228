import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { TestServer } from '../kit/testServer';

const listed = ['https://app.example', 'http://localhost:3000'];

/** What a page could say it is of, each value a header of its own; the first two may talk to this server. */
const origins: readonly (readonly [string, ...string[]])[] = [
  ['a page of the list', 'https://app.example'],
  ['another page of the list, with its port', 'http://localhost:3000'],
  ['a name that begins like a listed one', 'https://app.example.evil.example'],
  ['a name that ends like a listed one', 'https://evil-app.example'],
  ['a name under a listed one', 'https://sub.app.example'],
  ['the same name over http', 'http://app.example'],
  ['the same name on another port', 'https://app.example:8443'],
  ['a sandboxed page', 'null'],
  ['the same name in capitals', 'https://APP.example'],
  ['a slash behind the name', 'https://app.example/'],
  ['two listed ones in one', 'https://app.example, http://localhost:3000'],
  ['a listed one and another', 'https://app.example', 'https://evil.example'],
];
const mayTalk = origins.slice(0, 2).map(([name]) => name);

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ corsOrigins: listed });
});

afterAll(() => server.stop());

/** By hand: clients of HTTP and WebSocket would each put an Origin right in their own way. */
async function answerTo(
  method: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders }> {
  const asking = request(`${server.httpUrl}/graphql`, { method, headers: headers as never, agent: false });
  asking.end(method === 'POST' ? '{"query":"{ serverTime }"}' : undefined);
  const [answer] = (await Promise.race([once(asking, 'response'), once(asking, 'upgrade')])) as [IncomingMessage];
  answer.destroy();
  return { status: answer.statusCode ?? 0, headers: answer.headers };
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'graphql-transport-ws',
};
const json = { 'content-type': 'application/json' };
const preflight = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,content-type',
};

/** Which of a list of names and origins get through, by a question asked of each. */
async function through(isLetIn: (origin: readonly string[]) => Promise<boolean>): Promise<readonly string[]> {
  const answers = await Promise.all(origins.map(async ([name, ...origin]) => [name, await isLetIn(origin)] as const));
  return answers.filter(([, isIn]) => isIn).map(([name]) => name);
}

describe('of twelve origins', () => {
  it('two may read an answer over HTTP', async () => {
    const readers = await through(async (origin) => {
      const { status, headers } = await answerTo('POST', { ...json, origin });
      expect([status, headers.vary]).toEqual([200, 'Origin']);
      // What a browser compares with the page's own.
      expect([undefined, origin[0]]).toContain(headers['access-control-allow-origin']);
      return headers['access-control-allow-origin'] !== undefined;
    });
    expect(readers).toEqual(mayTalk);
  });

  it('two are told by a preflight what they may send, and for how long that holds', async () => {
    const told = await through(async (origin) => {
      const { status, headers } = await answerTo('OPTIONS', { ...preflight, origin });
      const names = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
      if (status === 403) expect(names).toEqual([]);
      else
        expect({ status, ...headers }).toMatchObject({
          status: 204,
          vary: 'Origin',
          'access-control-allow-origin': origin[0],
          'access-control-allow-methods': 'POST, DELETE',
          'access-control-allow-headers':
            'content-type, authorization, apollo-require-preflight, content-digest, signature-input, signature',
          'access-control-max-age': '600',
        });
      return status === 204;
    });
    expect(told).toEqual(mayTalk);
  });

  it('two may open a WebSocket', async () => {
    const opened = await through(async (origin) => {
      const { status } = await answerTo('GET', { ...upgrade, origin });
      expect([101, 403]).toContain(status);
      return status === 101;
    });
    expect(opened).toEqual(mayTalk);
  });
});

it("lets pages of the server's own origin in over both, and nobody send credentials that a browser keeps", async () => {
  const own = server.httpUrl;
  const read = await answerTo('POST', { ...json, origin: own });
  expect(read.headers['access-control-allow-origin']).toBe(own);
  expect(read.headers['access-control-allow-credentials']).toBeUndefined();
  expect((await answerTo('GET', { ...upgrade, origin: own })).status).toBe(101);
});

it('lets in who is no page, over both', async () => {
  const read = await answerTo('POST', json);
  expect([read.status, read.headers['access-control-allow-origin']]).toEqual([200, undefined]);
  expect((await answerTo('GET', upgrade)).status).toBe(101);
});
