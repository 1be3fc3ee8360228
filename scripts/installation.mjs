import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runToEnd } from './child.mjs';

const tellEveryMs = 10_000;

/**
 * True where node_modules holds what package-lock.json asks for, development packages included. npm writes its own account
 * of the folder last, so that an installation that was cut short does not pass.
 */
export function isInstalled(projectDir) {
  const accountFile = path.join(projectDir, 'node_modules/.package-lock.json');
  if (!existsSync(accountFile)) return false;
  const wanted = readPackages(path.join(projectDir, 'package-lock.json'));
  const present = readPackages(accountFile);
  const isWanted = Object.entries(wanted).every(([place, entry]) => place === '' || isMet(entry, present[place]));
  const hasNoOther = Object.keys(present).every((place) => place in wanted);
  return isWanted && hasNoOther && matchesManifest(projectDir, wanted['']);
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** Optional packages of other platforms are not there; what is there must be the version of the lock. */
function isMet(entry, found) {
  if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true;
  // The lock knows no checksum of packages that its registry did not serve; npm notes the one that it found.
  const isSame = entry.integrity === undefined || found.integrity === entry.integrity;
  return found.version === entry.version && isSame;
}

/** `npm ci` refuses a lock that does not belong to package.json: better that it says so than that old packages are used. */
function matchesManifest(projectDir, locked) {
  const manifest = JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8'));
  return ['dependencies', 'devDependencies', 'optionalDependencies'].every(
    (kind) => sortedText(manifest[kind]) === sortedText(locked[kind]),
  );
}

function sortedText(dependencies = {}) {
  return JSON.stringify(Object.entries(dependencies).sort());
}

/** Installs from the lock, development packages included (the build needs them). Throws where npm fails. */
export async function install({ projectDir, say, output }) {
  say('Installing the packages of package-lock.json …');
  const startedAt = Date.now();
  const ticker = setInterval(() => {
    say(`  still installing (${Math.round((Date.now() - startedAt) / 1000)} s)`);
  }, tellEveryMs);
  // No install scripts: none is needed, and none of them has been reviewed. The level undoes the silence of .npmrc.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'];
  const [command, first] = npmCommand();
  try {
    const status = await runToEnd(command, [...first, ...args], {
      cwd: projectDir,
      stdio: ['ignore', output, 'inherit'],
      shell: first.length === 0 && process.platform === 'win32',
    });
    if (status !== 0) throw new Error(`"npm ci" failed with status ${status}: its own words are above.`);
  } finally {
    clearInterval(ticker);
  }
  say(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

/** The npm that called us, else the one of the PATH. */
function npmCommand() {
  const caller = process.env.npm_execpath;
  return caller !== undefined && /npm-cli\.[cm]?js$/.test(caller) ? [process.execPath, [caller]] : ['npm', []];
}
