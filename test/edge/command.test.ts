import { fromSource } from '../kit/fromSource';
import { ask, codeOf } from '../kit/edge/edgeRequest';
import { eventually } from '../kit/eventually';
import { freePorts } from '../kit/freePorts';
import { describeWith } from '../kit/needs';
import { NodeProcess } from '../kit/nodeProcess';
import { TestServer } from '../kit/testServer';

const started: NodeProcess[] = [];

function start(args: readonly string[], settings: Readonly<Record<string, string>> = {}): NodeProcess {
  const { PATH, HOME, TMPDIR } = process.env;
  const command = new NodeProcess([...fromSource(), 'scripts/nginx.ts', ...args], { PATH, HOME, TMPDIR, ...settings });
  started.push(command);
  return command;
}

/** Until it has ended, or nginx runs. */
async function settled(command: NodeProcess): Promise<void> {
  await eventually(() => command.hasEnded || command.stdout.includes('Ctrl-C'));
}

afterEach(() => Promise.all(started.splice(0).map((command) => command.stop())));

describeWith('nginx', 'npm run nginx', () => {
  let server: TestServer;
  let node: string;

  beforeAll(async () => {
    server = await TestServer.start({ trustedProxies: ['127.0.0.1'] });
    node = `127.0.0.1:${server.running.port}`;
  });
  afterAll(() => server.stop());

  it('takes the pages that may call as the server does, and the variables of the template; ends with 0 when asked to', async () => {
    const [https = 0, http = 0] = await freePorts(2);
    const args = ['--node', node, '--https-port', String(https), '--http-port', String(http)];
    const pages = { CORS_ORIGINS: 'https://app.example, http://localhost:5173' };
    const nginx = start(args, { ...pages, HSTS: 'subdomains', TLS_PROFILE: 'modern' });
    await settled(nginx);
    expect([nginx.stdout, nginx.stderr]).toEqual([expect.stringContaining('https://app.example, http://loc'), '']);
    const url = `https://localhost:${https}`;
    for (const origin of ['http://localhost:5173', 'https://evil.example']) {
      const answer = await ask(url, { path: '/metrics', headers: { origin } });
      const readableBy = origin.startsWith('http://localhost') ? origin : undefined;
      expect([codeOf(answer), answer.headers['access-control-allow-origin']]).toEqual(['NOT_FOUND', readableBy]);
      expect(answer.headers['strict-transport-security']).toMatch(/; includeSubDomains$/);
    }
    const taken = start(args);
    await settled(taken);
    expect([taken.status, taken.stdout]).toEqual([69, '']);
    expect(taken.stderr).toMatch(new RegExp(`^Port ${https} \\(--https-port\\) is taken[^\n]*\n$`));
    expect(await nginx.stop('SIGINT')).toBe(0);
  });

  it('says in a sentence what does not fit: 78 for a setting, 69 where no server answers', async () => {
    const [port = 0] = await freePorts(1);
    const wrong = [
      start(['--node', node], { CORS_ORIGINS: 'app.example', HSTS: '' }),
      start(['--node', node], { HSTS: 'off', TLS_PROFILE: 'old' }),
      start(['--node', `127.0.0.1:${port}`]),
      start([], { PORT: String(port) }),
    ];
    const nobody = [
      69,
      '',
      `Nothing answers at 127.0.0.1:${port}: begin with TRUSTED_PROXIES=loopback npm start, or name it by --node.\n`,
    ];
    await Promise.all(wrong.map(settled));
    expect(wrong.map(({ status, stdout, stderr }) => [status, stdout, stderr])).toEqual([
      [78, '', expect.stringMatching(/^CORS_ORIGINS [^\n]*\n$/)],
      [78, '', 'HSTS is on or subdomains or preload, not "off".\nTLS_PROFILE is intermediate or modern, not "old".\n'],
      nobody,
      nobody,
    ]);
  });
});
