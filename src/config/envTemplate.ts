import { addressableExchanges, exchangeKeys } from './exchangeKeys';
import { defaultOf, type KeyDefinition } from './keyDefinition';
import { keys, modeKey } from './keys';

const heading = [
  '# Every setting of Tickgate. Copy this file to .env, or set the variables where the server runs.',
  '# A variable of the environment wins over .env, and both over config.development.yaml or config.production.yaml.',
  '# NAME_FILE=/path reads the value of NAME from a file, e.g. a mounted secret. A blank value counts as not set.',
  '# A secret may be told by where a manager keeps it, in the file as well: vault://mount/path#field, awssm://name, gcpsm://project/name (docs/SECRETS.md).',
  '# Made from src/config/keys.ts by `npm run generate:env`.',
].join('\n');

/** The text of `.env.template`: every setting with its unit, its defaults and what is allowed. */
export function renderEnvTemplate(): string {
  const all: readonly (readonly [string, KeyDefinition])[] = [
    ['NODE_ENV', modeKey],
    ...Object.entries(keys),
    ...addressableExchanges.flatMap((exchange) => Object.entries(exchangeKeys(exchange))),
  ];
  return `${[heading, ...all.map(([name, definition]) => renderKey(name, definition))].join('\n\n')}\n`;
}

function renderKey(name: string, definition: KeyDefinition): string {
  const facts = [
    `Allowed: ${definition.type.allowed}.`,
    ...(definition.unit === undefined ? [] : [`Unit: ${definition.unit}.`]),
    defaultsOf(definition),
    ...(definition.secret ? [secrecyOf(definition)] : []),
  ];
  return [`# ${definition.description}`, `# ${facts.join(' ')}`, `${name}=`].join('\n');
}

function secrecyOf({ opensManager }: KeyDefinition): string {
  return opensManager
    ? 'Secret: never in a configuration file, nor from a manager.'
    : 'Secret: never in a configuration file.';
}

function defaultsOf(definition: KeyDefinition): string {
  const development = defaultOf(definition, 'development') ?? 'none';
  const production = definition.requiredInProduction ? 'required' : (defaultOf(definition, 'production') ?? 'none');
  return development === production
    ? `Default: ${development}.`
    : `Default: ${development}; in production: ${production}.`;
}
