import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { viewFromOutside } from '../../../src/operations/doctor/outsideView';
import { describeWith } from '../../kit/needs';
import { makeTemporaryDir } from '../../kit/temporaryDir';

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

  async function serve(options: ServerOptions = {}): Promise<number> {
    const server = createServer({ key, cert, ...options }, (_request, response) => {
      response.writeHead(200, [
        ['X-Frame-Options', 'DENY'],
        ['X-Frame-Options', 'SAMEORIGIN'],
        ['Strict-Transport-Security', 'max-age=63072000'],
      ] as never);
      response.end();
    });
    server.on('tlsClientError', () => undefined);
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it('is told with its certificate, its version and each value of its headers', async () => {
    const port = await serve();
    const view = await viewFromOutside(`https://localhost:${port}`, { ca: cert });
    expect(view).toMatchObject({ failure: null, protocol: 'TLSv1.3', certificateProblem: null, oldProtocols: [] });
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
      oldProtocols: ['TLSv1', 'TLSv1.1'],
    });
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
