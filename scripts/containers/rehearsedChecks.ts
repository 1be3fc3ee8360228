import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NetworkNamespace } from '../firewall/networkNamespace';
import { nodeOf, textsOf, type Deployment } from './deployment';
import { inspectTree, type RehearsedImage } from './imageSteps';
import type { Container } from './rehearsedContainer';

/** Tells whether something is as it should be, and what. */
export type Check = (isRight: boolean, what: string) => void;

/** What the image holds, and what not. */
export function inspect(image: RehearsedImage, projectDir: string, check: Check): void {
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
    readdirSync(app).sort().join(' ') ===
      'config.production.yaml dist healthcheck.mjs node_modules package.json security',
    `${image.workDir} holds ${readdirSync(app).sort().join(' ')}`,
  );
  const programs = ['bin/sh', 'bin/bash', 'usr/bin/npm', 'nodejs/bin/npm'].filter((file) =>
    existsSync(path.join(image.root, file)),
  );
  check(programs.length === 0, 'no shell and no npm was put there by the steps');
}

/** What .github/checkImage.sh says of it, with a stand-in for Docker that runs what it is told in the image's folder. dir: where it may write. */
export function askImage(
  { root, user }: RehearsedImage,
  { projectDir, dir }: { readonly projectDir: string; readonly dir: string },
  check: Check,
): void {
  const binDir = path.join(dir, 'standIn');
  mkdirSync(binDir);
  const confined = 'setpriv --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid --no-new-privs';
  writeFileSync(
    path.join(binDir, 'docker'),
    `#!/bin/sh
case $1 in
  run)
    until [ "$1" = --entrypoint ]; do shift; done
    program=$2
    shift 3
    exec ${confined} /usr/sbin/chroot --userspec=${user} --groups=${user.split(':')[1] ?? ''} '${root}' "$program" "$@" ;;
  image) du --summarize --bytes '${root}' | cut -f1 ;;
esac
`,
    { mode: 0o755 },
  );
  const { stdout, stderr, status } = spawnSync(path.join(projectDir, '.github/checkImage.sh'), ['rehearsed'], {
    env: { PATH: `${binDir}:/usr/bin:/bin` },
    encoding: 'utf8',
  });
  check(status === 0, `.github/checkImage.sh: ${(stdout + stderr).trim()}`);
}

export async function checkWrites(container: Container, image: RehearsedImage, check: Check): Promise<void> {
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

export async function checkDatabase(space: NetworkNamespace, check: Check): Promise<void> {
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
export async function checkServices(space: NetworkNamespace, { services }: Deployment, check: Check): Promise<void> {
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
export async function checkFirstUser(container: Container, check: Check): Promise<void> {
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
