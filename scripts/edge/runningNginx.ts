import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../test/kit/freePorts';
import { renderTemplate } from './renderTemplate';
import { makeThrowAwayCertificate, type CertificateFiles, type KeyKind } from './throwAwayCertificate';

const filesOfProject = path.resolve(__dirname, '../../nginx');
const startTimeoutMs = 15_000;
const lookEveryMs = 20;
/** Where a machine without IPv6 listens a second time. */
const spareAddress = '127.255.255.254';

/** The variables of the template that a run may want otherwise: docs/EDGE.md. */
export type EdgeVariables = Readonly<
  Partial<
    Record<
      | 'CLIENTS'
      | 'HSTS'
      | 'TLS_PROFILE'
      | 'TLS_CURVES'
      | 'PUBLIC_HOST'
      | 'CORS_ORIGINS'
      | 'AUTHENTICATED_ORIGIN_PULLS'
      | 'ORIGIN_PULL_CA',
      string
    >
  >
>;

export interface NginxWishes {
  /** Where the server is, one `host:port` a node. */
  readonly nodes: readonly string[];
  readonly variables?: EdgeVariables;
  /** Any free one where nothing is said. */
  readonly ports?: { readonly https: number; readonly http: number };
  /** ECDSA where nothing is said. */
  readonly certificateKey?: KeyKind;
  /** Changes the text of a file of nginx/ before it is used: file is its path in there. */
  readonly edit?: (file: string, text: string) => string;
}

/** Debian's nginx with this project's configuration, on loopback, in a folder of its own that goes with it. */
export class RunningNginx {
  /** What it has said, on standard error. */
  said = '';
  #child: ChildProcess | null = null;
  #ended: Promise<never> | null = null;

  private constructor(
    readonly dir: string,
    readonly ports: { readonly https: number; readonly http: number; readonly health: number },
    readonly certificate: CertificateFiles,
  ) {}

  static async start(wishes: NginxWishes): Promise<RunningNginx> {
    const dir = mkdtempSync(path.join(realpathSync(tmpdir()), 'tickgate-nginx-'));
    try {
      // Its workers are nobody where it is started as root.
      chmodSync(dir, 0o755);
      const [https = 0, http = 0, health = 0] = await freePorts(3);
      const ports = { ...(wishes.ports ?? { https, http }), health };
      const nginx = new RunningNginx(dir, ports, makeThrowAwayCertificate(dir, wishes.certificateKey));
      nginx.#write(wishes);
      await nginx.#run();
      return nginx;
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  get httpsUrl(): string {
    return `https://localhost:${this.ports.https}`;
  }

  get httpUrl(): string {
    return `http://localhost:${this.ports.http}`;
  }

  /** What it serves below /.well-known/acme-challenge/, in a folder of that path. */
  get acmeDir(): string {
    return path.join(this.dir, 'acme');
  }

  get accessLog(): string {
    return path.join(this.dir, 'access.log');
  }

  /** Rejects where it ends by itself, with what it said. */
  get ended(): Promise<never> {
    if (this.#ended === null) throw new Error('nginx was not started');
    return this.#ended;
  }

  /** What has another call of nginx mean this one. */
  get options(): readonly string[] {
    return ['-p', this.dir, '-c', path.join(this.dir, 'nginx.conf')];
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  #write({ nodes, variables, edit = (_file, text) => text }: NginxWishes): void {
    const files = path.join(this.dir, 'files');
    cpSync(filesOfProject, files, { recursive: true });
    const textOf = (file: string): string => edit(file, readFileSync(path.join(filesOfProject, file), 'utf8'));
    for (const file of [
      'headers.conf',
      'proxy.conf',
      'refusals.conf',
      'clients/cloudflare.conf',
      'tls/intermediate.conf',
    ]) {
      writeFileSync(path.join(files, file), textOf(file));
    }
    const rendered = renderTemplate(textOf('templates/tickgate.conf.template'), {
      NGINX_FILES: files,
      SERVER_NAME: 'localhost',
      PUBLIC_HOST: `localhost:${this.ports.https}`,
      APP_SERVERS: nodes.map((node) => `server ${node};`).join(' '),
      CLIENTS: 'direct',
      AUTHENTICATED_ORIGIN_PULLS: 'off',
      ORIGIN_PULL_CA: 'none',
      CORS_ORIGINS: '',
      HSTS: 'on',
      TLS_PROFILE: 'intermediate',
      TLS_CURVES: 'X25519:prime256v1:secp384r1',
      TLS_CERTIFICATE: this.certificate.certificate,
      TLS_CERTIFICATE_KEY: this.certificate.key,
      LISTEN_IPV4: '127.0.0.1',
      LISTEN_IPV6: hasIpv6() ? '[::1]' : spareAddress,
      HTTP_PORT: String(this.ports.http),
      HTTPS_PORT: String(this.ports.https),
      HEALTH_PORT: String(this.ports.health),
      ACME_ROOT: this.acmeDir,
      ...variables,
    });
    mkdirSync(path.join(this.dir, 'conf.d'));
    writeFileSync(path.join(this.dir, 'conf.d/tickgate.conf'), rendered);
    mkdirSync(path.join(this.acmeDir, '.well-known/acme-challenge'), { recursive: true });
    const main = textOf('nginx.conf')
      .replaceAll('/tmp/', `${this.dir}/`)
      .replaceAll('/etc/nginx/', `${this.dir}/`)
      .replaceAll('/dev/stdout', this.accessLog);
    writeFileSync(path.join(this.dir, 'nginx.conf'), main);
  }

  async #run(): Promise<void> {
    const { PATH = '' } = process.env;
    const child = spawn('nginx', [...this.options, '-g', 'daemon off;'], {
      // Daemons live where a user's PATH often does not look.
      env: { PATH: `${PATH}:/usr/sbin:/usr/local/sbin` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    const failed = once(child, 'error').then(([error]) => {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      throw isMissing ? new Error('nginx is missing: apt-get install -y nginx') : error;
    });
    const closed = once(child, 'close').then(() => {
      throw new Error(`nginx does not run: ${this.said}`);
    });
    const ended = Promise.race([failed, closed]);
    this.#ended = ended;
    // Whoever waits for it hears of it.
    for (const end of [failed, closed, ended]) end.catch(() => undefined);
    await Promise.race([untilHealthy(this.ports.health, () => child.exitCode !== null), ended]);
  }
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
}

async function untilHealthy(port: number, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!hasEnded()) {
    const answer = await fetch(`http://127.0.0.1:${port}/livez`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`nginx has not answered within ${startTimeoutMs} ms`);
    await delay(lookEveryMs);
  }
}
