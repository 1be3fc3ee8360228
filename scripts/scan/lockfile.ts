import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Check, Finding } from './check';
import {
  nameAt,
  packagePolicyFile,
  platformOwner,
  readLock,
  readManifest,
  readPackagePolicy,
  type Lock,
  type LockedPackage,
} from './lock';

const exactVersion = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;
const registry = 'https://registry.npmjs.org/';
/** Below node_modules, or below that of another package: anywhere else is a folder of somebody. */
const installedPlace = /^node_modules\/(@[\w.~-]+\/)?[\w~-][\w.~-]*(\/node_modules\/(@[\w.~-]+\/)?[\w~-][\w.~-]*)*$/;

/** All that npm is told here, line by line: any other setting, or one of these twice, could fetch from elsewhere or run what nobody reviewed. */
const npmSettings = ['loglevel=silent', 'ignore-scripts=true', 'save-exact=true'];

/** npm goes by the first in place of package-lock.json, and by the second for what that does not name. */
const otherLocks = ['npm-shrinkwrap.json', 'yarn.lock'];

export const lockfile: Check = {
  name: 'lockfile',
  run: (projectDir) => {
    const lock = readLock(projectDir);
    const bare = lock.packages.filter(({ entry }) => entry.integrity === undefined);
    const findings = [
      ...(lock.version === 3
        ? []
        : [{ place: 'package-lock.json', sentence: `lockfileVersion is ${lock.version}, not 3.` }]),
      ...manifestFaults(projectDir, lock),
      ...lock.packages.flatMap((locked) => entryFaults(lock, locked)),
      ...checksumFaults(lock),
      ...aliasFaults(projectDir, lock),
      ...npmFaults(projectDir),
      ...otherLocks
        .filter((file) => existsSync(path.join(projectDir, file)))
        .map((file) => ({ place: file, sentence: 'is another lock, which npm would go by and nobody has looked at.' })),
    ];
    const figures = `${lock.packages.length} entries, ${lock.packages.length - bare.length} with sha512, ${bare.length} of platforms that the registry did not serve`;
    return { figures, findings };
  },
};

/** npm installs what all of them ask for. */
const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** What is asked for is one version, and the lock has the same one, for the same use. */
function manifestFaults(projectDir: string, lock: Lock): Finding[] {
  const manifest = readManifest(projectDir);
  const faults: Finding[] = [];
  for (const kind of kinds) {
    const locked = lock.root[kind] ?? {};
    for (const [name, version] of Object.entries(manifest[kind])) {
      const place = `package.json: ${name}`;
      if (!exactVersion.test(version)) faults.push({ place, sentence: `"${version}" is not one version.` });
      const installed = lock.packages.find((other) => other.place === `node_modules/${name}`);
      if (locked[name] !== version || installed?.version !== version)
        faults.push({
          place,
          sentence: `${version} is asked for, the lock has ${installed?.version ?? 'none'}: run "npm install".`,
        });
    }
    for (const name of Object.keys(locked).filter((name) => !Object.hasOwn(manifest[kind], name)))
      faults.push({
        place: `package-lock.json: ${name}`,
        sentence: `is in the ${kind} of the lock and not in those of package.json.`,
      });
  }
  for (const [name, version] of flatten(manifest.overrides)) {
    if (!exactVersion.test(version))
      faults.push({ place: `package.json: overrides ${name}`, sentence: `"${version}" is not one version.` });
  }
  return faults;
}

function flatten(overrides: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(overrides).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : flatten(value as Record<string, unknown>),
  );
}

function entryFaults(lock: Lock, locked: LockedPackage): Finding[] {
  const { entry, place, version } = locked;
  const faults: string[] = [];
  if (!installedPlace.test(place)) faults.push('is a folder of its own, not a package below node_modules.');
  if (entry.link === true) faults.push('is a link into the file system.');
  if (!exactVersion.test(version)) faults.push(`has no exact version: "${version}".`);
  if (entry.resolved !== undefined && entry.resolved !== tarballOf(locked))
    faults.push(`comes from ${entry.resolved}, not from ${tarballOf(locked)}.`);
  if (entry.inBundle === true || entry.bundleDependencies !== undefined)
    faults.push('comes within another package, or brings others: their checksums are nowhere.');
  if (entry.hasShrinkwrap === true) faults.push('brings a lock of its own, which npm would go by.');
  if (entry.integrity === undefined) {
    if (platformOwner(lock, locked) === undefined)
      faults.push('has no integrity, and no package names it as one of its platforms.');
    else if (!isForOthers(locked)) faults.push('has no integrity, and is for machines that the server runs on.');
  } else if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity)) {
    faults.push(`has an integrity that is no sha512: ${entry.integrity.slice(0, 12)}….`);
  }
  return faults.map((sentence) => ({ place: `package-lock.json: ${place}`, sentence }));
}

/** Where the registry has this very package. A checksum says only that what is there is what was meant by whoever wrote the lock. */
function tarballOf({ name, version }: LockedPackage): string {
  return `${registry}${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;
}

/** Whether images and CI never install it: they are Linux, on x64 or arm64. */
function isForOthers({ entry: { os = [], cpu = [] } }: LockedPackage): boolean {
  const isOther = (names: readonly string[], ours: readonly string[]): boolean =>
    names.length > 0 && names.every((name) => /^[a-z]\w*$/.test(name) && name !== 'any' && !ours.includes(name));
  return isOther(os, ['linux']) || isOther(cpu, ['x64', 'arm64']);
}

/** A checksum is of one package, and a package has one. npm refuses such a lock, but only when it installs. */
function checksumFaults(lock: Lock): Finding[] {
  const names = new Map<string, string>();
  const sums = new Map<string, string>();
  return lock.packages.flatMap(({ place, name, version, entry: { integrity } }) => {
    if (integrity === undefined) return [];
    const own = `${name}@${version}`;
    const other = names.get(integrity) ?? own;
    const sum = sums.get(own) ?? integrity;
    names.set(integrity, other);
    sums.set(own, sum);
    const faults = [
      ...(other === own ? [] : [`has the checksum of ${other}.`]),
      ...(sum === integrity ? [] : [`has another checksum than ${own} has elsewhere in the lock.`]),
    ];
    return faults.map((sentence) => ({ place: `package-lock.json: ${place}`, sentence }));
  });
}

/** A name that stands for another package is how one is slipped in under a name that is trusted. */
function aliasFaults(projectDir: string, lock: Lock): Finding[] {
  const { aliases } = readPackagePolicy(projectDir);
  const found = lock.packages.filter(({ place, name }) => nameAt(place) !== name);
  const unknown = found
    .filter(({ place, name }) => aliases[nameAt(place)]?.package !== name)
    .map(({ place, name }) => ({
      place: `package-lock.json: ${place}`,
      sentence: `stands for ${name}; where that is meant, ${packagePolicyFile} has it under aliases.`,
    }));
  const idle = Object.keys(aliases)
    .filter((alias) => !found.some(({ place }) => nameAt(place) === alias))
    .map((alias) => ({
      place: packagePolicyFile,
      sentence: `aliases: nothing in the lock is called ${alias} any more.`,
    }));
  return [...unknown, ...idle];
}

function npmFaults(projectDir: string): Finding[] {
  let lines: string[] = [];
  try {
    lines = readFileSync(path.join(projectDir, '.npmrc'), 'utf8').split('\n');
  } catch {
    // Without the file none of the settings is there, and each is told.
  }
  const told = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return [
    ...npmSettings
      .filter((setting) => !told.includes(setting))
      .map((setting) => ({ place: '.npmrc', sentence: `lacks ${setting}.` })),
    ...told
      .filter((line) => !npmSettings.includes(line))
      .map((line) => ({
        place: '.npmrc',
        sentence: `says "${line}": nothing but ${npmSettings.join(', ')} is told to npm.`,
      })),
  ];
}
