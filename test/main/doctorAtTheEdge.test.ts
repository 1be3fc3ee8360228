import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RunningNginx, type NginxWishes } from '../../scripts/edge/runningNginx';
import { makeThrowAwayCertificate, type CertificateFiles } from '../../scripts/edge/throwAwayCertificate';
import type { SecurityReport } from '../../src/operations/doctor/doctor';
import { viewFromOutside } from '../../src/operations/doctor/outsideView';
import { Command } from '../kit/command';
import { freePorts } from '../kit/freePorts';
import { describeWith } from '../kit/needs';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import { makeTemporaryDir } from '../kit/temporaryDir';

/** What nobody has done or built, and what the command does not see of this machine. */
const neverPassed = [
  ...['dependencies', 'monitoring', 'alerts', 'backups', 'securityScan', 'penetrationTest', 'accessLogs', 'baselines'],
  ...['databaseEncryption', 'incidentDrill', 'training', 'compliance'],
];
const ofTheHost = ['firewall', 'firewallRules', ...(process.getuid?.() === 0 ? ['nonRoot'] : [])];

describeWith('nginx', 'the doctor of a server for production behind nginx', () => {
  const folder = makeTemporaryDir();
  let ports: { readonly https: number; readonly http: number };
  let certificate: CertificateFiles;
  let stranger: CertificateFiles;
  let database: TestDatabase;
  let server: Command;
  let port: string;
  let metricsPort: string;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const [https = 0, http = 0] = await freePorts(2);
    ports = { https, http };
    [certificate, stranger] = ['own', 'stranger'].map((name) => {
      const dir = path.join(folder.dir, name);
      mkdirSync(dir);
      return makeThrowAwayCertificate(dir);
    }) as [CertificateFiles, CertificateFiles];
    database = await startTestDatabase();
    const secrets = {
      DATABASE_URL: database.url,
      CREDENTIAL_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      AUDIT_KEY: randomBytes(32).toString('base64'),
    };
    environment = {
      ...{ NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '0', METRICS_PORT: '0', DATA_DIR: folder.dir },
      ...{ LOG_LEVEL: 'error', TRUSTED_PROXIES: '127.0.0.1', CORS_ORIGINS: 'https://app.example.com' },
      ...{
        EXCHANGES: 'binance',
        EXCHANGE_BINANCE_REST_URL: 'http://127.0.0.1:9',
        EXCHANGE_BINANCE_WS_URL: 'ws://127.0.0.1:9',
      },
      ...{ PUBLIC_URL: `https://localhost:${https}`, NODE_EXTRA_CA_CERTS: certificate.certificate },
      ...Object.fromEntries(Object.entries(secrets).map(([name, text]) => [`${name}_FILE`, put(name, text)])),
    };
    server = new Command('start', [], environment);
    [, metricsPort = ''] = await server.says(/metrics: http:\/\/127\.0\.0\.1:(\d+)\/metrics/);
    [, port = ''] = await server.says(/Tickgate is running: http:\/\/localhost:(\d+)\/graphql/);
  });

  afterAll(async () => {
    await server.stop();
    await database.stop();
    folder.remove();
  });

  function put(name: string, text: string): string {
    const file = path.join(folder.dir, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** Runs with nginx in front of the server, at its public address, and the certificate that it trusts. */
  async function behindNginx(edit: NonNullable<NginxWishes['edit']>, run: () => Promise<void>): Promise<void> {
    const nginx = await RunningNginx.start({
      ...{ nodes: [`127.0.0.1:${port}`], ports },
      edit: (file, text) =>
        edit(file, text)
          .replace('${TLS_CERTIFICATE_KEY}', certificate.key)
          .replace('${TLS_CERTIFICATE}', certificate.certificate),
    });
    try {
      await run();
    } finally {
      await nginx.stop();
    }
  }

  async function report(): Promise<SecurityReport> {
    return (await (await fetch(`http://127.0.0.1:${metricsPort}/security`)).json()) as SecurityReport;
  }

  function open({ checks }: SecurityReport): readonly string[] {
    return checks
      .filter(({ name, passed }) => !passed && ![...neverPassed, ...ofTheHost].includes(name))
      .map(({ name, evidence }) => `${name}: ${evidence}`);
  }

  it('passes every box that can pass, with what was seen from outside, and ends with 1 for the others', async () => {
    await behindNginx(
      (_file, text) => text,
      async () => {
        const gate = new Command('doctor', ['--production', '--json'], { ...environment, METRICS_PORT: metricsPort });
        expect([await gate.ended, gate.stderr]).toEqual([1, '']);
        const checks = JSON.parse(gate.stdout) as SecurityReport['checks'];
        const found = Object.fromEntries(checks.map((check) => [check.name, check]));
        const notPassed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
        expect(notPassed.filter((name) => !ofTheHost.includes(name)).sort()).toEqual([...neverPassed].sort());
        expect(found['productionMode']).toMatchObject({ passed: true });
        expect(found['tls']?.evidence).toMatch(
          /^TLSv1\.3; refused: TLS 1\.0, TLS 1\.1, suites without AEAD or forward secrecy; plain text .+; max-age=63072000$/,
        );
        expect(found['certificate']?.evidence).toMatch(/^\d+ days left, until /);
        expect(found['securityHeaders']?.evidence).toMatch(/^each once in an answer and a refusal \(429\) of https:/);
        expect(found['rateLimitingAtTheEdge']?.evidence).toMatch(
          /^request \d+ was answered with 429, RATE_LIMITED, Retry-After 1$/,
        );
        expect(found['secretsManaged']?.evidence).toContain('AUDIT_KEY (file 0600)');
      },
    );
  });

  it('looks at the files of secrets as they are now', async () => {
    const file = path.join(folder.dir, 'AUDIT_KEY');
    const secrets = async (): Promise<readonly string[]> =>
      open(await report()).filter((told) => told.startsWith('secrets'));
    chmodSync(file, 0o644);
    expect(await secrets()).toEqual([expect.stringContaining('the file of AUDIT_KEY (0644)')]);
    chmodSync(file, 0o600);
    expect(await secrets()).toEqual([]);
    renameSync(file, `${file}.away`);
    const gone = 'unknown: the file of AUDIT_KEY is gone, .+: put it back where AUDIT_KEY_FILE says, and look again$';
    expect(await secrets()).toEqual([
      expect.stringMatching(new RegExp(`^secretsManaged: ${gone}`)),
      expect.stringMatching(new RegExp(`^secretsOutOfSources: ${gone}`)),
    ]);
    renameSync(`${file}.away`, file);
    expect(await secrets()).toEqual([]);
  });

  const inTemplate =
    (change: (text: string) => string): NonNullable<NginxWishes['edit']> =>
    (file, text) =>
      file === 'templates/tickgate.conf.template' ? change(text) : text;
  const inFile =
    (name: string, change: (text: string) => string): NonNullable<NginxWishes['edit']> =>
    (file, text) =>
      file === name ? change(text) : text;

  it.each<readonly [string, NonNullable<NginxWishes['edit']>, readonly RegExp[]]>([
    [
      'has no limit',
      inTemplate((text) => text.replaceAll('limit_req zone=api burst=20 nodelay;', '')),
      [
        /^securityHeaders: nobody saw a refusal of https:/,
        /^rateLimitingAtTheEdge: of 80 requests at once none was refused: /,
      ],
    ],
    [
      'refuses with nginx’s own status',
      inTemplate((text) => text.replaceAll('limit_req_status 429;', '')),
      [/^rateLimitingAtTheEdge: request \d+ was answered with 503, not with 429/],
    ],
    [
      'refuses with a page of its own',
      inFile('refusals.conf', (text) => text.replace(' 429 502 ', ' 502 ')),
      [/^rateLimitingAtTheEdge: request \d+ was answered with 429 without the code RATE_LIMITED/],
    ],
    [
      'takes TLS 1.0',
      inFile('tls/intermediate.conf', (text) =>
        text.replace('ssl_protocols ', 'ssl_protocols TLSv1 ').replace('ssl_ciphers ', 'ssl_ciphers ALL:@SECLEVEL=0:'),
      ),
      [/^tls: takes TLS 1\.0 and suites without AEAD or forward secrecy: see nginx\//],
    ],
    [
      'takes a suite without AEAD',
      inFile('tls/intermediate.conf', (text) =>
        text.replace('ssl_ciphers ', 'ssl_ciphers ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:'),
      ),
      [/^tls: takes suites without AEAD or forward secrecy: see nginx\//],
    ],
    [
      'forgets HSTS',
      inFile('headers.conf', (text) => text.replace(/^add_header Strict-Transport.*$/m, '')),
      [
        /^tls: Strict-Transport-Security is "": /,
        /^securityHeaders: not exactly once in an answer .+: strict-transport-security; not /,
      ],
    ],
    [
      'promises TLS for a day',
      inTemplate((text) => text.replaceAll('max-age=63072000', 'max-age=86400')),
      [
        /^tls: Strict-Transport-Security is "max-age=86400"/,
        /^securityHeaders: strict-transport-security in an answer of \S+ is "max-age=86400": less than half a year /,
      ],
    ],
    [
      'lets scripts of anywhere in',
      inFile('headers.conf', (text) => text.replace("default-src 'none'", 'default-src *')),
      [/^securityHeaders: content-security-policy in an answer of \S+ is "default-src \*; .+": lets scripts /],
    ],
    [
      'says what the server says already',
      inFile('headers.conf', (text) => text.replace('proxy_hide_header X-Frame-Options;', '')),
      [/^securityHeaders: not exactly once in an answer of https:\S+: x-frame-options; see nginx/],
    ],
    [
      'forgets its headers when it refuses',
      inFile('headers.conf', (text) =>
        text.replace('add_header X-Frame-Options DENY always;', 'add_header X-Frame-Options DENY;'),
      ),
      [/^securityHeaders: not exactly once in a refusal \(429\) of https:\S+: x-frame-options; see nginx/],
    ],
    [
      'has a certificate that nobody vouches for',
      inTemplate((text) =>
        text.replace('${TLS_CERTIFICATE_KEY}', stranger.key).replace('${TLS_CERTIFICATE}', stranger.certificate),
      ),
      [/^certificate: the certificate is not good: .*SELF_SIGNED/],
    ],
  ])('sees at one box what is wrong with an edge that %s', async (_name, edit, faults) => {
    await behindNginx(edit, async () => {
      expect(open(await report())).toEqual(faults.map((fault) => expect.stringMatching(fault) as unknown));
    });
  });

  it('tells plain text that the edge refuses from plain text that the server answers', async () => {
    const plainOf = async (plainPort: number): Promise<readonly unknown[]> => {
      const { failure, plainAnswer, plainPage } = await viewFromOutside(environment['PUBLIC_URL'] ?? '', { plainPort });
      return [failure, plainAnswer.answer?.status, plainPage.answer?.status];
    };
    await behindNginx(
      (_file, text) => text,
      async () => {
        expect(await plainOf(ports.http)).toEqual([null, 403, 403]);
        expect(await plainOf(Number(port))).toEqual([null, 200, 200]);
      },
    );
  });

  it('does not pass what it cannot see, where nothing answers at the public address', async () => {
    expect(open(await report())).toEqual(
      ['tls', 'securityHeaders', 'certificate', 'rateLimitingAtTheEdge'].map(
        (name) => expect.stringMatching(new RegExp(`^${name}: https://localhost:\\d+: .*ECONNREFUSED`)) as unknown,
      ),
    );
  });
});
