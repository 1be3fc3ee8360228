import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { findProjectDir } from '../../src/config/processConfig';
import { eventually } from '../kit/eventually';
import { freePort } from '../kit/freePorts';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';

const script = path.join(findProjectDir(), 'docker/nginx/40-renewed-certificate.sh');

describeWith('nginx', 'a certificate that is renewed', () => {
  let dir: string;
  let remove: () => void;
  let port: number;
  let nginx: ChildProcess;
  let watcher: ChildProcess;
  let said: string;

  beforeEach(async () => {
    ({ dir, remove } = makeTemporaryDir());
    said = '';
    port = await freePort();
    makeCertificate('first');
    use('first');
    writeFileSync(
      file('nginx.conf'),
      `pid ${file('nginx.pid')}; error_log stderr notice; events {}
       http { access_log off; server { listen 127.0.0.1:${port} ssl; ssl_certificate ${file('served.crt')}; ssl_certificate_key ${file('served.key')}; } }`,
    );
    // What the script calls nginx is the one of this test.
    writeFileSync(file('nginx'), `#!/bin/sh\nexec /usr/sbin/nginx -c '${file('nginx.conf')}' "$@"\n`);
    chmodSync(file('nginx'), 0o755);
    nginx = spawn(file('nginx'), ['-g', 'daemon off;'], { stdio: 'ignore' });
    await eventually(async () => (await served()) === 'CN=first');
    watcher = spawn('sh', [script], {
      // A group of its own, because what watches goes on when the script has ended.
      detached: true,
      env: {
        PATH: `${dir}:${process.env['PATH'] ?? ''}`,
        TLS_CERTIFICATE: file('served.crt'),
        TLS_CERTIFICATE_KEY: file('served.key'),
        CERTIFICATE_CHECK_S: '0.05',
      },
    });
    for (const stream of [watcher.stdout, watcher.stderr]) {
      stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    }
    await once(watcher, 'exit');
  });

  afterEach(async () => {
    process.kill(-(watcher.pid ?? 0), 'SIGKILL');
    const ended = once(nginx, 'exit');
    nginx.kill('SIGTERM');
    await ended;
    remove();
  });

  function file(name: string): string {
    return path.join(dir, name);
  }

  function makeCertificate(name: string): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file(`${name}.key`)];
    execFileSync('openssl', ['req', '-x509', ...key, '-out', file(`${name}.crt`), '-subj', `/CN=${name}`], {
      stdio: 'ignore',
    });
  }

  function use(name: string, ends: readonly string[] = ['key', 'crt']): void {
    for (const end of ends) {
      copyFileSync(file(`${name}.${end}`), file('draft'));
      renameSync(file('draft'), file(`served.${end}`));
    }
  }

  async function served(): Promise<string | null> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(new X509Certificate(socket.getPeerCertificate().raw).subject);
        socket.destroy();
      });
      socket.on('error', () => {
        resolve(null);
      });
    });
  }

  it('is served without a signal from whoever renewed it', async () => {
    makeCertificate('second');
    use('second');
    await eventually(async () => (await served()) === 'CN=second');
    expect(said).toContain('has read the certificate anew');
    expect(readFileSync(file('nginx.pid'), 'utf8').trim()).toBe(String(nginx.pid));
  });

  it('is left alone while its key is not there yet', async () => {
    makeCertificate('second');
    use('second', ['crt']);
    // The next round begins with a sleep: what is served after it has been looked at has been refused.
    await eventually(() => looks() >= 2);
    expect(await served()).toBe('CN=first');
    use('second', ['key']);
    await eventually(async () => (await served()) === 'CN=second');
  });

  /** How often nginx was asked whether the pair holds. */
  function looks(): number {
    return said.split('key values mismatch').length - 1;
  }
});
