import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { MiniProject } from './miniProject';

let project: MiniProject;

beforeEach(() => {
  project = new MiniProject();
});

afterEach(() => {
  project.remove();
});

describe('npm start', () => {
  it('installs and builds what is missing, telling each step, and is the command then', async () => {
    const first = await project.run('start.mjs');
    expect(first).toMatchObject({ status: 0 });
    expect(first.stdout).toMatch(/^Installing[^]*Installed in \d+ s\.\nBuilding …\nBuilt in \d+ s\.\nhello\n$/);
  });

  it('does nothing twice', async () => {
    await project.run('start.mjs');
    expect(await project.run('start.mjs')).toEqual({ status: 0, stdout: 'hello\n', stderr: '' });
  });

  it('builds anew where a source has changed, and nothing of a removed one stays', async () => {
    project.write('src/gone.ts', 'export const gone = 1;\n');
    await project.run('start.mjs');
    expect(existsSync(path.join(project.dir, 'dist/src/gone.js'))).toBe(true);
    rmSync(path.join(project.dir, 'src/gone.ts'));
    project.write('src/cli/start.ts', `console.log('changed');\n`);
    const { stdout } = await project.run('start.mjs');
    expect(stdout).toMatch(/^Building …\nBuilt in \d+ s\.\nchanged\n$/);
    expect(existsSync(path.join(project.dir, 'dist/src/gone.js'))).toBe(false);
  });

  it('installs anew where the lock has changed or an installation was cut short', async () => {
    await project.run('start.mjs');
    rmSync(path.join(project.dir, 'node_modules/.package-lock.json'));
    expect((await project.run('start.mjs')).stdout).toMatch(/^Installing/);
  });

  it('stops with the compiler’s words where the sources do not compile, also the next time', async () => {
    project.write('src/cli/start.ts', `const wrong: number = 'text';\n`);
    for (const attempt of [1, 2]) {
      const ended = await project.run('start.mjs');
      expect([attempt, ended.status]).toEqual([attempt, 69]);
      expect(ended.stdout).toContain('TS2322');
    }
  });

  it('stops with npm’s words where the packages cannot be installed', async () => {
    project.writeJson('package.json', { name: 'mini', version: '1.0.0', dependencies: { absent: '1.0.0' } });
    const ended = await project.run('start.mjs');
    expect(ended.status).toBe(69);
    expect(ended.stderr).toMatch(/npm error[^]*"npm ci" failed/);
  });

  it('passes arguments in and the exit status out', async () => {
    project.write('src/cli/start.ts', `process.exitCode = process.argv.length === 4 ? 42 : 1;\n`);
    project.write('src/node.d.ts', `declare const process: { argv: string[]; exitCode: number };\n`);
    expect((await project.run('start.mjs', 'a', 'b')).status).toBe(42);
  });

  it('lets the command end by itself on a signal to the group', async () => {
    project.write('src/node.d.ts', `declare const process: any;\n`);
    project.write(
      'src/cli/start.ts',
      `process.on('SIGTERM', () => { console.log('ending'); process.exit(7); }); setInterval(() => {}, 1000); console.log('ready');\n`,
    );
    const child = project.spawn('start.mjs');
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line === 'ready') process.kill(-(child.pid ?? 0), 'SIGTERM');
    });
    expect(await once(child, 'close')).toEqual([7, null]);
    expect(lines.at(-1)).toBe('ending');
  });
});

describe('another command', () => {
  beforeEach(() => {
    project.write('src/cli/token.ts', `console.log('only this');\n`);
  });

  it('has standard output to itself, also while things are installed and built', async () => {
    const first = await project.run('run.mjs', 'token');
    expect(first).toMatchObject({ status: 0, stdout: 'only this\n' });
    expect(first.stderr).toContain('Building');
    expect(await project.run('run.mjs', 'token')).toEqual({ status: 0, stdout: 'only this\n', stderr: '' });
  });

  it('waits for the one that is installing, and both get there', async () => {
    const [left, right] = await Promise.all([project.run('start.mjs'), project.run('run.mjs', 'token')]);
    expect([left.status, right.status]).toEqual([0, 0]);
    expect(right.stdout).toBe('only this\n');
    expect(left.stdout.endsWith('hello\n')).toBe(true);
    const said = left.stdout + right.stderr;
    expect(said.match(/Installing/g)).toHaveLength(1);
    expect(said.match(/Waiting/g)).toHaveLength(1);
  });

  it('does not wait for one that was killed', async () => {
    const dead = project.spawn('nodeVersion.mjs');
    await once(dead, 'close');
    lockFor(dead.pid ?? 0, new Date());
    expect((await project.run('run.mjs', 'token')).stdout).toBe('only this\n');
  });

  it.each([
    ['whose process id is another’s by now', process.pid],
    ['that was killed before it wrote who it was', null],
  ])('does not wait for one %s', async (_who, pid) => {
    lockFor(pid, new Date(Date.now() - 60_000));
    expect((await project.run('run.mjs', 'token')).stdout).toBe('only this\n');
  });

  /** What one left that gave its last sign of life then. */
  function lockFor(pid: number | null, lastSignOfLife: Date): void {
    const lockFile = path.join(project.dir, '.cache/prepare.lock');
    mkdirSync(path.dirname(lockFile));
    writeFileSync(lockFile, pid === null ? '' : String(pid));
    utimesSync(lockFile, lastSignOfLife, lastSignOfLife);
  }
});
