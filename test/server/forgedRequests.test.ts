import { once } from 'node:events';
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { RawSocket } from '../kit/rawSocket';
import { codesOf, TestServer } from '../kit/testServer';

/** Every time that something was done for somebody. */
let done: string[];
let server: TestServer;
let authorization: string;

beforeEach(async () => {
  done = [];
  const doing =
    (what: string) =>
    <Value>(value: Value) =>
    (): Promise<Value> => {
      done.push(what);
      return Promise.resolve(value);
    };
  const signedIn = { accessToken: 'a', expiresAt: 0, refreshToken: 'next' };
  server = await TestServer.start({
    passwords: { change: doing('change')(undefined), reset: doing('reset')(undefined) },
    sessions: { refresh: doing('refresh')(signedIn), end: doing('end')(undefined) },
  });
  authorization = server.bearer('TRADER');
});

afterEach(() => server.stop());

const ticker = '{ ticker(market: "simulator:BTC/USDT") { last } }';
const change = 'mutation { changePassword(current: "the old one of mine", next: "nobody guesses this 7") }';

interface Endpoint {
  readonly path: string;
  /** What the endpoint is asked for in earnest. */
  readonly body: Readonly<Record<string, string>>;
}

const endpoints: readonly Endpoint[] = [
  { path: '/graphql', body: { query: ticker } },
  { path: '/auth/graphql', body: { query: change } },
  { path: '/auth/session', body: { refreshToken: 'the one that a page has found' } },
];

interface Sent {
  readonly method?: 'GET' | 'POST';
  /** Behind the path. */
  readonly search?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

const parameters = (values: Readonly<Record<string, string>>): string => new URLSearchParams(values).toString();

/** A form of a page with one field, whose name and value are JSON together. */
const asFormOfText = (json: string): string => `${json.slice(0, -1)},"ignored":"="}\r\n`;

const asMultipart = (json: string): Sent => ({
  headers: { 'content-type': 'multipart/form-data; boundary=x' },
  body: `--x\r\nContent-Disposition: form-data; name="operations"\r\nContent-Type: application/json\r\n\r\n${json}\r\n--x--\r\n`,
});

/** What a page of somebody else makes a browser send without asking us first, or puts where a log or a link keeps it. */
const forms: readonly (readonly [string, (endpoint: Endpoint, bearer: string) => Sent])[] = [
  [
    'JSON as plain text',
    ({ body }) => ({ headers: { 'content-type': 'text/plain' }, body: asFormOfText(JSON.stringify(body)) }),
  ],
  [
    'the fields of a form',
    ({ body }) => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: parameters(body) }),
  ],
  ['a form with a file', ({ body }) => asMultipart(JSON.stringify(body))],
  ['JSON of no type', ({ body }) => ({ body: JSON.stringify(body) })],
  [
    'a simple type that names JSON',
    ({ body }) => ({ headers: { 'content-type': 'text/plain; application/json' }, body: JSON.stringify(body) }),
  ],
  ['a link', ({ body }) => ({ method: 'GET', search: parameters(body) })],
  ['a POST with everything in its URL', ({ body }) => ({ search: parameters(body) })],
  [
    'a link that says it is a POST',
    ({ body }) => ({
      method: 'GET',
      search: parameters({ ...body, _method: 'POST' }),
      headers: { 'x-http-method-override': 'POST', 'x-http-method': 'POST', 'x-method-override': 'POST' },
    }),
  ],
  [
    'credentials in the URL',
    ({ body }, bearer) => ({
      search: parameters({ ...tokenNames(bearer), ...body }),
      headers: { 'content-type': 'application/json', authorization: undefined },
      body: JSON.stringify(withoutToken(body)),
    }),
  ],
  [
    'credentials in a cookie',
    ({ body }, bearer) => ({
      headers: {
        'content-type': 'application/json',
        authorization: undefined,
        cookie: Object.entries({ ...tokenNames(bearer), ...body }).map(
          ([name, value]) => `${name}=${encodeURIComponent(value)}`,
        ),
      },
      body: JSON.stringify(withoutToken(body)),
    }),
  ],
];

/** A token under every name that servers take one by. */
function tokenNames(bearer: string): Readonly<Record<string, string>> {
  const token = bearer.replace('Bearer ', '');
  return { authorization: bearer, Authorization: bearer, access_token: token, accessToken: token, token };
}

function withoutToken({ refreshToken: _token, ...rest }: Readonly<Record<string, string>>): object {
  return rest;
}

/** By hand: `fetch` would put a type where there is none. A good token is sent, which a page could not, wherever the form has no other place for it. */
async function send(path: string, { method = 'POST', search, headers = {}, body }: Sent): Promise<[number, unknown[]]> {
  const all = Object.entries({ authorization, ...headers }).filter(([, value]) => value !== undefined);
  const asking = request(`${server.httpUrl}${path}${search === undefined ? '' : `?${search}`}`, {
    method,
    headers: Object.fromEntries(all),
    agent: false,
  });
  asking.end(body);
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  const { errors } = JSON.parse(await text(answer)) as { readonly errors?: readonly { extensions: never }[] };
  return [answer.statusCode ?? 0, [...codesOf(errors)]];
}

function howOftenDone(): number {
  return server.market.calls + done.length;
}

const refusals = [
  [400, ['BAD_REQUEST']],
  [404, ['NOT_FOUND']],
];

describe.each(endpoints)('$path', (endpoint) => {
  it('does what it is asked for in earnest', async () => {
    const headers = { 'content-type': 'application/json' };
    expect(await send(endpoint.path, { headers, body: JSON.stringify(endpoint.body) })).toEqual([200, []]);
    expect(howOftenDone()).toBe(1);
  });

  it.each(forms)('does nothing for %s', async (name, form) => {
    const answer = await send(endpoint.path, form(endpoint, authorization));
    const isNobody = name.startsWith('credentials') && endpoint.path !== '/auth/session';
    // Read, and taken for nobody's: GraphQL answers with 200 where a field was refused.
    expect(isNobody ? [[200, ['UNAUTHENTICATED']]] : refusals).toContainEqual(answer);
    expect(howOftenDone()).toBe(0);
  });
});

describe('the URL of the socket', () => {
  it.each([
    ['its URL', (bearer: string) => ({ search: parameters({ ...tokenNames(bearer), query: ticker }) })],
    ['a cookie', (bearer: string) => ({ headers: { cookie: `authorization=${encodeURIComponent(bearer)}` } })],
    ['a header', (bearer: string) => ({ headers: { authorization: bearer } })],
  ])(
    'takes nobody for who they are by %s',
    async (_name, placed: (bearer: string) => Pick<Sent, 'search'> & { readonly headers?: Record<string, string> }) => {
      const { search = '', headers = {} } = placed(authorization);
      const socket = await RawSocket.open(`${server.wsUrl}?${search}`, { headers });
      socket.send({ type: 'connection_init' });
      expect((await socket.next()).type).toBe('connection_ack');
      socket.subscribe('1', ticker);
      const { payload } = (await socket.next()) as { readonly payload?: { readonly errors?: never } };
      expect(codesOf(payload?.errors)).toEqual(['UNAUTHENTICATED']);
      expect(howOftenDone()).toBe(0);
      socket.close();
    },
  );
});
