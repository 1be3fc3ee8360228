import { execFileSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { NetworkNamespace } from '../firewall/networkNamespace';
import { nodeOf, readDeployment, readFiles, textOf, textsOf, type Deployment } from './deployment';
import { addNode, copyContext, inspectTree, takeSteps, type RehearsedImage } from './imageSteps';
import { startServices, untilSaid, writeHosts } from './rehearsedServices';

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
  const check = (isRight: boolean, what: string): void => {
    process.stdout.write(`${isRight ? 'ok    ' : 'FAILED'} ${what}\n`);
    if (!isRight) failed.push(what);
  };
  let space: NetworkNamespace | null = null;
  try {
    execFileSync('chmod', ['0755', dir]);
    const deployment = readDeployment(readFiles(projectDir));
    const image = await build(projectDir, deployment, { dir, say });
    inspect(image, projectDir, check);
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

function inspect(image: RehearsedImage, projectDir: string, check: (isRight: boolean, what: string) => void): void {
  const app = path.join(image.root, image.workDir);
  const lock = JSON.parse(readFileSync(path.join(projectDir, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>;
  };
  const there = Object.entries(lock.packages).filter(([place]) => place !== '' && existsSync(path.join(app, place)));
  const ofDevelopment = there.filter(([, { dev }]) => dev === true);
  const missing = Object.entries(lock.packages).filter(
    ([place, { dev, optional, devOptional }]) =>
      place !== '' && dev !== true && devOptional !== true && optional !== true && !existsSync(path.join(app, place)),
  );
  check(
    ofDevelopment.length === 0 && missing.length === 0,
    `packages: ${there.length} of production, ${ofDevelopment.length} of development, ${missing.length} missing`,
  );
  const { files, bytes, forbidden } = inspectTree(
    app,
    (file) =>
      !file.startsWith('/node_modules/') &&
      /\.env|\.test\.|\.tsx?$|\.git|secret.*\.(key|pem)$/.test(file.replace(/\.d\.ts$/, '')),
  );
  check(
    forbidden.length === 0,
    `no test, source, .env or key among ${files} files of ${Math.round(bytes / 1e6)} MB ${forbidden.join(' ')}`,
  );
  check(
    readdirSync(app).sort().join(' ') === 'config.production.yaml dist healthcheck.mjs node_modules package.json',
    `${image.workDir} holds ${readdirSync(app).sort().join(' ')}`,
  );
  const programs = ['bin/sh', 'bin/bash', 'usr/bin/npm', 'nodejs/bin/npm'].filter((file) =>
    existsSync(path.join(image.root, file)),
  );
  check(programs.length === 0, 'no shell and no npm was put there by the steps');
}

interface Run {
  readonly space: NetworkNamespace;
  readonly image: RehearsedImage;
  readonly deployment: Deployment;
  readonly dir: string;
  readonly projectDir: string;
  readonly check: (isRight: boolean, what: string) => void;
}

async function runImage({ space, image, deployment, dir, projectDir, check }: Run): Promise<void> {
  const dockerDir = path.join(projectDir, 'docker');
  const planted = makeSecrets(projectDir, path.join(dir, 'secrets'));
  mountedSecrets(deployment, path.join(dir, 'secrets'), path.join(dir, 'mounted'));
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
  await mountRoot(space, image, path.join(dir, 'mounted'));
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

/** The server's exchange is a simulated one: there is no way out of here. */
const simulated = {
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
  const words = ['postgres_superuser_password', 'postgres_owner_password', 'postgres_server_password', 'audit_key'];
  return [
    ...words.map(read),
    ...['credential_keys', 'password_peppers'].map((name) => read(name).split(':')[1] ?? ''),
    decodeURIComponent(new URL(read('redis_url')).password),
  ];
}

/** As below /run/secrets of a container: by the name of the secret, not of its file. */
function mountedSecrets(deployment: Deployment, from: string, to: string): void {
  mkdirSync(to);
  for (const [name, secret] of Object.entries(nodeOf(deployment.compose['secrets']))) {
    execFileSync('cp', ['-a', path.join(from, path.basename(textOf(nodeOf(secret)['file']))), path.join(to, name)]);
  }
}

/** The image's files, read-only; beside them a folder for data, one in memory for what is temporary, and what every container has. */
async function mountRoot(space: NetworkNamespace, { root }: RehearsedImage, secrets: string): Promise<void> {
  writeHosts(path.join(root, 'etc/hosts'));
  const data = `${root}-data`;
  execFileSync('cp', ['-a', path.join(root, 'data'), data]);
  await space.runLines(`
    cd '${root}'
    mkdir -p tmp proc dev run/secrets
    touch dev/null dev/urandom
    mount --bind '${root}' '${root}'
    cd '${root}'
    mount --bind '${data}' data
    mount --bind '${secrets}' run/secrets
    mount -o remount,bind,ro run/secrets
    mount -t tmpfs -o noexec,nosuid,nodev,size=64m,mode=0700,uid=10001,gid=10001 tmpfs tmp
    mount -t proc proc proc
    mount --bind /dev/null dev/null
    mount --bind /dev/urandom dev/urandom
    mount -o remount,bind,ro '${root}'`);
}

/** Runs programs as a container of docker/compose.yaml would be allowed to. */
class Container {
  constructor(
    private readonly space: NetworkNamespace,
    private readonly image: RehearsedImage,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  spawn(...command: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
    return this.space.spawn(...this.#confined, ...command);
  }

  async status(...command: readonly string[]): Promise<number | null> {
    const [status] = (await once(this.spawn(...command), 'close')) as [number | null];
    return status;
  }

  async output(...command: readonly string[]): Promise<string> {
    return this.space.run(...this.#confined, ...command);
  }

  get #confined(): readonly string[] {
    const { image, environment } = this;
    const [uid = '', gid = ''] = image.user.split(':');
    // A root directory and another user are changed to with the last rights that there are; with that they are gone as well.
    const bounds = ['--inh-caps=-all', '--bounding-set=-all,+sys_chroot,+setuid,+setgid', '--no-new-privs'];
    return [
      ...['env', '-i', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
      ...['setpriv', ...bounds, '/usr/sbin/chroot', `--userspec=${uid}:${gid}`, `--groups=${gid}`, image.root],
      // chroot begins at "/"; Node is told where the work directory is.
      ...['/nodejs/bin/node', '-e', enter, '--', image.workDir],
    ];
  }
}

/** Goes to the work directory and becomes the program, in this very process. */
const enter = `const [dir, program, ...args] = process.argv.slice(1); process.chdir(dir); process.execve(program, [program, ...args], process.env);`;

async function checkWrites(container: Container, image: RehearsedImage, check: Run['check']): Promise<void> {
  const places = [
    '/',
    '/app',
    '/app/dist',
    '/app/node_modules',
    '/etc',
    '/nodejs/bin',
    '/run',
    '/run/secrets',
    '/dev',
    '/data',
    '/tmp',
  ];
  const script = `const fs = require('node:fs'); const open = ${JSON.stringify(places)}.filter((place) => { try { fs.writeFileSync(place + '/planted', ''); return true; } catch { return false; } }); console.log(open.join(' '));`;
  const writable = (await container.output(image.entrypoint[0] ?? '', '-e', script)).trim();
  check(writable === '/data /tmp', `may write to ${writable} alone, of ${places.length} places`);
}

async function checkDatabase(space: NetworkNamespace, check: Run['check']): Promise<void> {
  const psql = (sql: string): Promise<string> =>
    space.run(
      'setpriv',
      '--reuid=postgres',
      '--regid=postgres',
      '--clear-groups',
      'psql',
      '-qXAt',
      '-h',
      '/run/sockets',
      '-d',
      'tickgate',
      '-c',
      sql,
    );
  const connections = await psql(
    `SELECT string_agg(DISTINCT usename || ' ' || coalesce(version, 'plain'), ', ') FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE client_addr IS NOT NULL`,
  );
  check(
    /^tickgate_server TLSv1\.3(, tickgate_\w+ TLSv1\.3)*\s*$/.test(connections),
    `connections to the database: ${connections.trim()}`,
  );
  const refused = await space
    .runLines(
      `PGPASSWORD=$(cat /run/secrets/postgres_server_password) psql 'host=postgres dbname=tickgate user=tickgate_server sslmode=disable' -c 'SELECT 1'`,
    )
    .then(
      () => 'let in',
      (error: unknown) => (/no encryption/.test(String(error)) ? 'refused' : String(error)),
    );
  check(refused === 'refused', `a connection to the database without TLS: ${refused}`);
  const superuser = await space
    .runLines(
      `PGPASSWORD=$(cat /run/secrets/postgres_superuser_password) psql 'host=postgres dbname=tickgate user=postgres sslmode=require' -c 'SELECT 1'`,
    )
    .then(
      () => 'let in',
      (error: unknown) => (/no pg_hba\.conf entry/.test(String(error)) ? 'refused' : String(error)),
    );
  check(superuser === 'refused', `the superuser over the network, with their password: ${superuser}`);
}

/** The healthchecks of the services as compose runs them, and what Redis says to the server's own user. */
async function checkServices(space: NetworkNamespace, { services }: Deployment, check: Run['check']): Promise<void> {
  for (const name of ['postgres', 'redis']) {
    const [kind, ...command] = textsOf(nodeOf(services[name]?.['healthcheck'])['test']);
    const status = await space.run(...(kind === 'CMD-SHELL' ? ['sh', '-c', ...command] : command)).then(
      () => 0,
      (error: unknown) => String(error),
    );
    check(status === 0, `the healthcheck of ${name} ends with ${String(status)}`);
  }
  const info = await space.runLines(`
    export REDISCLI_AUTH=$(sed -E 's|.*:([^:@]*)@.*|\\1|' /run/secrets/redis_url)
    redis-cli --tls --cacert /run/secrets/internal_ca -h redis --user tickgate INFO keyspace`);
  check(/keys=[1-9]/.test(info), `the server counts in Redis: ${/keys=\d+/.exec(info)?.[0] ?? info.trim()}`);
}

/** What an operator does first, by the commands of docs/DEPLOYMENT.md. */
async function checkFirstUser(container: Container, check: Run['check']): Promise<void> {
  const said = await container.output(
    '/nodejs/bin/node',
    'dist/src/cli/user.js',
    'create',
    '--email',
    'first@example.org',
    '--role',
    'trader',
  );
  const token = /[\w-]{40,}/.exec(said)?.[0] ?? '';
  const password = 'a long password of the first user';
  const script = `(async () => {
    const post = async (path, query, variables, authorization) => (await (await fetch('http://127.0.0.1:4000' + path, { method: 'POST', headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }, body: JSON.stringify({ query, variables }) })).json());
    const reset = await post('/auth/graphql', 'mutation ($token: String!, $next: String!) { resetPassword(token: $token, next: $next) }', { token: ${JSON.stringify(token)}, next: ${JSON.stringify(password)} });
    const login = await post('/auth/graphql', 'mutation ($password: String!) { login(email: "first@example.org", password: $password) { accessToken } }', { password: ${JSON.stringify(password)} });
    const bearer = 'Bearer ' + (login.data?.login?.accessToken ?? '');
    const price = await post('/graphql', '{ me { email } ticker(market: "binance:BTC/USDT") { last } }', {}, bearer);
    console.log(JSON.stringify([reset, login.errors ?? 'signed in', price]));
  })();`;
  const answer = await container.output('/nodejs/bin/node', '-e', script);
  check(
    /"signed in"/.test(answer) && /"last":"\d/.test(answer) && answer.includes('first@example.org'),
    `a first user is made, chooses a password, signs in and reads a price ${answer.includes('signed in') ? '' : answer}`,
  );
}
