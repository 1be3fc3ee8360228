import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { json as jsonOf } from 'node:stream/consumers';
import { limits } from '../../src/security/limits';
import { StandInTokens } from '../kit/standInTokens';
import { TestServer, type TestServerOptions } from '../kit/testServer';

const proxy = '127.0.0.1';
/** Of this machine too, and on nobody's list. */
const stranger = '127.0.0.2';
const client = '203.0.113.7';
const loginDocument = 'mutation { login(email: "a@example.com", password: "a long password") { accessToken } }';

let server: TestServer;
let seenAddresses: (string | null)[];

async function start(options: TestServerOptions = {}): Promise<void> {
  seenAddresses = [];
  server = await TestServer.start({
    login: {
      login: (_credentials, { ip }) => {
        seenAddresses.push(ip);
        return Promise.resolve({ accessToken: 't', expiresAt: 0, refreshToken: 'r' });
      },
    },
    ...options,
  });
}

afterEach(() => server.stop());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly codes: readonly unknown[];
}

/** Sends from an address of this machine; `fetch` would not let the test choose one. */
async function login(from: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const asking = request(`${server.httpUrl}/auth/graphql`, {
    method: 'POST',
    agent: false,
    localAddress: from,
    headers: { 'content-type': 'application/json', ...headers },
  });
  asking.end(JSON.stringify({ query: loginDocument }));
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  const { errors = [] } = (await jsonOf(answer)) as { errors?: { extensions: { code: unknown } }[] };
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    codes: errors.map(({ extensions }) => extensions.code),
  };
}

/** The status of an upgrade; the socket stays open until the server stops. */
async function upgrade(from: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const asking = request(`${server.httpUrl}/graphql`, {
    agent: false,
    localAddress: from,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'graphql-transport-ws',
      ...headers,
    },
  });
  asking.end();
  const [answer] = (await Promise.race([once(asking, 'response'), once(asking, 'upgrade')])) as [IncomingMessage];
  answer.socket.on('error', () => undefined);
  return answer.statusCode ?? 0;
}

describe('the address of a client', () => {
  it.each([
    ['is what a listed proxy says', proxy, client, client],
    ['is that of IPv6 which a listed proxy says', proxy, '2001:db8::1', '2001:db8::1'],
    ['is told as one of IPv4 where a proxy listens for both', proxy, '::ffff:203.0.113.7', client],
    [
      'is the last that a listed proxy says, not what the client had said before',
      proxy,
      `198.51.100.1, ${client}`,
      client,
    ],
    ['is the connection where another address says something', stranger, client, stranger],
  ])('%s', async (_, from, told, expected) => {
    await start({ trustedProxies: [proxy] });
    await login(from, { 'x-forwarded-for': told });
    expect(seenAddresses).toEqual([expected]);
  });

  it('is the connection where nothing is said, or nobody is listed', async () => {
    await start();
    await login(proxy, { 'x-forwarded-for': client });
    await login(stranger);
    expect(seenAddresses).toEqual([proxy, stranger]);
  });

  it.each([
    ['x-real-ip', client],
    ['forwarded', `for=${client}`],
    ['cf-connecting-ip', client],
    ['true-client-ip', client],
  ])('is not in %s, whoever sends it', async (header, told) => {
    await start({ trustedProxies: [proxy] });
    await login(proxy, { [header]: told });
    expect(seenAddresses).toEqual([proxy]);
  });

  it('is looked for behind every listed proxy on the way', async () => {
    await start({ trustedProxies: ['loopback', '10.1.0.0/24'] });
    await login(proxy, { 'x-forwarded-for': `198.51.100.1, ${client}, 10.1.0.7` });
    expect(seenAddresses).toEqual([client]);
  });

  it.each(['unknown', '203.0.113.7:4711', '<script>', '203.0.113'])(
    'is asked for where a listed proxy says %j, over both',
    async (told) => {
      await start({ trustedProxies: [proxy] });
      const { status, codes } = await login(proxy, { 'x-forwarded-for': told });
      expect([status, codes, seenAddresses]).toEqual([400, ['BAD_REQUEST'], []]);
      expect(await upgrade(proxy, { 'x-forwarded-for': told })).toBe(400);
    },
  );

  it('is what credentials are held to, over both', async () => {
    const tokens = new StandInTokens();
    const { authorization } = tokens.issue();
    const held: string[] = [];
    const verifier = {
      verify: (token: string, { ip }: { readonly ip: string }) => {
        held.push(ip);
        return tokens.verify(token);
      },
    };
    await start({ trustedProxies: [proxy], verifier });
    await login(proxy, { authorization, 'x-forwarded-for': client });
    await login(stranger, { authorization, 'x-forwarded-for': client });
    expect(held).toEqual([client, stranger]);
  });
});

describe('limits by address', () => {
  const { max } = limits.rate.login;

  it('count each client of a listed proxy for itself', async () => {
    await start({ trustedProxies: [proxy] });
    const tries = async (told: string): Promise<readonly unknown[]> => {
      const codes: unknown[] = [];
      for (let count = 0; count <= max; count += 1)
        codes.push(...(await login(proxy, { 'x-forwarded-for': told })).codes);
      return codes;
    };
    expect(await tries(client)).toEqual(['RATE_LIMITED']);
    expect(await tries('203.0.113.8')).toEqual(['RATE_LIMITED']);
    expect(seenAddresses).toHaveLength(2 * max);
  });

  it('are not left behind by whoever takes a new name each time', async () => {
    await start({ trustedProxies: [proxy] });
    for (let count = 0; count <= max; count += 1) await login(stranger, { 'x-forwarded-for': `203.0.113.${count}` });
    expect(seenAddresses).toEqual(new Array(max).fill(stranger));
  });

  it('count sockets so too', async () => {
    await start({ trustedProxies: [proxy], caps: { maxSocketsPerAddress: 1 } });
    const open = (from: string, told: string): Promise<number> => upgrade(from, { 'x-forwarded-for': told });
    for (const told of [client, '203.0.113.8', '203.0.113.9']) expect(await open(proxy, told)).toBe(101);
    expect(await server.capHits('socketsPerAddress')).toBe(0);
    await open(proxy, client);
    expect(await server.capHits('socketsPerAddress')).toBe(1);
    for (const told of ['203.0.113.10', '203.0.113.11']) await open(stranger, told);
    expect(await server.capHits('socketsPerAddress')).toBe(2);
  });
});

describe('a page of the same host in plain text', () => {
  const origin = 'http://tickgate.example';
  const host = 'tickgate.example';
  const isLetIn = async (from: string, headers: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
    const answer = await login(from, { origin, host, ...headers });
    const read = answer.headers['access-control-allow-origin'] === origin;
    return [read, (await upgrade(from, { origin, host, ...headers })) === 101];
  };

  it.each([
    ['is none of ours where a listed proxy took the request over TLS', proxy, { 'x-forwarded-proto': 'https' }, false],
    ['is where it took it as it was', proxy, { 'x-forwarded-proto': 'http' }, true],
    ['is where nobody says anything', proxy, {}, true],
    ['is where somebody else says so', stranger, { 'x-forwarded-proto': 'https' }, true],
  ])('%s, over both', async (_, from, headers, expected) => {
    await start({ trustedProxies: [proxy] });
    expect(await isLetIn(from, headers as Record<string, string>)).toEqual([expected, expected]);
  });

  it('does not keep out the page over TLS', async () => {
    await start({ trustedProxies: [proxy] });
    const secure = { origin: 'https://tickgate.example', host, 'x-forwarded-proto': 'https' };
    expect((await login(proxy, secure)).headers['access-control-allow-origin']).toBe(secure.origin);
    expect(await upgrade(proxy, secure)).toBe(101);
  });
});
