import type { Config } from '../config/config';
import { loadProcessConfig } from '../config/processConfig';
import type { SecretPlace } from '../config/secretPlaces';
import type { KeyEncryptionKeys } from '../identity/sealing/keyEncryptionKeys';
import { SigningKeyVault } from '../identity/sealing/signingKeyVault';
import { KeyRotation } from '../identity/signing/keyRotation';
import { openEmergencyKeys } from '../startSealing';
import { countSealedRecords, type Storage } from '../storage/storage';
import { runCommand, type OptionsOf } from './commandLine';
import { assertConfirmed } from './confirmation';
import { withEmergencyStorage } from './emergencyStorage';
import { operatorName } from './operator';
import { rotationChecklist, type RotationFacts, type RotationStep } from './rotationChecklist';

const usage = `Somebody has the secrets of this server, or may have: replaces those that it can, at once, and lists the others with what to do about each.

  npm run ir:rotate-all -- --yes

  --api-keys   end every API key as well; without it they are counted among what is left to do
  --yes        do not ask
  --json       tell it as JSON
  --help       this text

Done here: a new key signs access tokens, all others are gone; every session ends; one-time tokens and half-done sign-ins are void.
Run it where a server runs, with its settings; the database has to be up, and Vault where it keeps the key that seals; the server need not
be. It may be run again, at any time. Where Vault is to seal and is away, nothing is done: npm run ir:revoke -- --all --yes ends what is open meanwhile.

Exit status: 0 done, and what is left stands in the list; 69 Vault does not answer; 64 the arguments do not fit, 77 it was not confirmed.
`;

interface Opened {
  readonly storage: Storage;
  readonly config: Config;
  readonly keys: KeyEncryptionKeys;
}

interface Done {
  readonly signingKey: string;
  readonly signingKeys: number;
  readonly sessions: number;
  readonly apiKeys: number;
  readonly oneTimeTokens: number;
}

const known = {
  'api-keys': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

async function run(options: OptionsOf<typeof known>): Promise<void> {
  await assertConfirmed({
    consequence: 'This ends every session for good: everybody signs in again.',
    word: 'rotate',
    isConfirmed: options.yes,
  });
  const config = await loadProcessConfig();
  const keys = await openEmergencyKeys(config);
  await withEmergencyStorage(config, async (storage) => {
    const done = await rotate({ storage, config, keys }, options['api-keys']);
    const left = rotationChecklist(await factsOf({ storage, config, keys }));
    process.stdout.write(options.json ? `${JSON.stringify({ done, left })}\n` : describe(done, left));
  });
}

/** The signing keys first, and by themselves: they are what gets in. Whatever fails behind them is done by running it again. */
async function rotate({ storage, config, keys: sealingKeys }: Opened, withApiKeys: boolean): Promise<Done> {
  const rotation = new KeyRotation({
    store: storage.signingKeys,
    vault: new SigningKeyVault(sealingKeys),
    algorithm: config.tokens.algorithm,
    clock: Date.now,
  });
  const actor = operatorName();
  const { kid, keys, sessions } = await rotation.revokeAll(actor);
  const { apiKeys, oneTimeTokens } = await storage.revocations.revoke({
    userId: null,
    sessions: false,
    apiKeys: withApiKeys,
    oneTimeTokens: true,
    actor,
    at: Date.now(),
  });
  return { signingKey: kid, signingKeys: keys, sessions, apiKeys, oneTimeTokens };
}

async function factsOf({ storage, config, keys }: Opened): Promise<RotationFacts> {
  const { dataDir, database, secretPlaces } = config;
  const namesAt = (wanted: SecretPlace['place']): readonly string[] =>
    secretPlaces.filter(({ place }) => place === wanted).map(({ name }) => name);
  const configured = config.credentials.keys ?? [];
  const served = configured.flatMap((key) => ('transit' in key ? [key] : []));
  const apiKeys = await storage.accessRecords.apiKeys();
  const users = await storage.userAdministration.list(null);
  return {
    credentialKeys: keys,
    sealsItself: !served.some(({ id }) => id === keys.sealingId),
    ownKeys: configured.flatMap((key) => ('key' in key ? [key.id] : [])),
    transitKeys: served.map(({ transit }) => transit),
    sealedRecords: await countSealedRecords({ databaseUrl: database.url?.reveal() ?? null, dataDir }),
    exchangeKeys: await storage.credentials.countByExchange(),
    apiKeys: apiKeys.filter(({ daysLeft, ownerDisabled }) => daysLeft >= 0 && !ownerDisabled).length,
    secondFactors: users.filter(({ mfaEnabled, disabled }) => mfaEnabled && !disabled).length,
    hasVault: config.vault !== null,
    managedSecrets: namesAt('manager'),
    environmentSecrets: namesAt('environment'),
    hasPeppers: config.passwords.peppers.length > 0,
    hasOwnDatabase: database.url !== null,
    hasOwnerRole: database.migrationUrl !== null,
    hasRedis: config.redis.url !== null,
    hasMailServer: config.mail.smtp !== null,
  };
}

function describe(done: Done, left: readonly RotationStep[]): string {
  return [
    'Done:',
    `  signing keys     ${done.signingKey} signs now; ${done.signingKeys} others are gone, and every access token with them`,
    `  sessions         ${done.sessions} ended`,
    `  one-time tokens  ${done.oneTimeTokens} void`,
    `  API keys         ${done.apiKeys} ended`,
    '',
    'Left to you, in this order:',
    ...left.flatMap(({ what, command }, index) => [`  ${index + 1}. ${what}`, `     ${command}`]),
    '',
  ].join('\n');
}

runCommand({ usage, options: known }, run);
