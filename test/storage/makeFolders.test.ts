import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../../src/storage/makeFolders';
import { Command } from '../kit/command';
import { makeTemporaryDir } from '../kit/temporaryDir';

describe('folders', () => {
  const temporary = makeTemporaryDir();

  afterAll(() => {
    temporary.remove();
  });

  it('are made with those above them, and one that is there keeps its mode', () => {
    const there = path.join(temporary.dir, 'there');
    mkdirSync(there, { mode: 0o755 });
    const folder = path.join(there, 'a', 'b');
    makeFolders(folder, 0o700);
    makeFolders(folder, 0o711);
    expect([there, path.dirname(folder), folder].map((one) => statSync(one).mode & 0o777)).toEqual([
      0o755, 0o700, 0o700,
    ]);
  });

  it('are not made below a file, nor in the place of a link to nowhere', () => {
    const file = path.join(temporary.dir, 'file');
    const link = path.join(temporary.dir, 'link');
    writeFileSync(file, '');
    symlinkSync(path.join(temporary.dir, 'nowhere'), link);
    expect(() => {
      makeFolders(path.join(file, 'a'), 0o700);
    }).toThrow(expect.objectContaining({ code: 'ENOTDIR' }) as Error);
    expect(() => {
      makeFolders(link, 0o700);
    }).toThrow(expect.objectContaining({ code: 'EEXIST' }) as Error);
  });

  // Where there is no /proc, its own making fails as well; the test is the sharper one on Linux.
  it('that cannot be made end a start with a sentence, and not with a process that spins', async () => {
    const start = new Command('start', [], { DATA_DIR: '/proc/tickgate/data', PORT: '0', METRICS_PORT: '0' });
    const bound = setTimeout(() => void start.stop('SIGKILL'), 40_000);
    try {
      expect(await start.ended).toBe(69);
      expect(start.stderr).toMatch(/^The folder \/proc\/tickgate\/data cannot be made \(\w+\)\. .*DATA_DIR.*\n$/);
    } finally {
      clearTimeout(bound);
    }
  }, 60_000);
});
