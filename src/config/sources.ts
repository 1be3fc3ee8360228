import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import type { Mode } from './keyDefinition';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Text of the settings that a configuration file holds, and what is wrong with the file. */
export interface FileSettings {
  readonly file: string;
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

/** What is set outside of the configuration files: `.env` of the project's folder, and over it the environment. A blank value counts as not set. */
export function readEnvironment(environment: Environment, projectDir: string): ReadonlyMap<string, string> {
  const file = path.join(projectDir, '.env');
  const merged: Environment = existsSync(file)
    ? { ...parseEnv(readFileSync(file, 'utf8')), ...environment }
    : environment;
  const set = Object.entries(merged).flatMap(([name, value]) =>
    value === undefined || value.trim() === '' ? [] : [[name, value] as const],
  );
  return new Map(set);
}

/** Reads `config.<mode>.yaml` of the project's folder: one mapping of names to values, or nothing at all. */
export function readConfigFile(mode: Mode, projectDir: string): FileSettings {
  const file = `config.${mode}.yaml`;
  const place = path.join(projectDir, file);
  if (!existsSync(place)) return { file, texts: new Map(), problems: [] };
  let content: unknown;
  try {
    content = parse(readFileSync(place, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unreadable';
    return { file, texts: new Map(), problems: [`${file} cannot be read as YAML: ${reason}`] };
  }
  if (content === null || content === undefined) return { file, texts: new Map(), problems: [] };
  if (typeof content !== 'object' || Array.isArray(content)) {
    return { file, texts: new Map(), problems: [`${file} must be a mapping of settings to values.`] };
  }
  return toTexts(file, content);
}

function toTexts(file: string, content: object): FileSettings {
  const texts = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, value] of Object.entries(content)) {
    const asText = toText(value);
    if (asText === null) problems.push(`${name} in ${file} must be a text, a number, true, false, or a list of these.`);
    else texts.set(name, asText);
  }
  return { file, texts, problems };
}

function toText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return null;
  const parts = value.map((part: unknown) => (Array.isArray(part) ? null : toText(part)));
  return parts.includes(null) ? null : parts.join(',');
}

/** Content of a file that a `NAME_FILE` names, without the line break at its end. Throws Node's own error where it cannot be read. */
export function readSecretFile(file: string, projectDir: string): string {
  return readFileSync(path.resolve(projectDir, file), 'utf8').replace(/(\r?\n)+$/, '');
}
