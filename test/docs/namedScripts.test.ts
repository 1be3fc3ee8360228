import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';

const projectDir = findProjectDir();
const documents = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...below('docs', '.md'), ...below('src/cli', '.ts')];

function below(folder: string, ending: string): readonly string[] {
  return readdirSync(path.join(projectDir, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file}`);
}

it('every script that a document or a command’s usage names is there', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const named = documents.flatMap((file) =>
    [...readFileSync(path.join(projectDir, file), 'utf8').matchAll(/npm run (?:-s |--silent )?([a-z][\w:-]*)/g)].map(
      ([, script = '']) => ({ file, script }),
    ),
  );
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(({ script }) => !(script in scripts))).toEqual([]);
});
