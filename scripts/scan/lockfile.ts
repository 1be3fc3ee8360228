import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Check, Finding } from './check';
import { nameAt, packagePolicyFile, platformOwner, readLock, readManifest, readPackagePolicy, type Lock } from './lock';

const exactVersion = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;
const registry = 'https://registry.npmjs.org/';

/** Settings of npm without which an installation is not what the lock says, or runs what nobody reviewed. */
const npmSettings = ['ignore-scripts=true', 'save-exact=true'];

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
      ...aliasFaults(projectDir, lock),
      ...npmFaults(projectDir),
    ];
    const figures = `${lock.packages.length} entries, ${lock.packages.length - bare.length} with sha512, ${bare.length} of platforms that the registry did not serve`;
    return { figures, findings };
  },
};

/** What is asked for is one version, and the lock has the same one. */
function manifestFaults(projectDir: string, lock: Lock): Finding[] {
  const { dependencies, devDependencies, optionalDependencies, overrides } = readManifest(projectDir);
  const direct = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const locked = { ...lock.root.dependencies, ...lock.root.devDependencies, ...lock.root.optionalDependencies };
  const faults: Finding[] = [];
  for (const [name, version] of direct) {
    const place = `package.json: ${name}`;
    if (!exactVersion.test(version)) faults.push({ place, sentence: `"${version}" is not one version.` });
    const installed = lock.packages.find((other) => other.place === `node_modules/${name}`);
    if (locked[name] !== version || installed?.version !== version)
      faults.push({
        place,
        sentence: `${version} is asked for, the lock has ${installed?.version ?? 'none'}: run "npm install".`,
      });
  }
  for (const name of Object.keys(locked).filter((name) => !direct.some(([other]) => other === name)))
    faults.push({
      place: `package-lock.json: ${name}`,
      sentence: 'is in the lock of this project and not in its package.json.',
    });
  for (const [name, version] of flatten(overrides)) {
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

function entryFaults(lock: Lock, locked: Lock['packages'][number]): Finding[] {
  const { entry, version } = locked;
  const faults: string[] = [];
  if (entry.link === true) faults.push('is a link into the file system.');
  if (!exactVersion.test(version)) faults.push(`has no exact version: "${version}".`);
  if (entry.resolved !== undefined && !entry.resolved.startsWith(registry))
    faults.push(`comes from ${entry.resolved}, not from ${registry}.`);
  if (entry.integrity === undefined) {
    if (platformOwner(lock, locked) === undefined)
      faults.push('has no integrity, and no package names it as one of its platforms.');
  } else if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity)) {
    faults.push(`has an integrity that is no sha512: ${entry.integrity.slice(0, 12)}….`);
  }
  return faults.map((sentence) => ({ place: `package-lock.json: ${locked.place}`, sentence }));
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
  const missing = npmSettings.filter((setting) => !lines.includes(setting));
  const places = lines.filter((line) => /^\s*(@[^:]+:)?registry\s*=/.test(line) && !line.includes(registry));
  return [
    ...missing.map((setting) => ({ place: '.npmrc', sentence: `lacks ${setting}.` })),
    ...places.map((line) => ({ place: '.npmrc', sentence: `${line.trim()} is another registry than ${registry}.` })),
  ];
}
