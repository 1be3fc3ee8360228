import { nearestName } from './nearestName';
import type { FileSettings } from './sources';

/** Names that begin so are ours: one that is not known is a typing error, however far from a known name. */
const ownPrefixes = ['EXCHANGE_', 'SIMULATOR_', 'ACCESS_TOKEN_'];

/** Known to the environment alone: it chooses the configuration file. */
const modeName = 'NODE_ENV';
const fileSuffix = '_FILE';

/** Sentences about names that are no settings: all of them in the file; in the environment those that look like ours. */
export function unknownNames(parts: {
  readonly environment: ReadonlyMap<string, string>;
  readonly file: FileSettings;
  readonly known: readonly string[];
}): readonly string[] {
  const known = new Set(parts.known);
  const withFiles = [modeName, ...parts.known, ...parts.known.map((name) => name + fileSuffix)];
  const inFile = [...parts.file.texts.keys()]
    .filter((name) => !known.has(name))
    .map((name) => sentence(name, ` in ${parts.file.file}`, nearestName(name.toUpperCase(), parts.known)));
  const knownInEnvironment = new Set(withFiles);
  const inEnvironment = [...parts.environment.keys()]
    .filter((name) => !knownInEnvironment.has(name))
    .flatMap((name) => {
      const near = nearestName(name.toUpperCase(), withFiles);
      const isOurs = near !== null || ownPrefixes.some((prefix) => name.startsWith(prefix));
      return isOurs ? [sentence(name, '', near)] : [];
    });
  return [...inFile, ...inEnvironment];
}

function sentence(name: string, place: string, near: string | null): string {
  const hint = near === null ? 'The settings are listed in .env.template.' : `Did you mean ${near}?`;
  return `${name}${place} is not a setting. ${hint}`;
}
