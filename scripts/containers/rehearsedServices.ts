import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBinariesDir, prepareBinaries } from '../../src/storage/embedded/binaries';
import type { NetworkNamespace } from '../firewall/networkNamespace';

/** Of the containers, to whom root's files of secrets are readable. */
const secretsGroup = 10_001;
/** Of Debian's package: `peer`, by which the roles are made, wants a user of this name. */
const user = 'postgres';
/** Where names of services lead: not loopback, which Redis and PostgreSQL treat as something else than a network. */
export const serviceAddress = '172.30.99.3';

/** In the place of containers: this machine's programs, in a network of their own, with the configuration and the secrets of docker/compose.yaml. */
export async function startServices(
  space: NetworkNamespace,
  {
    dir,
    dockerDir,
    initdbArgs,
  }: { readonly dir: string; readonly dockerDir: string; readonly initdbArgs: readonly string[] },
): Promise<void> {
  const [uid = 0, gid = 0] = (await space.runLines(`id -u ${user}; id -g ${user}`)).trim().split('\n').map(Number);
  const binaries = prepareBinaries({
    installedDir: findBinariesDir(),
    user: { uid, gid },
    makeCopyRoot: () => path.join(dir, 'programs'),
  });
  const hosts = path.join(dir, 'hosts');
  writeHosts(hosts);
  const data = path.join(dir, 'database');
  mkdirSync(data);
  cpSync(path.join(dockerDir, 'postgres'), path.join(dir, 'postgres'), { recursive: true });
  const as = [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    `--groups=${secretsGroup}`,
    '--inh-caps=-all',
    '--bounding-set=-all',
  ];
  await space.runLines(`
    ip address add ${serviceAddress}/32 dev lo
    chown ${uid}:${gid} '${data}'
    mount -t tmpfs tmpfs /run
    mkdir /run/secrets /run/sockets
    chown ${uid}:${gid} /run/sockets
    mount --bind '${dir}/mounted' /run/secrets
    mount --bind '${hosts}' /etc/hosts`);
  await space.run(
    ...[...as, binaries.initdb, '-D', data, '--username=postgres', '--pwfile=/run/secrets/postgres_superuser_password'],
    ...initdbArgs,
  );
  const hba = path.join(dir, 'postgres/pg_hba.conf');
  const postgres = space.spawn(
    ...[...as, binaries.postgres, '-D', data, '-c', `config_file=${dir}/postgres/postgresql.conf`],
    ...['-c', `hba_file=${hba}`, '-c', 'unix_socket_directories=/run/sockets'],
  );
  await untilSaid(postgres.stderr, /ready to accept connections/);
  const psql = [...as, 'psql', '-qX', '-h', '/run/sockets', '-d', 'postgres'];
  await space.run(...psql, '-f', path.join(dir, 'postgres/10-roles.sql'));
  const redisConf = path.join(dir, 'redis.conf');
  cpSync(path.join(dockerDir, 'redis/redis.conf'), redisConf);
  const redisData = path.join(dir, 'redis');
  mkdirSync(redisData);
  const redis = space.spawn(...as, 'redis-server', redisConf, '--dir', redisData);
  await untilSaid(redis.stdout, /Ready to accept connections/);
}

/** Throws with what was said where it ends without. */
export async function untilSaid(stream: AsyncIterable<Buffer>, pattern: RegExp): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const read = async (): Promise<void> => {
      for await (const chunk of stream) {
        said += chunk.toString();
        if (pattern.test(said)) resolve(said);
      }
      reject(new Error(`ended without ${String(pattern)}: ${said}`));
    };
    read().catch(reject);
  });
}

/** Names of the services, as the network of the containers gives them. */
export function writeHosts(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `127.0.0.1 localhost\n${serviceAddress} postgres redis\n`);
}
