import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addNode, type RehearsedImage } from '../../scripts/containers/imageSteps';
import { askImage } from '../../scripts/containers/rehearsedChecks';
import { findProjectDir } from '../../src/config/processConfig';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';

describeWith('root', 'what CI asks the image', () => {
  let folder: ReturnType<typeof makeTemporaryDir>;
  let image: RehearsedImage;

  beforeEach(() => {
    folder = makeTemporaryDir();
    chmodSync(folder.dir, 0o755);
    const root = path.join(folder.dir, 'image');
    for (const dir of ['app/dist', 'data']) mkdirSync(path.join(root, dir), { recursive: true });
    chownSync(path.join(root, 'data'), 10_001, 10_001);
    writeFileSync(path.join(root, 'app/dist/start.js'), '');
    // Node is where the distroless image has it, and nowhere else.
    addNode(root, process.execPath);
    image = {
      root,
      workDir: '/app',
      environment: {},
      user: '10001:10001',
      entrypoint: [],
      command: [],
      healthcheck: [],
    };
  });

  afterEach(() => {
    folder.remove();
  });

  function asked(of: Partial<RehearsedImage> = {}): readonly [isRight: boolean, said: string] {
    let answer: readonly [boolean, string] = [false, 'nothing'];
    askImage({ ...image, ...of }, { projectDir: findProjectDir(), dir: folder.dir }, (isRight, said) => {
      answer = [isRight, said];
    });
    return answer;
  }

  it('is content with one of a user who may write to /data alone', () => {
    expect(asked()).toEqual([true, expect.stringMatching(/user 10001, .*, \d+ MB$/) as string]);
  });

  it.each([
    ['a file of that user', 'app/dist/start.js', 10_001, 0, 0o644],
    ['a file that everybody may write', 'app/dist/start.js', 0, 0, 0o666],
    ['a folder of their group', 'app', 0, 10_001, 0o775],
    ['a root that everybody may write', '', 0, 0, 0o777],
  ] as const)('finds %s', (_, place, uid, gid, mode) => {
    const planted = path.join(image.root, place);
    chownSync(planted, uid, gid);
    chmodSync(planted, mode);
    expect(asked()).toEqual([false, expect.stringMatching(new RegExp(`may write: /${place}$`)) as string]);
  });

  it('refuses one that runs as root', () => {
    expect(asked({ user: '0:0' })).toEqual([false, expect.stringContaining('as the user 0') as string]);
  });
});
