import { toConfig, type Config } from './config';
import { ConfigError } from './configError';
import { crossChecks } from './crossChecks';
import { addressableExchanges, exchangeKeys, toExchangeSettings } from './exchangeKeys';
import type { KeyDefinition, Mode } from './keyDefinition';
import { keys, modeKey, type Values } from './keys';
import { SettingReader } from './readSettings';
import { readConfigFile, readEnvironment, type Environment } from './sources';
import { unknownNames } from './unknownNames';

const modeName = 'NODE_ENV';

/**
 * Reads every setting: environment (and `.env`) over the mode's configuration file over the default.
 * projectDir: absolute; where the files are and where relative paths begin.
 * Throws ConfigError, which tells every problem at once.
 */
export function loadConfig(parts: { readonly environment: Environment; readonly projectDir: string }): Config {
  const { projectDir } = parts;
  const environment = readEnvironment(parts.environment, projectDir);
  const mode: Mode = environment.get(modeName) === 'production' ? 'production' : 'development';
  const file = readConfigFile(mode, projectDir);
  const reader = new SettingReader({ mode, environment, file, projectDir });

  reader.read(modeName, modeKey);
  const values = readAll(reader, keys);
  const enabled = toNames(values.get('EXCHANGES'));
  const ofExchanges = Object.fromEntries(
    addressableExchanges.flatMap((exchange) => Object.entries(exchangeKeys(exchange))),
  );
  const exchangeValues = readAll(reader, ofExchanges);
  const known = [...Object.keys(keys), ...Object.keys(ofExchanges)];
  const problems = [...file.problems, ...unknownNames({ environment, file, known }), ...reader.problems];
  if (problems.length > 0) throw new ConfigError(problems);

  const exchanges = enabled.map((id) => toExchangeSettings(id, exchangeValues));
  // Every value was checked by the type that `Values` is made from.
  const config = toConfig({ mode, values: Object.fromEntries(values) as unknown as Values, exchanges, projectDir });
  const together = crossChecks(config);
  if (together.length > 0) throw new ConfigError(together);
  return config;
}

function readAll(
  reader: SettingReader,
  definitions: Readonly<Record<string, KeyDefinition>>,
): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(definitions).map(([name, definition]) => [name, reader.read(name, definition)]));
}

function toNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
