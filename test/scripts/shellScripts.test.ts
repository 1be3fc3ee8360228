import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { describeWith } from '../kit/needs';

const projectDir = findProjectDir();
/** Not all that is below: `docker/secrets` and the like are no part of the project, and may not be read. */
const folders = ['.github', 'docker', 'docker/nginx', 'nginx/certificates', 'scripts'];
const scripts = [
  '.ci/run',
  ...folders.flatMap((folder) =>
    readdirSync(path.join(projectDir, folder))
      .filter((file) => file.endsWith('.sh'))
      .map((file) => `${folder}/${file}`),
  ),
];

describeWith('shellcheck', 'shell scripts', () => {
  it('shellcheck finds nothing in any of them', async () => {
    expect(scripts.length).toBeGreaterThan(8);
    const said = await new Promise<string>((resolve) => {
      execFile('shellcheck', scripts, { cwd: projectDir }, (error, stdout, stderr) => {
        resolve(error === null ? stdout + stderr : `${error.message}${stdout}`);
      });
    });
    expect(said).toBe('');
  });
});
