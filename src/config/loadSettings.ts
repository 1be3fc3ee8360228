import { Secret } from '../domain/secret';
import { SecretError } from '../secrets/secretError';
import type { DatedSecret } from '../secrets/secretWatch';
import { SecretManagers } from '../secrets/secretManagers';
import { isReference } from '../secrets/secretReference';
import type { Config } from './config';
import type { KeyDefinition } from './keyDefinition';
import { keys, type SecretName } from './keys';
import { readConfig, readSources } from './loadConfig';
import { readManagerSettings } from './managerSettings';
import { readPointedFile, SettingProblem, valueOf, type FetchedText, type Found } from './readSettings';
import type { Environment } from './sources';

/** A secret of a file or a manager, which may say something else of it while the server runs. */
export interface SecretSource {
  readonly name: SecretName;
  /** Where it is, for the operator. */
  readonly place: string;
  /** As the settings were read with. */
  readonly first: DatedSecret;
  /** As it is now. Throws SecretError, whose message is a sentence, and repeats nothing of it. */
  read(): Promise<DatedSecret>;
  /** What the text reads as, by the rules of a start: those of the setting, and those of all settings together. Throws likewise. */
  parse(text: Secret): unknown;
}

export interface Settings {
  readonly config: Config;
  readonly secrets: readonly SecretSource[];
}

/** Reads every setting, and asks the managers of secrets for what they keep. Throws ConfigError: 69 where it is only that one does not answer. */
export async function loadSettings(parts: {
  readonly environment: Environment;
  readonly projectDir: string;
  readonly clock: () => number;
}): Promise<Settings> {
  const { projectDir } = parts;
  const sources = readSources(parts);
  const { mode, environment, file } = sources;
  const managers = new SecretManagers({ settings: readManagerSettings({ sources, projectDir }), clock: parts.clock });
  const places = Object.entries<KeyDefinition>(keys).flatMap(([name, definition]) => {
    if (!definition.secret || definition.opensManager) return [];
    const pointer = environment.get(`${name}_FILE`);
    const text = environment.get(name) ?? (pointer === undefined ? file.texts.get(name) : undefined);
    if (text !== undefined && isReference(text)) {
      return [
        { name: name as SecretName, definition, place: text, read: () => readReference({ name, managers }, text) },
      ];
    }
    if (pointer === undefined || text !== undefined) return [];
    const read = (): Promise<Found> => Promise.resolve().then(() => readPointedFile({ name, pointer, projectDir }));
    return [{ name: name as SecretName, definition, place: pointer, read }];
  });
  const fetched = new Map(
    await Promise.all(places.map(async ({ name, read }) => [name, await fetchText(read)] as const)),
  );
  const { config, problemsWith } = readConfig({ ...parts, fetched });
  return {
    config,
    secrets: places.map(({ name, definition, place, read }) => {
      const found = fetched.get(name);
      return {
        name,
        place,
        first: dated(found !== undefined && 'text' in found ? found : { text: '', changedAt: null }),
        read: () => read().then(dated, refuse),
        parse: (text) => {
          try {
            const value = valueOf({ name, definition, mode }, { text: text.reveal(), place });
            const problems = problemsWith(name, value);
            if (problems.length > 0) throw new SettingProblem(problems.join(' '));
            return value;
          } catch (error) {
            return refuse(error);
          }
        },
      };
    }),
  };
}

/** Throws SettingProblem where it is not there, SecretError where that is not known. */
async function readReference(
  { name, managers }: { readonly name: string; readonly managers: SecretManagers },
  reference: string,
): Promise<Found> {
  try {
    return { ...(await managers.read(reference)), place: reference };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    const message = `${name} cannot be read from ${reference}: ${error.message}.`;
    if (error.failure === 'unavailable') throw new SecretError('unavailable', message);
    throw new SettingProblem(message);
  }
}

function dated({ text, changedAt }: Pick<Found, 'text' | 'changedAt'>): DatedSecret {
  return { text: new Secret(text), changedAt };
}

function refuse(error: unknown): never {
  throw error instanceof SettingProblem ? new SecretError('refused', error.message) : error;
}

async function fetchText(read: () => Promise<Found>): Promise<FetchedText> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SettingProblem) return { problem: error.message, isPassing: false };
    if (error instanceof SecretError) return { problem: error.message, isPassing: true };
    throw error;
  }
}
