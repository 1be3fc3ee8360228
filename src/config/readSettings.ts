import { statSync } from 'node:fs';
import path from 'node:path';
import { isReference } from '../secrets/secretReference';
import { defaultOf, type KeyDefinition, type Mode } from './keyDefinition';
import { passwordProblem } from './passwordStrength';
import { readSecretFile, type FileSettings } from './sources';

export interface Found {
  readonly text: string;
  /** Where it was found, for the sentence: "the environment", a file's name, … */
  readonly place: string;
  /** Since when it says this, in ms; null where that is not known. */
  readonly changedAt: number | null;
}

/** What was read of a setting before the others, as its file or its manager said it. isPassing: the next start may have it. */
export type FetchedText = Found | { readonly problem: string; readonly isPassing: boolean };

/** Everything a setting can come from. */
export interface SettingSources {
  readonly mode: Mode;
  readonly environment: ReadonlyMap<string, string>;
  readonly file: FileSettings;
  readonly projectDir: string;
  /** By the name of the setting. */
  readonly fetched?: ReadonlyMap<string, FetchedText>;
}

/** What is wrong with one setting, as a sentence. */
export class SettingProblem extends Error {}

/** Reads settings one by one and collects what is wrong, so that all problems are told at once. */
export class SettingReader {
  readonly problems: string[] = [];
  /** How many of them may be gone at the next start. */
  passing = 0;

  constructor(private readonly sources: SettingSources) {}

  /** The value, or null where it is absent or wrong; where it is wrong `problems` has grown. */
  read(name: string, definition: KeyDefinition): unknown {
    try {
      const found = this.#find(name, definition);
      return found === null
        ? this.#absent(name, definition)
        : valueOf({ name, definition, mode: this.sources.mode }, found);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      this.problems.push(error.message);
      return null;
    }
  }

  #find(name: string, definition: KeyDefinition): Found | null {
    const { environment, file, mode, fetched } = this.sources;
    const direct = environment.get(name);
    const pointer = environment.get(`${name}_FILE`);
    if (direct !== undefined && pointer !== undefined) {
      throw new SettingProblem(`${name} and ${name}_FILE are both set: set one of them.`);
    }
    const known = fetched?.get(name);
    if (known !== undefined) return this.#fetched(known);
    if (definition.secret && isReference(direct ?? '')) {
      throw new SettingProblem(`${name} cannot come from a manager of secrets: set it, or ${name}_FILE to a file.`);
    }
    if (direct !== undefined) return { text: direct, place: 'the environment', changedAt: null };
    if (pointer !== undefined) return this.#fromFile(name, pointer);
    const inFile = file.texts.get(name);
    if (inFile !== undefined) return fromConfigFile({ name, definition, text: inFile, file: file.file });
    const text = defaultOf(definition, mode);
    return text === null ? null : { text, place: 'the default', changedAt: null };
  }

  #fetched(known: FetchedText): Found {
    if ('text' in known) return known;
    if (known.isPassing) this.passing += 1;
    throw new SettingProblem(known.problem);
  }

  #fromFile(name: string, pointer: string): Found {
    return readPointedFile({ name, pointer, projectDir: this.sources.projectDir });
  }

  #absent(name: string, definition: KeyDefinition): null {
    if (this.sources.mode === 'development' || !definition.requiredInProduction) return null;
    throw new SettingProblem(
      `${name} is required in production: ${definition.type.allowed}. ${definition.description}`,
    );
  }
}

/** What the file that NAME_FILE names holds now. Throws SettingProblem. */
export function readPointedFile(setting: {
  readonly name: string;
  readonly pointer: string;
  readonly projectDir: string;
}): Found {
  const { name, pointer, projectDir } = setting;
  let text: string;
  let changedAt: number;
  try {
    text = readSecretFile(pointer, projectDir);
    changedAt = statSync(path.resolve(projectDir, pointer)).mtimeMs;
  } catch (error) {
    const hasCode = typeof error === 'object' && error !== null && 'code' in error;
    const code = hasCode ? String(error.code) : 'unreadable';
    throw new SettingProblem(`${name}_FILE names a file that cannot be read (${code}): ${pointer}`);
  }
  if (text === '') throw new SettingProblem(`${name}_FILE names a file that is empty: ${pointer}`);
  return { text, place: `${name}_FILE`, changedAt };
}

function fromConfigFile(setting: {
  readonly name: string;
  readonly definition: KeyDefinition;
  readonly text: string;
  readonly file: string;
}): Found {
  if (setting.definition.secret) {
    throw new SettingProblem(
      `${setting.name} is a secret and has no place in ${setting.file}: set it in the environment, or ${setting.name}_FILE to a file, or write down where a manager keeps it.`,
    );
  }
  return { text: setting.text, place: setting.file, changedAt: null };
}

/** What the text of a setting reads as. Throws SettingProblem, which repeats nothing of a secret. */
export function valueOf(
  setting: { readonly name: string; readonly definition: KeyDefinition; readonly mode: Mode },
  found: Pick<Found, 'text' | 'place'>,
): unknown {
  const { name, definition, mode } = setting;
  const parsed = definition.type.schema.safeParse(found.text);
  if (!parsed.success) {
    const value = definition.secret ? '' : ` is ${JSON.stringify(found.text.slice(0, 80))}`;
    const reasons = definition.type.explainsProblems ? parsed.error.issues.map((issue) => `${issue.message}; `) : [];
    throw new SettingProblem(
      `${name}${value} (from ${found.place}): ${reasons.join('')}it must be ${definition.type.allowed}.`,
    );
  }
  const weakness = mode === 'production' ? weaknessOf(definition, found.text) : null;
  if (weakness !== null) {
    throw new SettingProblem(
      `${name} (from ${found.place}): its password ${weakness}. Take a random one, e.g. from scripts/generate-secrets.sh.`,
    );
  }
  return parsed.data;
}

/** Null where there is no password, which other ways of proving who one is need none of. */
function weaknessOf({ holdsPassword }: KeyDefinition, text: string): string | null {
  if (holdsPassword === undefined) return null;
  const password = holdsPassword.in === 'url' ? decodeURIComponent(new URL(text).password) : text;
  return password === '' ? null : passwordProblem(password, holdsPassword.minBits);
}
