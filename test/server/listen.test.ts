import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { ListenError, listenErrorOf } from '../../src/server/listenError';
import { eventually } from '../kit/eventually';
import { TestServer } from '../kit/testServer';

/** Sends bytes as they are and gives all that comes back until the server hangs up. */
async function exchange(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return received;
}

function bodyOf(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

/** What its headers call the request: whoever quotes the one finds the other. */
function idOf(answer: string): string {
  return /^x-request-id: ([0-9a-f-]{36})\r$/im.exec(answer)?.[1] ?? 'none';
}

/** Servers and timers of this process, which would keep it alive. */
function whatRuns(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap' || kind === 'Timeout').length;
}

const badRequest = { errors: [{ extensions: { code: 'BAD_REQUEST' } }] };

describe('a port that cannot be had', () => {
  let other: Server;
  let takenPort: number;

  beforeAll(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    takenPort = (other.address() as AddressInfo).port;
  });
  afterAll(() => {
    other.close();
  });

  it.each(['PORT', 'METRICS_PORT'])('%s is named, and nothing goes on running', async (setting) => {
    const start = (): Promise<unknown> =>
      TestServer.start({ ports: { [setting]: takenPort } }).catch((reason: unknown) => reason);
    const error = await start();
    expect(error).toBeInstanceOf(ListenError);
    expect((error as ListenError).exitStatus).toBe(69);
    expect((error as ListenError).message).toContain(`Port ${takenPort} (${setting}) is taken`);
    // The first start also makes what a process has once; of further ones nothing may be left over.
    const afterOne = whatRuns();
    for (let further = 0; further < 3; further += 1) await start();
    await eventually(() => whatRuns() <= afterOne, { timeoutMs: 4_000 });
  });

  it.each([
    ['EACCES', 'PORT'],
    ['EADDRNOTAVAIL', 'HOST'],
    ['ENOTFOUND', 'HOST'],
  ])('%s tells to change %s', (code, setting) => {
    const address = { host: '127.0.0.1', port: 80, portSetting: 'PORT', hostSetting: 'HOST' };
    const error = listenErrorOf(Object.assign(new Error('listen'), { code }), address);
    expect(error).toBeInstanceOf(ListenError);
    expect((error as ListenError).message).toMatch(new RegExp(`set ${setting} to`));
  });

  it('what nobody foresaw stays what it is', () => {
    const fault = new Error('something else');
    const address = { host: '127.0.0.1', port: 80, portSetting: 'PORT', hostSetting: 'HOST' };
    expect(listenErrorOf(fault, address)).toBe(fault);
  });
});

describe('a request that is not for us to upgrade', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const offer = 'Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n';

  it('is answered as the GET that it is', async () => {
    const connection = 'Connection: close, Upgrade, HTTP2-Settings';
    const answer = await exchange(server.httpUrl, `GET /livez HTTP/1.1\r\nHost: a\r\n${connection}\r\n${offer}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(bodyOf(answer)).toEqual({ status: 'ok' });
  });

  it('is answered as the POST that it is, again and again on one connection, with a body that comes later', async () => {
    const body = JSON.stringify({ query: '{ serverTime }' });
    const head = (connection: string) =>
      `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\nConnection: ${connection}\r\n${offer}\r\n`;
    const socket = connect(server.running.port, '127.0.0.1');
    for (let round = 0; round < 15; round += 1) {
      socket.write(head('Upgrade, HTTP2-Settings') + body.slice(0, 5));
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(body.slice(5));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 [^]*"serverTime"/);
    }
    socket.destroy();
  });

  it('may still not go past what every request has to pass', async () => {
    const answer = await exchange(
      server.httpUrl,
      `GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\n${offer}\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(bodyOf(answer)).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  });
});

describe('what is no request of ours', () => {
  const options = 'OPTIONS /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start({ corsOrigins: ['https://app.example'] });
  });
  afterAll(() => server.stop());

  it('a URL that cannot be decoded is answered like every other failure', async () => {
    const response = await fetch(`${server.httpUrl}/%zz`);
    expect([response.status, response.headers.get('x-content-type-options')]).toEqual([400, 'nosniff']);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toMatchObject(badRequest);
  });

  it('bytes that are no HTTP are answered like every other failure', async () => {
    const answer = await exchange(server.httpUrl, 'HELO you\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(answer)).toMatchObject(badRequest);
  });

  it('headers over the limit are refused with 431', async () => {
    const answer = await exchange(server.httpUrl, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(bodyOf(answer)).toMatchObject(badRequest);
  });

  it.each(['GET', 'PUT', 'DELETE', 'PROPFIND', 'TRACE'])('%s /graphql is not found', async (method) => {
    const answer = await exchange(
      server.httpUrl,
      `${method} /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(bodyOf(answer)).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND', requestId: idOf(answer) } }] });
  });

  it.each([
    ['of nobody', ''],
    ['of nobody, who asks', 'Access-Control-Request-Method: POST\r\n'],
    ['of a page that may call, and does not ask', 'Origin: https://app.example\r\n'],
  ])('OPTIONS that is no preflight is answered like every other failure: %s', async (_whose, headers) => {
    const answer = await exchange(server.httpUrl, `${options}${headers}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*content-type: application\/json/i);
    const message = expect.stringContaining('Access-Control-Request-Method') as string;
    const extensions = { code: 'BAD_REQUEST', requestId: idOf(answer) };
    expect(bodyOf(answer)).toEqual({ errors: [{ message, extensions }] });
  });

  it.each(['', 'Access-Control-Request-Method: POST\r\n'])(
    'OPTIONS of a page that may not call is told as that (%j)',
    async (headers) => {
      const answer = await exchange(server.httpUrl, `${options}Origin: https://evil.example\r\n${headers}\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      const extensions = { code: 'FORBIDDEN', requestId: idOf(answer) };
      expect(bodyOf(answer)).toMatchObject({ errors: [{ extensions }] });
    },
  );
});
