import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { makeTemporaryDir } from '../kit/temporaryDir';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project as small as can be, with our scripts: its only package is the compiler. */
export class MiniProject {
  readonly dir: string;
  readonly remove: () => void;

  constructor() {
    const temporary = makeTemporaryDir();
    this.dir = temporary.dir;
    this.remove = temporary.remove;
    cpSync(path.join(findProjectDir(), 'scripts'), path.join(this.dir, 'scripts'), { recursive: true });
    mkdirSync(path.join(this.dir, 'migrations'));
    // A copy, not a link: npm must have no way from here into the packages of this checkout.
    cpSync(path.join(findProjectDir(), 'node_modules/typescript'), path.join(this.dir, 'compiler'), {
      recursive: true,
      dereference: true,
    });
    const compiler = { name: 'typescript', version: '1.0.0', bin: { tsc: 'bin/tsc' } };
    this.writeJson('compiler/package.json', compiler);
    const dependencies = { typescript: 'file:compiler' };
    this.writeJson('package.json', { name: 'mini', version: '1.0.0', dependencies });
    this.writeJson('package-lock.json', {
      name: 'mini',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'mini', version: '1.0.0', dependencies },
        'node_modules/typescript': { resolved: 'compiler', link: true },
        compiler,
      },
    });
    const compilerOptions = {
      module: 'commonjs',
      outDir: 'dist',
      rootDir: '.',
      types: [],
      target: 'es2022',
      skipLibCheck: true,
    };
    this.writeJson('tsconfig.build.json', { compilerOptions, include: ['src', 'migrations'] });
    this.write('src/cli/start.ts', `console.log('hello');\n`);
  }

  write(file: string, text: string): void {
    const place = path.join(this.dir, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text);
  }

  writeJson(file: string, value: unknown): void {
    this.write(file, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Starts `node scripts/<script> …args` at the head of a process group of its own. */
  spawn(script: string, ...args: readonly string[]) {
    const { PATH } = process.env;
    return spawn(process.execPath, [`scripts/${script}`, ...args], {
      cwd: this.dir,
      env: { PATH, HOME: this.dir, npm_config_offline: 'true' },
      detached: true,
    });
  }

  async run(script: string, ...args: readonly string[]): Promise<Ended> {
    const child = this.spawn(script, ...args);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, stdout, stderr };
  }
}
