import { toConfig, type Config } from './config';
import { ConfigError } from './configError';
import { crossChecks } from './crossChecks';
import { addressableExchanges, exchangeKeys, toExchangeSettings } from './exchangeKeys';
import type { KeyDefinition, Mode } from './keyDefinition';
import { keys, modeKey, type SecretName, type Values } from './keys';
import { readManagerSettings } from './managerSettings';
import { SettingReader, type FetchedText } from './readSettings';
import { secretPlaces } from './secretPlaces';
import { readConfigFile, readEnvironment, type Environment, type FileSettings } from './sources';
import { unknownNames } from './unknownNames';

const modeName = 'NODE_ENV';

interface ConfigSources {
  readonly environment: Environment;
  /** Absolute; where the files are and where relative paths begin. */
  readonly projectDir: string;
  /** What was read before, by the name of the setting. */
  readonly fetched?: ReadonlyMap<string, FetchedText>;
}

interface ConfigReading {
  readonly config: Config;
  /** What a start would say of another value of a secret, beside the settings that this one has: sentences, none where it is good. */
  readonly problemsWith: (name: SecretName, value: unknown) => readonly string[];
}

/**
 * Reads every setting: environment (and `.env`) over the mode's configuration file over the default.
 * Throws ConfigError, which tells every problem at once.
 */
export function loadConfig(parts: ConfigSources): Config {
  return readConfig(parts).config;
}

/** The same for whoever follows secrets: what a start refuses must not be taken later. */
export function readConfig(parts: ConfigSources): ConfigReading {
  const { projectDir, fetched = new Map<string, FetchedText>() } = parts;
  const sources = readSources(parts);
  const { mode, environment, file } = sources;
  const reader = new SettingReader({ mode, environment, file, projectDir, fetched });

  reader.read(modeName, modeKey);
  const values = readAll(reader, keys);
  const enabled = toNames(values.get('EXCHANGES'));
  const ofExchanges = Object.fromEntries(
    addressableExchanges.flatMap((exchange) => Object.entries(exchangeKeys(exchange))),
  );
  const exchangeValues = readAll(reader, ofExchanges);
  const known = [...Object.keys(keys), ...Object.keys(ofExchanges)];
  const problems = [...file.problems, ...unknownNames({ environment, file, known }), ...reader.problems];
  if (problems.length > 0) throw new ConfigError(problems, { isPassing: problems.length === reader.passing });

  const exchanges = enabled.map((id) => toExchangeSettings(id, exchangeValues));
  const places = secretPlaces({ definitions: { ...keys, ...ofExchanges }, environment, texts: file.texts, projectDir });
  // Every value was checked by the type that `Values` is made from.
  const checked = Object.fromEntries(values) as unknown as Values;
  const { vault } = readManagerSettings({ sources, projectDir });
  const configOf = (settings: Values): Config =>
    toConfig({ mode, values: settings, exchanges, secretPlaces: places, vault, projectDir });
  const config = configOf(checked);
  const together = crossChecks(config);
  if (together.length > 0) throw new ConfigError(together);
  return { config, problemsWith: (name, value) => crossChecks(configOf({ ...checked, [name]: value })) };
}

/** What settings come from, before any of them is read. Throws ConfigError. */
export function readSources(parts: { readonly environment: Environment; readonly projectDir: string }): {
  readonly mode: Mode;
  readonly environment: ReadonlyMap<string, string>;
  readonly file: FileSettings;
} {
  const environment = readEnvironment(parts.environment, parts.projectDir);
  const mode: Mode = environment.get(modeName) === 'production' ? 'production' : 'development';
  if (mode === 'production') assertCertificatesCount(environment);
  return { mode, environment, file: readConfigFile(mode, parts.projectDir) };
}

/**
 * Node's own, for every connection that it opens: the database's, Redis's, those to exchanges. By itself and first, because a manager of
 * secrets is asked before the settings are whole: whoever answered in its place would be sent what opens it.
 */
function assertCertificatesCount(environment: ReadonlyMap<string, string>): void {
  if (environment.get('NODE_TLS_REJECT_UNAUTHORIZED') !== '0') return;
  throw new ConfigError([
    'NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody on the way pass for the database or an exchange: take it out, and name an authority of your own by NODE_EXTRA_CA_CERTS.',
  ]);
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
