import { defaultOf, type KeyDefinition, type Mode } from './keyDefinition';
import { readSecretFile, type FileSettings } from './sources';

interface Found {
  readonly text: string;
  /** Where it was found, for the sentence: "the environment", a file's name, … */
  readonly place: string;
}

/** Everything a setting can come from. */
export interface SettingSources {
  readonly mode: Mode;
  readonly environment: ReadonlyMap<string, string>;
  readonly file: FileSettings;
  readonly projectDir: string;
}

/** What is wrong with one setting, as a sentence. */
class SettingProblem extends Error {}

/** Reads settings one by one and collects what is wrong, so that all problems are told at once. */
export class SettingReader {
  readonly problems: string[] = [];

  constructor(private readonly sources: SettingSources) {}

  /** The value, or null where it is absent or wrong; where it is wrong `problems` has grown. */
  read(name: string, definition: KeyDefinition): unknown {
    try {
      const found = this.#find(name, definition);
      return found === null ? this.#absent(name, definition) : valueOf(name, definition, found);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      this.problems.push(error.message);
      return null;
    }
  }

  #find(name: string, definition: KeyDefinition): Found | null {
    const { environment, file, mode } = this.sources;
    const direct = environment.get(name);
    const pointer = environment.get(`${name}_FILE`);
    if (direct !== undefined && pointer !== undefined) {
      throw new SettingProblem(`${name} and ${name}_FILE are both set: set one of them.`);
    }
    if (direct !== undefined) return { text: direct, place: 'the environment' };
    if (pointer !== undefined) return this.#fromFile(name, pointer);
    const inFile = file.texts.get(name);
    if (inFile !== undefined) return fromConfigFile({ name, definition, text: inFile, file: file.file });
    const text = defaultOf(definition, mode);
    return text === null ? null : { text, place: 'the default' };
  }

  #fromFile(name: string, pointer: string): Found {
    let text: string;
    try {
      text = readSecretFile(pointer, this.sources.projectDir);
    } catch (error) {
      const hasCode = typeof error === 'object' && error !== null && 'code' in error;
      const code = hasCode ? String(error.code) : 'unreadable';
      throw new SettingProblem(`${name}_FILE names a file that cannot be read (${code}): ${pointer}`);
    }
    if (text === '') throw new SettingProblem(`${name}_FILE names a file that is empty: ${pointer}`);
    return { text, place: `${name}_FILE` };
  }

  #absent(name: string, definition: KeyDefinition): null {
    if (this.sources.mode === 'development' || !definition.requiredInProduction) return null;
    throw new SettingProblem(
      `${name} is required in production: ${definition.type.allowed}. ${definition.description}`,
    );
  }
}

function fromConfigFile(setting: {
  readonly name: string;
  readonly definition: KeyDefinition;
  readonly text: string;
  readonly file: string;
}): Found {
  if (setting.definition.secret) {
    throw new SettingProblem(
      `${setting.name} is a secret and has no place in ${setting.file}: set it in the environment, or ${setting.name}_FILE to a file.`,
    );
  }
  return { text: setting.text, place: setting.file };
}

function valueOf(name: string, definition: KeyDefinition, found: Found): unknown {
  const parsed = definition.type.schema.safeParse(found.text);
  if (parsed.success) return parsed.data;
  const value = definition.secret ? '' : ` is ${JSON.stringify(found.text.slice(0, 80))}`;
  const reasons = definition.type.explainsProblems ? parsed.error.issues.map((issue) => `${issue.message}; `) : [];
  throw new SettingProblem(
    `${name}${value} (from ${found.place}): ${reasons.join('')}it must be ${definition.type.allowed}.`,
  );
}
