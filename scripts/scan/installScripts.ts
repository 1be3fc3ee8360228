import type { Check } from './check';
import { packagePolicyFile, readLock, readPackagePolicy } from './lock';

/** npm runs none of them (.npmrc); a package that gains one is looked at all the same, for others install without our .npmrc. */
export const installScripts: Check = {
  name: 'install scripts',
  run: (projectDir) => {
    const { installScripts: known } = readPackagePolicy(projectDir);
    const found = new Set(
      readLock(projectDir).packages.flatMap(({ name, entry }) => (entry.hasInstallScript === true ? [name] : [])),
    );
    const unknown = [...found].filter((name) => !Object.hasOwn(known, name));
    const idle = Object.keys(known).filter((name) => !found.has(name));
    return {
      figures: `${found.size} packages bring one, ${Object.keys(known).length} are known, none is run`,
      findings: [
        ...unknown.map((place) => ({
          place,
          sentence: `brings an install script: read it, and say in ${packagePolicyFile} what it does.`,
        })),
        ...idle.map((name) => ({
          place: packagePolicyFile,
          sentence: `installScripts: ${name} brings none any more.`,
        })),
      ],
    };
  },
};
