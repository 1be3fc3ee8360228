import { statSync } from 'node:fs';
import path from 'node:path';
import { isReference } from '../secrets/secretReference';
import type { KeyDefinition } from './keyDefinition';

/** Where a secret that is set came from. */
export interface SecretPlace {
  readonly name: string;
  readonly place: 'environment' | 'file' | 'manager';
  /** Permission bits of the file; null where it is none. */
  readonly fileMode: number | null;
}

/** Of the secrets that are set, in the order of the settings. */
export function secretPlaces(parts: {
  readonly definitions: Readonly<Record<string, KeyDefinition>>;
  readonly environment: ReadonlyMap<string, string>;
  readonly projectDir: string;
}): readonly SecretPlace[] {
  const { definitions, environment, projectDir } = parts;
  return Object.entries(definitions).flatMap(([name, { secret }]): SecretPlace[] => {
    if (secret !== true) return [];
    const text = environment.get(name);
    if (text !== undefined) return [{ name, place: isReference(text) ? 'manager' : 'environment', fileMode: null }];
    const file = environment.get(`${name}_FILE`);
    if (file === undefined) return [];
    const { mode } = statSync(path.resolve(projectDir, file));
    return [{ name, place: 'file', fileMode: mode & 0o777 }];
  });
}
