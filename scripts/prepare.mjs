import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { install, isInstalled } from './installation.mjs';
import { nodeProblem } from './nodeVersion.mjs';
import { withPrepareLock } from './prepareLock.mjs';

export const projectDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** sysexits.h: something that is needed is not there. */
const unavailableExitStatus = 69;

/**
 * Installs and builds what is missing; says nothing where nothing is. Ends the process with a sentence where that fails.
 * output: "stdout" or "stderr", for what is said on the way.
 */
export async function prepare({ needsBuild, output }) {
  const say = (line) => process[output].write(`${line}\n`);
  const problem = nodeProblem(process.versions.node);
  if (problem !== null) return fail(problem);
  const isReady = () => isInstalled(projectDir) && (!needsBuild || isBuilt(projectDir));
  if (isReady()) return;
  const options = { projectDir, say, output: output === 'stdout' ? 1 : 2 };
  try {
    await withPrepareLock(options, async () => {
      if (!isInstalled(projectDir)) await install(options);
      if (needsBuild && !isBuilt(projectDir)) await build(options);
    });
  } catch (error) {
    fail(error.message);
  }
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(unavailableExitStatus);
}

/** Runs a built command in this process, which then is the command: its signals and exit status are the caller's own. */
export async function become(command, args) {
  const file = path.join(projectDir, 'dist/src/cli', `${command}.js`);
  process.setSourceMapsEnabled(true);
  process.argv = [process.execPath, file, ...args];
  await import(file);
}
