import { Secret } from '../domain/secret';
import { SecretError } from '../secrets/secretError';
import type { ManagerSettings } from '../secrets/secretManagers';
import { ConfigError } from './configError';
import type { KeyDefinition } from './keyDefinition';
import { managerKeys, toManagerSettings } from './managerKeys';
import { SettingReader, type SettingSources } from './readSettings';
import { readSecretFile } from './sources';

/** How the managers of secrets are reached. Throws ConfigError. */
export function readManagerSettings(parts: {
  readonly sources: Pick<SettingSources, 'mode' | 'environment' | 'file'>;
  readonly projectDir: string;
}): ManagerSettings {
  const { sources, projectDir } = parts;
  const { environment } = sources;
  const first = new SettingReader({ ...sources, projectDir });
  const values = new Map(
    Object.entries<KeyDefinition>(managerKeys).map(([name, definition]) => [name, first.read(name, definition)]),
  );
  if (first.problems.length > 0) throw new ConfigError(first.problems);
  const { settings, problems } = toManagerSettings({
    mode: sources.mode,
    value: (name) => values.get(name) as string | null,
    isSet: (name) => environment.has(name) || environment.has(`${name}_FILE`),
    readSecret: (name) => {
      const reader = new SettingReader({ ...sources, projectDir });
      const value = reader.read(name, managerKeys[name]);
      if (!(value instanceof Secret)) throw new SecretError('refused', reader.problems.join(' '));
      return value;
    },
    readFile: (name) => readSecretFile(name, projectDir),
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return settings;
}
