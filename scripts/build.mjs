import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runToEnd } from './child.mjs';

/** What the build is made from. */
const inputs = ['src', 'migrations', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const stampFile = 'dist/.built-from';

/** True where dist was built from the sources as they are now. */
export function isBuilt(projectDir) {
  const stamp = path.join(projectDir, stampFile);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashInputs(projectDir);
}

/** Compiles the sources into dist. Throws where they do not compile; what was built before is then not taken for current. */
export async function build({ projectDir, say, output }) {
  say('Building …');
  const startedAt = Date.now();
  // Whole, not on top of the last: a source that was removed must not live on in dist.
  rmSync(path.join(projectDir, 'dist'), { recursive: true, force: true });
  const hash = hashInputs(projectDir);
  const compiler = path.join(projectDir, 'node_modules/typescript/bin/tsc');
  const status = await runToEnd(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: projectDir,
    stdio: ['ignore', output, 'inherit'],
  });
  if (status !== 0) throw new Error('The sources do not compile: the errors are above.');
  writeFileSync(path.join(projectDir, stampFile), hash);
  say(`Built in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

function hashInputs(projectDir) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => filesBelow(projectDir, input)).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(projectDir, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(projectDir, input) {
  const place = path.join(projectDir, input);
  if (input.includes('.')) return existsSync(place) ? [input] : [];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(projectDir, path.join(entry.parentPath ?? entry.path, entry.name)));
}
