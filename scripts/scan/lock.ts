import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { readPolicy } from './policy';

const names = z.record(z.string(), z.string());

const entry = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  license: z.string().optional(),
  link: z.boolean().optional(),
  optional: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  hasShrinkwrap: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  os: z.array(z.string()).optional(),
  cpu: z.array(z.string()).optional(),
  dependencies: names.optional(),
  devDependencies: names.optional(),
  optionalDependencies: names.optional(),
  peerDependencies: names.optional(),
  bundleDependencies: z.unknown().optional(),
});

/** Strict, for npm 6 reads a second list of packages that could stand beside this one, and nothing here would. */
const lockFile = z.strictObject({
  name: z.string(),
  version: z.string(),
  lockfileVersion: z.number(),
  requires: z.literal(true),
  packages: z.record(z.string(), entry),
});

export type LockEntry = z.infer<typeof entry>;

export interface LockedPackage {
  /** Where npm puts it: node_modules/… */
  readonly place: string;
  /** What the registry calls it; an alias is `place`'s business. */
  readonly name: string;
  readonly version: string;
  readonly entry: LockEntry;
}

export interface Lock {
  readonly version: number;
  readonly root: LockEntry;
  readonly packages: readonly LockedPackage[];
}

const folder = 'node_modules/';

export function nameAt(place: string): string {
  return place.slice(place.lastIndexOf(folder) + folder.length);
}

export function readLock(projectDir: string): Lock {
  const { lockfileVersion, packages } = readPolicy(projectDir, 'package-lock.json', lockFile);
  return {
    version: lockfileVersion,
    root: packages[''] ?? {},
    packages: Object.entries(packages)
      .filter(([place]) => place !== '')
      .map(([place, entry]) => ({ place, name: entry.name ?? nameAt(place), version: entry.version ?? '', entry })),
  };
}

/** Who names a package as one of its platforms' optional ones, at this very version, and has a checksum; undefined where nobody does. */
export function platformOwner(lock: Lock, { name, version, entry }: LockedPackage): LockedPackage | undefined {
  if (entry.optional !== true || entry.os === undefined || entry.cpu === undefined) return undefined;
  return lock.packages.find(
    (other) => other.entry.integrity !== undefined && other.entry.optionalDependencies?.[name] === version,
  );
}

const manifest = z.looseObject({
  dependencies: names.default({}),
  devDependencies: names.default({}),
  optionalDependencies: names.default({}),
  peerDependencies: names.default({}),
  overrides: z.record(z.string(), z.unknown()).default({}),
});

export function readManifest(projectDir: string): z.infer<typeof manifest> {
  return manifest.parse(JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')));
}

const reason = z.string().min(10);

const packagePolicy = z.strictObject({
  /** SPDX identifiers that every package may have. */
  licences: z.array(z.string()).min(1),
  /** Packages with a licence of another name. */
  otherLicences: z.record(z.string(), z.strictObject({ licence: z.string(), reason })),
  /** Packages that bring an install script. None of them is run. */
  installScripts: z.record(z.string(), reason),
  /** Names in node_modules that stand for another package. */
  aliases: z.record(z.string(), z.strictObject({ package: z.string(), reason })),
});

export const packagePolicyFile = 'security/packages.yml';

export function readPackagePolicy(projectDir: string): z.infer<typeof packagePolicy> {
  return readPolicy(projectDir, packagePolicyFile, packagePolicy);
}
