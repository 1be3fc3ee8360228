import path from 'node:path';
import { isReference } from '../secrets/secretReference';
import type { KeyDefinition } from './keyDefinition';

/** Where a secret that is set came from. */
export interface SecretPlace {
  readonly name: string;
  readonly place: 'environment' | 'file' | 'manager';
  /** Absolute; null where it is none. */
  readonly file: string | null;
  /** Whether another value ever takes its place. */
  readonly isReplaced: boolean;
}

/** Of the secrets that are set, in the order of the settings. */
export function secretPlaces(parts: {
  readonly definitions: Readonly<Record<string, KeyDefinition>>;
  readonly environment: ReadonlyMap<string, string>;
  /** Of the configuration file, where references may stand. */
  readonly texts: ReadonlyMap<string, string>;
  readonly projectDir: string;
}): readonly SecretPlace[] {
  const { definitions, environment, texts, projectDir } = parts;
  return Object.entries(definitions).flatMap(([name, { secret, isKept }]): SecretPlace[] => {
    if (secret !== true) return [];
    const common = { name, isReplaced: isKept !== true };
    const pointer = environment.get(`${name}_FILE`);
    const text = environment.get(name) ?? (pointer === undefined ? texts.get(name) : undefined);
    if (text !== undefined) return [{ ...common, place: isReference(text) ? 'manager' : 'environment', file: null }];
    if (pointer === undefined) return [];
    return [{ ...common, place: 'file', file: path.resolve(projectDir, pointer) }];
  });
}
