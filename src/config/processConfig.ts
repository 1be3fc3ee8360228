import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from './config';
import { loadSettings, type Settings } from './loadSettings';

/** The folder that holds package.json, above the sources as above the build. */
export function findProjectDir(): string {
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('package.json is missing: this is not a complete checkout');
    folder = parent;
  }
  return folder;
}

/** The settings of this process, from its own environment. Throws ConfigError. */
export function loadProcessSettings(): Promise<Settings> {
  return loadSettings({ environment: process.env, projectDir: findProjectDir(), clock: Date.now });
}

/** The same for whoever is done before a secret changes. Throws ConfigError. */
export async function loadProcessConfig(): Promise<Config> {
  return (await loadProcessSettings()).config;
}
