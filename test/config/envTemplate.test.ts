import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { addressableExchanges, exchangeKeys } from '../../src/config/exchangeKeys';
import { defaultOf, type KeyDefinition } from '../../src/config/keyDefinition';
import { keys } from '../../src/config/keys';
import { renderEnvTemplate } from '../../src/config/envTemplate';
import { findProjectDir } from '../../src/config/processConfig';

const settings: Readonly<Record<string, KeyDefinition>> = keys;
const template = readFileSync(path.join(findProjectDir(), '.env.template'), 'utf8');

describe('.env.template', () => {
  it('is what the settings say now', () => {
    expect(template).toBe(renderEnvTemplate());
  });

  it('names exactly the settings, each without a value', () => {
    const exchanges = addressableExchanges.flatMap((exchange) => Object.keys(exchangeKeys(exchange)));
    const values = parseEnv(template);
    expect(Object.keys(values).sort()).toEqual(['NODE_ENV', ...Object.keys(keys), ...exchanges].sort());
    expect(new Set(Object.values(values))).toEqual(new Set(['']));
  });
});

describe('the table of settings', () => {
  it.each(Object.entries(settings))('%s: its defaults are values that it allows', (_, definition) => {
    const defaults = [defaultOf(definition, 'development'), defaultOf(definition, 'production')];
    for (const text of defaults.filter((value) => value !== null)) {
      expect(definition.type.schema.safeParse(text).success).toBe(true);
    }
  });

  it.each(Object.entries(settings))('%s: has in production what its type promises', (_, definition) => {
    const isPromised = definition.default !== null;
    const isGiven = definition.requiredInProduction === true || defaultOf(definition, 'production') !== null;
    expect(isGiven || !isPromised).toBe(true);
  });

  it.each(Object.entries(settings))('%s: is described in one sentence or two', (_, definition) => {
    expect(definition.description).toMatch(/^[A-Z].{10,160}\.$/);
  });
});
