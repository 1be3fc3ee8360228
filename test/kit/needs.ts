import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import needs from './needs.json';

export type Need = keyof typeof needs;

/** Recorded exchange data beside the checkout; it is optional and never part of it. */
export const sharedDataDir = path.resolve(__dirname, '../../../shared/data');

/**
 * `describe` for tests that need something beside Node and npm. Where it is missing they are skipped by name and the closing list tells how to get it;
 * with CI=true a missing program is a failure; missing data, or another user, is only listed.
 */
export function describeWith(need: Need, name: string, suite: () => void): void {
  if (isThere(need)) describe(name, suite);
  else if (isRequired(need)) {
    describe(name, () => {
      it(`finds ${need}`, () => {
        throw new Error(`${need} is missing: ${needs[need].install}`);
      });
    });
  } else describe.skip(`${name} [needs ${need}]`, suite);
}

function isThere(need: Need): boolean {
  if (need === 'shared-data') return existsSync(sharedDataDir);
  if (need === 'history') return hasHistory();
  if (needs[need].kind === 'user') return process.getuid?.() === 0;
  // Daemons live where a user's PATH often does not look.
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((folder) => folder !== '' && isExecutable(path.join(folder, need)));
}

/** False in an unpacked archive, and in a clone of the newest commits alone. */
function hasHistory(): boolean {
  const asked = spawnSync('git', ['rev-parse', '--is-shallow-repository'], { cwd: __dirname, encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.trim() === 'false';
}

function isRequired(need: Need): boolean {
  return process.env.CI === 'true' && needs[need].kind === 'program';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
