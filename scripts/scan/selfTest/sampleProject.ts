import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { git } from '../git';

const projectDir = path.resolve(__dirname, '../../..');

/** Judged as they are: a fault planted in one of them is a fault of this project's own file. */
const ownFiles = ['.ci', '.github', '.gitignore', '.npmrc', 'security/pins.json'];

const integrity = (name: string): string => `sha512-${Buffer.alloc(64, name).toString('base64')}`;

const packagesPolicy = `licences: [MIT, Apache-2.0]
otherLicences: {}
installScripts: { with-script: it prints a banner }
aliases: { other-name: { package: real-name, reason: two versions are needed } }
`;

const lock = {
  name: 'sample',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': { name: 'sample', version: '1.0.0', dependencies: { plain: '1.2.3', 'with-script': '1.0.0' } },
    'node_modules/other-name': {
      name: 'real-name',
      version: '3.0.0',
      integrity: integrity('real-name'),
      license: '(MIT OR GPL-3.0-only)',
    },
    'node_modules/plain': {
      version: '1.2.3',
      integrity: integrity('plain'),
      license: 'MIT AND Apache-2.0',
      dependencies: { 'other-name': 'npm:real-name@3.0.0', '@nested/one': '1.0.0' },
      optionalDependencies: { '@plain/darwin-arm64': '1.2.3' },
    },
    'node_modules/@plain/darwin-arm64': { version: '1.2.3', cpu: ['arm64'], os: ['darwin'], optional: true },
    'node_modules/plain/node_modules/@nested/one': {
      version: '1.0.0',
      resolved: 'https://registry.npmjs.org/@nested/one/-/one-1.0.0.tgz',
      integrity: integrity('@nested/one'),
      license: 'Apache-2.0',
    },
    'node_modules/with-script': {
      version: '1.0.0',
      integrity: integrity('with-script'),
      license: 'MIT',
      hasInstallScript: true,
    },
  },
};

/** A small repository without a fault, in a folder of its own, for faults to be planted in. */
export class SampleProject {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'tickgate-scan-'));

  constructor() {
    for (const file of ownFiles) cpSync(path.join(projectDir, file), path.join(this.dir, file), { recursive: true });
    const { scripts } = JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')) as { scripts: object };
    const manifest = {
      name: 'sample',
      version: '1.0.0',
      scripts,
      dependencies: { plain: '1.2.3', 'with-script': '1.0.0' },
    };
    this.write('package.json', JSON.stringify(manifest, null, 2));
    this.write('package-lock.json', JSON.stringify(lock, null, 2));
    this.write('security/packages.yml', packagesPolicy);
    this.write('security/allowedSecrets.yml', '[]\n');
    this.git('init', '--quiet', '--initial-branch=main', '--template=');
    this.commit('Begin');
  }

  has(file: string): boolean {
    return existsSync(path.join(this.dir, file));
  }

  read(file: string): string {
    return readFileSync(path.join(this.dir, file), 'utf8');
  }

  write(file: string, content: string | Buffer): void {
    const place = path.join(this.dir, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, content);
  }

  delete(file: string): void {
    rmSync(path.join(this.dir, file), { force: true });
  }

  /** Commits everything that is there, ignored or not. */
  commit(message: string): void {
    this.git('add', '--all', '--force');
    this.git('commit', '--quiet', '--allow-empty', '--no-verify', '--message', message);
  }

  git(...args: readonly string[]): void {
    // As if nobody had set anything up on this machine.
    const settings = [
      'user.name=Nobody',
      'user.email=nobody@example.com',
      'commit.gpgsign=false',
      'tag.gpgsign=false',
      'core.hooksPath=',
    ];
    git(this.dir, [...settings.flatMap((setting) => ['-c', setting]), ...args]);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
