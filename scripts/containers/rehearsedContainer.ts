import { execFileSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { NetworkNamespace } from '../firewall/networkNamespace';
import type { RehearsedImage } from './imageSteps';
import { writeHosts } from './rehearsedServices';

/** The image's files, read-only; beside them a folder for data, one in memory for what is temporary, and what every container has. */
export async function mountRoot(
  space: NetworkNamespace,
  { root, workDir }: RehearsedImage,
  { secrets, security }: { readonly secrets: string; readonly security: string },
): Promise<void> {
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
    mount --bind '${security}' '${root}${workDir}/security'
    mount -o remount,bind,ro '${root}${workDir}/security'
    mount -t tmpfs -o noexec,nosuid,nodev,size=64m,mode=0700,uid=10001,gid=10001 tmpfs tmp
    mount -t proc proc proc
    mount --bind /dev/null dev/null
    mount --bind /dev/urandom dev/urandom
    mount -o remount,bind,ro '${root}'`);
}

/** Runs programs as a container of docker/compose.yaml would be allowed to. */
export class Container {
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
