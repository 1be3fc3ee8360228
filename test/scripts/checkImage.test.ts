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
    askImage({ ...image, ...of }, findProjectDir(), folder.dir, (isRight, said) => (answer = [isRight, said]));
    return answer;
  }

  const file = (place: string): string => path.join(image.root, place);

  it('is content with one of a user who may write to /data alone', () => {
    expect(asked()).toEqual([true, expect.stringMatching(/user 10001, .*, \d+ MB$/) as string]);
  });

  it.each<[string, () => void, string]>([
    ['a file of that user', () => chownSync(file('app/dist/start.js'), 10_001, 0), '/app/dist/start.js'],
    ['a file that everybody may write', () => chmodSync(file('app/dist/start.js'), 0o666), '/app/dist/start.js'],
    ['a folder of their group', () => (chownSync(file('app'), 0, 10_001), chmodSync(file('app'), 0o775)), '/app'],
    ['a root that everybody may write', () => chmodSync(image.root, 0o777), '/'],
  ])('finds %s', (_, plant, place) => {
    plant();
    expect(asked()).toEqual([false, expect.stringMatching(new RegExp(`may write: ${place}$`)) as string]);
  });

  it('refuses one that runs as root', () => {
    expect(asked({ user: '0:0' })).toEqual([false, expect.stringContaining('as the user 0') as string]);
  });
});
