import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { makeThrowAwayCertificate } from '../../../scripts/edge/throwAwayCertificate';
import { boxes } from '../../../src/operations/doctor/boxes';
import { viewFromOutside } from '../../../src/operations/doctor/outsideView';
import type { SecurityFacts } from '../../../src/operations/doctor/securityFacts';
import { describeWith } from '../../kit/needs';
import { makeTemporaryDir } from '../../kit/temporaryDir';
import { TestServer } from '../../kit/testServer';

describeWith('openssl', 'a server as the world sees it', () => {
  const temporary = makeTemporaryDir();
  const servers: Server[] = [];
  let key: string;
  let cert: string;

  beforeAll(() => {
    const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => path.join(temporary.dir, name)) as [
      string,
      string,
    ];
    const making = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '90',
      '-subj',
      '/CN=localhost',
    ];
    const names = ['-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', ['req', '-x509', ...making, ...names, '-keyout', keyFile, '-out', certFile], {
      stdio: 'pipe',
    });
    [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });

  afterAll(() => {
    temporary.remove();
  });

  const withHeaders: RequestListener = (_request, response) => {
    response.writeHead(200, [
      ['X-Frame-Options', 'DENY'],
      ['X-Frame-Options', 'SAMEORIGIN'],
      ['Strict-Transport-Security', 'max-age=63072000'],
    ] as never);
    response.end();
  };

  async function serve(
    options: ServerOptions = {},
    answer: RequestListener = withHeaders,
    host = '127.0.0.1',
  ): Promise<number> {
    const server = createServer({ key, cert, ...options }, answer);
    server.on('tlsClientError', () => undefined);
    servers.push(server.listen(0, host));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it('is told with its certificate, its version and each value of its headers', async () => {
    const port = await serve();
    const view = await viewFromOutside(`https://localhost:${port}`, { ca: cert });
    expect(view).toMatchObject({ failure: null, protocol: 'TLSv1.3', certificateProblem: null });
    expect(view.badHandshakes.filter(({ failure }) => failure !== null)).toEqual([]);
    expect(view.badHandshakes.map(({ isTaken }) => isTaken)).toEqual([false, false, true]);
    expect(view.certificateLeft).toBeGreaterThan(0.99);
    expect(view.certificateEnds?.getTime()).toBeGreaterThan(Date.now() + 89 * 86_400_000);
    expect(view.headers).toMatchObject({
      'x-frame-options': ['DENY', 'SAMEORIGIN'],
      'strict-transport-security': ['max-age=63072000'],
    });
  });

  it('has no good certificate where nobody vouches for it, or it is another’s', async () => {
    const port = await serve();
    expect(await viewFromOutside(`https://localhost:${port}`)).toMatchObject({
      failure: null,
      certificateProblem: expect.stringContaining('SELF_SIGNED') as unknown,
    });
    expect(await viewFromOutside(`https://127.0.0.1:${port}`, { ca: cert })).toMatchObject({
      certificateProblem: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') as unknown,
    });
  });

  it('takes what it takes of old versions', async () => {
    const port = await serve({ minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' });
    expect(await viewFromOutside(`https://localhost:${port}`, { ca: cert })).toMatchObject({
      protocol: 'TLSv1.3',
      badHandshakes: ['TLS 1.0', 'TLS 1.1', 'suites without AEAD or forward secrecy'].map((what) => ({
        what,
        isTaken: true,
        failure: null,
      })),
    });
  });

  function rsaPair(): ServerOptions {
    const files = makeThrowAwayCertificate(temporary.dir, 'RSA');
    return { key: readFileSync(files.key), cert: readFileSync(files.certificate) };
  }

  it.each<readonly [string, ServerOptions & { readonly isRsa?: true }, boolean]>([
    ['TLS 1.3 alone', { minVersion: 'TLSv1.3' }, false],
    ['AES', { ciphers: 'ECDHE+AESGCM' }, false],
    ['ChaCha20', { ciphers: 'ECDHE+CHACHA20' }, false],
    ['AES in small machines', { ciphers: 'ECDHE+AESCCM' }, false],
    ['ARIA', { ciphers: 'ECDHE+ARIAGCM' }, false],
    ['a suite without AEAD', { ciphers: 'ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA256' }, true],
    ['a suite without forward secrecy', { ciphers: 'ECDHE+AESGCM:AES128-GCM-SHA256', isRsa: true }, true],
    ['a suite without a certificate', { ciphers: 'ADH-AES128-GCM-SHA256:@SECLEVEL=0', dhparam: 'auto' }, true],
    ['a suite without encryption', { ciphers: 'ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0' }, true],
  ])('takes weak suites or not, with %s', async (_name, { isRsa = false, ...options }, isTaken) => {
    const port = await serve({ ...options, ...(isRsa ? rsaPair() : {}) });
    const { badHandshakes } = await viewFromOutside(`https://localhost:${port}`);
    expect(badHandshakes.map((one) => [one.isTaken, one.failure])).toEqual([
      [false, null],
      [false, null],
      [isTaken, null],
    ]);
  });

  it('has refused nothing where it only cuts handshakes', async () => {
    const target = await serve({ ciphers: 'ECDHE+AESGCM' });
    const sockets: Socket[] = [];
    const cutting = createTcpServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.once('data', (hello) => {
        // Who offers TLS 1.3 says so in an extension; the others are cut.
        if (!hello.includes(Buffer.from([0x03, 0x04, 0x03, 0x03]))) {
          socket.destroy();
          return;
        }
        const through = connect(target, '127.0.0.1').on('error', () => undefined);
        sockets.push(through);
        through.write(hello);
        socket.pipe(through).pipe(socket);
      });
    }).listen(0, '127.0.0.1');
    await once(cutting, 'listening');
    const { port } = cutting.address() as AddressInfo;
    const { failure, badHandshakes } = await viewFromOutside(`https://localhost:${port}`, { ca: cert });
    expect(failure).toBeNull();
    expect(badHandshakes.map((one) => [one.isTaken, one.failure])).toEqual(
      Array.from({ length: 3 }, () => [false, expect.stringMatching(/disconnected|RESET/) as unknown]),
    );
    for (const socket of sockets) socket.destroy();
    cutting.close();
    await once(cutting, 'close');
  });

  /** Refuses what comes after the third; null: nothing. */
  function limitedServer(
    answers: { count: number },
    refuse: ((response: ServerResponse) => void) | null,
  ): RequestListener {
    return (_request, response) => {
      answers.count += 1;
      if (refuse !== null && answers.count > 3) refuse(response);
      else response.end();
    };
  }

  it('refuses what is too much, once asked no more than it takes to see that', async () => {
    const answers = { count: 0 };
    const refuse = (response: ServerResponse): void => {
      response.writeHead(429, { 'retry-after': '1' }).end('too much');
    };
    const { limit } = await viewFromOutside(`https://localhost:${await serve({}, limitedServer(answers, refuse))}`, {
      ca: cert,
    });
    expect(limit).toMatchObject({
      failure: null,
      refusal: { status: 429, headers: { 'retry-after': ['1'] }, text: 'too much' },
    });
    expect(answers.count).toBeLessThan(15);
  });

  it('has no limit that anybody saw where it refuses nothing, and is asked no more than 81 times', async () => {
    const answers = { count: 0 };
    const { limit } = await viewFromOutside(`https://localhost:${await serve({}, limitedServer(answers, null))}`, {
      ca: cert,
    });
    expect(limit).toEqual({ asked: 80, refusal: null, failure: null });
    expect(answers.count).toBe(81);
  });

  it('says so where it only cuts connections', async () => {
    const cut = (response: ServerResponse): void => {
      response.destroy();
    };
    const view = await viewFromOutside(`https://localhost:${await serve({}, limitedServer({ count: 0 }, cut))}`, {
      ca: cert,
    });
    expect(view).toMatchObject({
      failure: null,
      limit: { refusal: null, failure: expect.stringMatching(/hang up|RESET/) as unknown },
    });
  });

  it('is asked in plain text for its API, with what the API would answer, and for a page', async () => {
    const asked: string[] = [];
    const plain = createPlainServer((request, response) => {
      request.setEncoding('utf8').once('data', (body) => asked.push(`${request.url ?? ''} ${String(body)}`));
      request.once('end', () => response.writeHead(request.method === 'POST' ? 403 : 301).end());
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port: plainPort } = plain.address() as AddressInfo;
    const view = await viewFromOutside(`https://localhost:${await serve()}`, { ca: cert, plainPort });
    expect(view).toMatchObject({
      plainAnswer: { answer: { status: 403 }, failure: null },
      plainPage: { answer: { status: 301 }, failure: null },
    });
    expect(asked).toEqual(['/graphql {"query":"{ __typename }"}']);
    plain.close();
    await once(plain, 'close');
  });

  it('is asked in plain text at a number of IPv6 as well', async () => {
    const plain = createPlainServer((_request, response) => response.writeHead(418).end()).listen(0, '::1');
    await once(plain, 'listening');
    const { port: plainPort } = plain.address() as AddressInfo;
    const port = await serve({}, withHeaders, '::1');
    expect(await viewFromOutside(`https://[::1]:${port}`, { ca: cert, plainPort })).toMatchObject({
      plainAnswer: { answer: { status: 418 } },
      plainPage: { answer: { status: 418 } },
    });
    plain.close();
    await once(plain, 'close');
  });

  it('is known not to answer in plain text where it refuses that itself, and where it cuts it off is not', async () => {
    const cutting = createTcpServer((socket) => socket.on('error', () => undefined).destroy()).listen(0, '127.0.0.1');
    await once(cutting, 'listening');
    const { port: plainPort } = cutting.address() as AddressInfo;
    const url = `https://127.0.0.1:${await serve()}`;
    const cut = { answer: null, failure: expect.stringMatching(/hang up|RESET/) as unknown };
    expect(await viewFromOutside(url, { plainPort })).toMatchObject({
      failure: null,
      plainAnswer: cut,
      plainPage: cut,
    });
    cutting.close();
    await once(cutting, 'close');
    const nobody = { answer: null, failure: null };
    expect(await viewFromOutside(url, { plainPort })).toMatchObject({
      failure: null,
      plainAnswer: nobody,
      plainPage: nobody,
    });
  });

  it('is not known where an answer begins, and is cut off or stands still', async () => {
    const begin = (socket: Socket, goOn: () => void): void => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', goOn);
    };
    const beginning = createTcpServer((socket) =>
      socket.once('data', (request) => {
        begin(socket, () => {
          if (String(request).startsWith('POST')) socket.resetAndDestroy();
        });
      }),
    ).listen(0, '127.0.0.1');
    await once(beginning, 'listening');
    const { port: plainPort } = beginning.address() as AddressInfo;
    const cutting = await serve({}, ({ socket }) => {
      begin(socket, () => socket.destroy());
    });
    const [whole, cut] = await Promise.all(
      [await serve(), cutting].map((port) => viewFromOutside(`https://127.0.0.1:${port}`, { plainPort })),
    );
    const failure = expect.stringMatching(/aborted|RESET|nothing answered within 5 s/) as unknown;
    const unknown = { answer: null, failure };
    expect(whole).toMatchObject({ failure: null, plainAnswer: unknown, plainPage: unknown });
    expect(cut).toMatchObject({ failure });
    beginning.close();
  });

  it('gives itself away where the server of the API answers in plain text', async () => {
    const api = await TestServer.start();
    try {
      const outside = await viewFromOutside(`https://localhost:${await serve({ ciphers: 'ECDHE+AESGCM' })}`, {
        ca: cert,
        plainPort: api.running.port,
      });
      expect(outside.plainAnswer.answer?.text).toContain('{"__typename":"Query"}');
      const tls = boxes.find(({ name }) => name === 'tls');
      expect(await tls?.look({ outside: () => Promise.resolve(outside) } as unknown as SecurityFacts)).toMatchObject({
        passed: false,
        evidence: expect.stringMatching(/^answers POST \/graphql in plain text with 200, /) as unknown,
      });
    } finally {
      await api.stop();
    }
  });

  it('is not seen where nothing answers, or what answers speaks no TLS', async () => {
    const plain = createPlainServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    const view = await viewFromOutside(`https://localhost:${port}`);
    expect(view).toMatchObject({ protocol: null, headers: {} });
    expect(view.failure).toMatch(/SSL|EPROTO|wrong version/i);
    plain.close();
    await once(plain, 'close');
    expect((await viewFromOutside(`https://localhost:${port}`)).failure).toContain('ECONNREFUSED');
  });
});
