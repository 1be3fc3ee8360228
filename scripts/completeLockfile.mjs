// Names in package-lock.json every platform's optional packages. npm leaves out those that its registry did not serve
// when the lock was written, and then `npm ci` refuses the lock, or another platform goes without its binaries.
// `--check` changes nothing and fails where an entry is missing.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const lockFile = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../package-lock.json');

/** Words of package names → values of npm's `os`, `cpu` and `libc`. */
const systems = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
};
const processors = {
  arm: 'arm',
  armhf: 'arm',
  arm64: 'arm64',
  ia32: 'ia32',
  loong64: 'loong64',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  x64: 'x64',
};
const libraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/** The entries that are missing: place in node_modules → entry. */
export function missingEntries(packages) {
  const missing = {};
  for (const [place, entry] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      if (platform === null || isFound(packages, place, name)) continue;
      if (!/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(range))
        throw new Error(`${name} of ${place} has no exact version: ${range}`);
      missing[`node_modules/${name}`] = {
        version: range,
        cpu: [platform.cpu],
        ...(entry.dev ? { dev: true } : {}),
        ...(platform.libc === undefined ? {} : { libc: [platform.libc] }),
        optional: true,
        os: [platform.os],
      };
    }
  }
  return missing;
}

/** What the name of a platform's package says, e.g. "@swc/core-win32-x64-msvc"; null for any other name. */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = words.map((word) => systems[word]).find(Boolean);
  const cpu = words.map((word) => processors[word]).find(Boolean);
  if (os === undefined || cpu === undefined) return null;
  const libc = os === 'linux' ? words.map((word) => libraries[word]).find(Boolean) : undefined;
  return { os, cpu, libc };
}

/** As Node looks for it: in the package's own node_modules, then in those above. */
function isFound(packages, place, name) {
  let folder = place;
  for (;;) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1));
  }
}

function run(isCheck) {
  const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
  const missing = missingEntries(lock.packages);
  const names = Object.keys(missing);
  if (names.length === 0) return;
  if (isCheck) {
    process.stderr.write(
      `package-lock.json lacks ${names.length} packages of other platforms; run "npm run generate:lockfile".\n`,
    );
    process.exitCode = 1;
    return;
  }
  const all = Object.entries({ ...lock.packages, ...missing }).sort(([left], [right]) =>
    left.localeCompare(right, 'en'),
  );
  writeFileSync(lockFile, `${JSON.stringify({ ...lock, packages: Object.fromEntries(all) }, null, 2)}\n`);
  process.stdout.write(`Added ${names.length} packages of other platforms to package-lock.json.\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.includes('--check'));
