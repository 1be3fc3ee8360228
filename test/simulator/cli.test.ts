import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { startSimulator } from '../kit/simulator';
import { fromSource } from '../kit/fromSource';

const root = resolve(__dirname, '../..');

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = [...fromSource(), 'src/cli/simulator.ts', ...args];
  return new Promise((done) => {
    const child = execFile(process.execPath, command, { cwd: root }, (_error, stdout, stderr) => {
      done({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe('the command simulator', () => {
  it('explains itself', async () => {
    const { code, stdout } = await run('--help');
    expect([code, stdout]).toEqual([0, expect.stringContaining('--replay') as string]);
  });

  it('refuses a flag it does not know with a sentence and code 2', async () => {
    const { code, stdout, stderr } = await run('--dance');
    expect([code, stdout, stderr.trim().split('\n')]).toEqual([2, '', [expect.stringMatching(/See --help\.$/)]]);
  });

  it('says clearly that its port is taken', async () => {
    const first = await startSimulator();
    const { code, stderr } = await run('--port', String(first.port));
    await first.stop();
    expect([code, stderr]).toEqual([1, expect.stringContaining('EADDRINUSE') as string]);
  });

  it('ends when its parent does, if told so', async () => {
    const command = [...fromSource(), 'src/cli/simulator.ts', '--port', '0', '--with-parent'];
    const child = spawn(process.execPath, command, { cwd: root });
    await once(child.stdout, 'data');
    child.stdin.end();
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});
