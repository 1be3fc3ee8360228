import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NetworkNamespace } from '../firewall/networkNamespace';
import { nodeOf, readDeployment, readFiles, textOf, type Deployment } from './deployment';
import { addNode, copyContext, takeSteps, type RehearsedImage } from './imageSteps';
import {
  askImage,
  checkDatabase,
  checkFirstUser,
  checkServices,
  checkWrites,
  inspect,
  type Check,
} from './rehearsedChecks';
import { Container, mountRoot } from './rehearsedContainer';
import { startServices, untilSaid } from './rehearsedServices';

/** Node 24 as npm has it: what the image's own is cannot be had without an engine. */
const nodePackage = `node-linux-${process.arch}@24.9.0`;
const builderUid = 10_002;
const simulatorPort = 7000;

/**
 * Takes the steps of docker/Dockerfile in folders, by a user without rights, and runs what comes of it as docker/compose.yaml would: as uid 10001,
 * without capabilities, on a root that cannot be written, in a network without a way out, against PostgreSQL and Redis with the configuration and
 * the kind of secrets that the containers have. False where something is not as it should be. Needs root; changes nothing of this machine.
 */
export async function rehearse(projectDir: string): Promise<boolean> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tickgate-rehearsal-'));
  const say = (line: string): void => {
    process.stdout.write(`      ${line}\n`);
  };
  const failed: string[] = [];
  const check: Check = (isRight, what) => {
    process.stdout.write(`${isRight ? 'ok    ' : 'FAILED'} ${what}\n`);
    if (!isRight) failed.push(what);
  };
  let space: NetworkNamespace | null = null;
  try {
    execFileSync('chmod', ['0755', dir]);
    const deployment = readDeployment(readFiles(projectDir));
    const image = await build(projectDir, deployment, { dir, say });
    inspect(image, projectDir, check);
    askImage(image, { projectDir, dir }, check);
    space = await NetworkNamespace.make();
    await runImage({ space, image, deployment, dir, projectDir, check });
  } finally {
    await space?.close();
    rmSync(dir, { recursive: true });
  }
  process.stdout.write(failed.length === 0 ? 'The rehearsal went well.\n' : `${failed.length} failed.\n`);
  return failed.length === 0;
}

async function build(
  projectDir: string,
  deployment: Deployment,
  { dir, say }: { readonly dir: string; readonly say: (line: string) => void },
): Promise<RehearsedImage> {
  const npm = execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim();
  const npmCli = path.join(npm, 'npm/bin/npm-cli.js');
  const nodeDir = path.join(dir, 'node');
  mkdirSync(nodeDir);
  writeFileSync(path.join(nodeDir, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '-E', nodePackage], { cwd: nodeDir });
  const binDir = path.join(nodeDir, 'node_modules', nodePackage.split('@')[0] ?? '', 'bin');
  const node = path.join(binDir, 'node');
  say(`Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}, of the package ${nodePackage}`);
  const context = path.join(dir, 'context');
  const home = path.join(dir, 'home');
  mkdirSync(home);
  execFileSync('chown', [`${builderUid}:${builderUid}`, home]);
  copyContext(projectDir, deployment, context);
  say(`sent to the build: ${readdirSync(context).sort().join(' ')}`);
  const image = await takeSteps(deployment, {
    context,
    dir,
    say,
    builder: {
      uid: builderUid,
      programs: { npm: [node, npmCli] },
      environment: { ...wayToRegistry(), PATH: `${binDir}:/usr/bin:/bin`, HOME: home },
    },
  });
  execFileSync('chown', ['0:0', image.root, path.join(image.root, image.workDir)]);
  addNode(image.root, node);
  return image;
}

/** How this machine reaches npm's registry, where it does so in a way of its own. */
function wayToRegistry(): Readonly<Record<string, string>> {
  const names = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|npm_config_(registry|cafile)|(https?|no)_proxy)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      names.test(name) && value !== undefined ? [[name, value] as const] : [],
    ),
  );
}

interface Run {
  readonly space: NetworkNamespace;
  readonly image: RehearsedImage;
  readonly deployment: Deployment;
  readonly dir: string;
  readonly projectDir: string;
  readonly check: Check;
}

async function runImage({ space, image, deployment, dir, projectDir, check }: Run): Promise<void> {
  const dockerDir = path.join(projectDir, 'docker');
  const planted = makeSecrets(projectDir, path.join(dir, 'secrets'));
  mountedSecrets(path.join(dir, 'secrets'), path.join(dir, 'mounted'));
  const { postgres = {}, app = {} } = deployment.services;
  const initdbArgs = textOf(nodeOf(postgres['environment'])['POSTGRES_INITDB_ARGS']).split(' ');
  await startServices(space, { dir, dockerDir, initdbArgs });
  await space.start(
    ...[
      process.execPath,
      '--require',
      path.join(projectDir, 'node_modules/@swc-node/register'),
      path.join(projectDir, 'src/cli/simulator.ts'),
    ],
    ...['--port', String(simulatorPort)],
  );
  await mountRoot(space, image, {
    secrets: path.join(dir, 'secrets/app'),
    security: path.join(projectDir, 'security'),
  });
  const environment = { ...image.environment, ...environmentOf(app), ...simulated };
  const container = new Container(space, image, environment);

  const server = container.spawn(...image.entrypoint, ...image.command);
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  log += await untilSaid(server.stdout, /Tickgate is running/).catch((error: unknown) => {
    throw new Error(`the server does not start: ${String(error)}${log}`);
  });
  check(
    true,
    'the server starts with production settings, PostgreSQL over verified TLS as two roles, Redis over TLS as one user',
  );
  check((await container.status(...image.healthcheck)) === 0, 'HEALTHCHECK ends with 0');

  const status = readFileSync(`/proc/${server.pid ?? 0}/status`, 'utf8');
  const of = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  check(/^10001\t/.test(of('Uid')) && /^10001\t/.test(of('Gid')), `runs as uid ${of('Uid').split('\t')[0] ?? ''}`);
  check(/^0+$/.test(of('CapEff')) && of('NoNewPrivs') === '1', 'has no capability and gets no new privileges');
  const told =
    readFileSync(`/proc/${server.pid ?? 0}/environ`, 'utf8') + readFileSync(`/proc/${server.pid ?? 0}/cmdline`, 'utf8');
  check(
    planted.every((secret) => !told.includes(secret)),
    `none of ${planted.length} secrets in its environment or command line`,
  );
  await checkWrites(container, image, check);
  await checkDatabase(space, check);
  await checkFirstUser(container, check);
  await checkServices(space, deployment, check);

  server.kill('SIGTERM');
  const [exit] = (await once(server, 'close')) as [number | null];
  check(exit === 0, `ends by itself on SIGTERM (${String(exit)})`);
  check(
    planted.every((secret) => !log.includes(secret)),
    'none of the secrets in what it said',
  );
  check((await container.status(...image.healthcheck)) === 1, 'HEALTHCHECK ends with 1 once it has ended');
}

/** The server's exchange is a simulated one: there is no way out of here, nor a name of its own. */
const simulated = {
  PUBLIC_URL: 'https://api.example.org',
  EXCHANGES: 'binance',
  EXCHANGE_BINANCE_REST_URL: `http://127.0.0.1:${simulatorPort}`,
  EXCHANGE_BINANCE_WS_URL: `ws://127.0.0.1:${simulatorPort}`,
};

/** What compose would put into the environment; `${NAME:-x}` is x here, and `${NAME:?…}` is left to the rehearsal. */
function environmentOf(service: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(nodeOf(service['environment'])).map(([name, value]) => [
      name,
      textOf(value).replace(/\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g, (_, usual?: string) => usual ?? ''),
    ]),
  );
}

/** By the command that an operator uses. Gives every value that nobody may find again. */
function makeSecrets(projectDir: string, dir: string): readonly string[] {
  execFileSync(path.join(projectDir, 'scripts/generate-secrets.sh'), ['--group', '10001', dir], { stdio: 'ignore' });
  const read = (name: string): string => readFileSync(path.join(dir, name), 'utf8').trim();
  const passwords = ['superuser', 'owner', 'server'].map((role) => `postgres/postgres_${role}_password`);
  const words = [...passwords, 'app/audit_key'];
  return [
    ...words.map(read),
    ...['app/credential_keys', 'app/password_peppers'].map((name) => read(name).split(':')[1] ?? ''),
    decodeURIComponent(new URL(read('app/redis_url')).password),
  ];
}

/** As below /run/secrets of the containers of PostgreSQL and Redis, and of this test, which share one network here. */
function mountedSecrets(from: string, to: string): void {
  mkdirSync(to);
  for (const service of ['app', 'postgres', 'redis']) execFileSync('cp', ['-a', `${path.join(from, service)}/.`, to]);
}
