import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { nodeOf, readDeployment, readFiles, textsOf } from '../../scripts/containers/deployment';
import { RunningNginx } from '../../scripts/edge/runningNginx';
import { makeThrowAwayCertificate } from '../../scripts/edge/throwAwayCertificate';
import { findProjectDir } from '../../src/config/processConfig';
import { makeDatedCertificate } from '../kit/edge/datedCertificate';
import { ask, graphql } from '../kit/edge/edgeRequest';
import { closeSocket, openSockets } from '../kit/edge/edgeSocket';
import { eventually } from '../kit/eventually';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { TestServer } from '../kit/testServer';

function script(
  name: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { status: number | null; said: string } {
  const file = path.join(findProjectDir(), 'nginx/certificates', name);
  const { status, stdout, stderr } = spawnSync(file, args, {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

describeWith('openssl', 'the alarm before a certificate expires', () => {
  let folder: ReturnType<typeof makeTemporaryDir>;

  beforeAll(() => {
    folder = makeTemporaryDir();
  });
  afterAll(() => {
    folder.remove();
  });

  it.each([
    [
      'is quiet while more than a third of 90 days is left',
      { begins: -58, ends: 32 },
      0,
      /^ok .*: 3[12] of 90 days left$/m,
    ],
    ['goes off ten days before the end of 90', { begins: -80, ends: 10 }, 1, /^RENEW .*less than a third/m],
    ['is quiet at the same ten days where they are all there is', { begins: 0, ends: 10 }, 0, /^ok /m],
    ['goes off with two days of six left, less an hour', { begins: -4.1, ends: 1.9 }, 1, /^RENEW /m],
    ['goes off afterwards', { begins: -90, ends: -1 }, 1, /^EXPIRED /m],
    ['goes off before it begins', { begins: 1, ends: 90 }, 1, /^NOT YET VALID /m],
  ])('%s', (_, days, status, said) => {
    const answer = script('check-expiry.sh', [makeDatedCertificate(folder.dir, days)]);
    expect(answer.said).toMatch(said);
    expect(answer.status).toBe(status);
  });

  it('goes off where one of several is no certificate', () => {
    const good = makeDatedCertificate(folder.dir, { begins: -1, ends: 89 });
    const bad = path.join(folder.dir, 'bad.pem');
    writeFileSync(bad, 'nothing');
    const answer = script('check-expiry.sh', [bad, good]);
    expect(answer).toEqual({ status: 1, said: expect.stringMatching(/^UNREADABLE .*\nok /) as string });
    expect(script('check-expiry.sh', []).status).toBe(64);
  });
});

describeWith('openssl', 'the healthcheck of certbot, which watches the certificates inside as well', () => {
  let folder: ReturnType<typeof makeTemporaryDir>;
  const inside = ['internal_ca', 'postgres', 'redis'];

  beforeEach(() => {
    folder = makeTemporaryDir();
    for (const dir of ['live/api.example.org', 'certificates'])
      mkdirSync(path.join(folder.dir, dir), { recursive: true });
    put('live/api.example.org/fullchain.pem', { begins: -30, ends: 60 });
    for (const name of inside) put(`certificates/${name}`, { begins: -97, ends: 300 });
  });
  afterEach(() => {
    folder.remove();
  });

  function put(place: string, days: Parameters<typeof makeDatedCertificate>[1]): void {
    const made = makeDatedCertificate(mkdtempSync(path.join(folder.dir, 'made-')), days);
    renameSync(made, path.join(folder.dir, place));
  }

  /** As docker/compose.yaml has it, with this folder in the place of those that are mounted. */
  function look(): { status: number | null; said: string } {
    const projectDir = findProjectDir();
    const { certbot = {} } = readDeployment(readFiles(projectDir)).services;
    const command = (textsOf(nodeOf(certbot['healthcheck'])['test'])[1] ?? '')
      .replace('/run/check-expiry.sh', path.join(projectDir, 'nginx/certificates/check-expiry.sh'))
      .replaceAll('/etc/letsencrypt', folder.dir)
      .replaceAll('/run/certificates', path.join(folder.dir, 'certificates'));
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  }

  it('is quiet while all of them have long to live', () => {
    expect(look()).toEqual({ status: 0, said: expect.stringMatching(/^(ok .*\n){4}$/) as string });
  });

  it.each(inside)('goes off for %s', (name) => {
    put(`certificates/${name}`, { begins: -300, ends: 97 });
    expect(look()).toEqual({
      status: 1,
      said: expect.stringMatching(new RegExp(`^RENEW .*/${name}: `, 'm')) as string,
    });
  });

  it('goes off where there is none yet', () => {
    rmSync(path.join(folder.dir, 'live/api.example.org'), { recursive: true });
    expect(look().status).toBe(1);
  });
});

describeWith('nginx', 'a renewed certificate', () => {
  let server: TestServer;
  let nginx: RunningNginx;

  beforeEach(async () => {
    // Nobody sends `connection_init` here.
    server = await TestServer.start({ caps: { initTimeoutMs: 60_000 } });
    nginx = await RunningNginx.start({ nodes: [`127.0.0.1:${server.running.port}`] });
  });

  afterEach(async () => {
    await nginx.stop();
    await server.stop();
  });

  async function servedSerial(): Promise<string> {
    const socket = connectTls({
      port: nginx.ports.https,
      host: '127.0.0.1',
      servername: 'localhost',
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const { raw } = socket.getPeerX509Certificate() ?? {};
    socket.destroy();
    return raw === undefined ? '' : new X509Certificate(raw).serialNumber;
  }

  const hook = (): ReturnType<typeof script> =>
    script('reload-nginx.sh', [], { NGINX_OPTIONS: nginx.options.join(' ') });

  it('is served after the hook, and every socket that was open stays so', async () => {
    const sockets = await openSockets(nginx.httpsUrl, 8);
    const closed: number[] = [];
    for (const { socket } of sockets) socket.on('close', (code) => closed.push(code));
    const before = await servedSerial();
    makeThrowAwayCertificate(nginx.dir);
    expect(hook().status).toBe(0);
    await eventually(async () => (await servedSerial()) !== before);
    for (const { socket } of sockets) {
      const answered = once(socket, 'message');
      socket.send('{"type":"ping"}');
      expect(String((await answered)[0])).toBe('{"type":"pong"}');
    }
    expect(closed).toEqual([]);
    // They are counted still: two more fit in.
    const more = await openSockets(nginx.httpsUrl, 3);
    expect(more.map(({ status }) => status)).toEqual([101, 101, 429]);
    for (const socket of [...sockets, ...more]) await closeSocket(socket);
    // Any bound would end those that are open still when it is over, later than a test can wait.
    const { stdout: configuration } = spawnSync('nginx', [...nginx.options, '-T'], {
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` },
      encoding: 'utf8',
    });
    expect(configuration).toContain('proxy_pass');
    expect(configuration).not.toContain('worker_shutdown_timeout');
  });

  it('that does not belong to its key changes nothing, and the hook fails', async () => {
    const before = await servedSerial();
    writeFileSync(nginx.certificate.certificate, 'broken');
    const { status, said } = hook();
    expect([status === 0, said]).toEqual([false, expect.stringContaining('certificate.pem')]);
    expect(await servedSerial()).toBe(before);
    expect((await ask(nginx.httpsUrl, graphql('{ serverTime }'))).status).toBe(200);
  });
});
