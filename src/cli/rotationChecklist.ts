import { listSealingKeys, type ConfiguredSealing } from './sealingKeys';

/** What there is that a thief may have, and that no command of ours can replace. */
export interface RotationFacts {
  /** Of CREDENTIAL_KEYS. */
  readonly credentialKeys: ConfiguredSealing;
  /** Whether the first of them is this server's own. */
  readonly sealsItself: boolean;
  /** Those of them that Vault keeps. */
  readonly transitKeys: readonly { readonly mount: string; readonly name: string }[];
  /** By the id of the key that seals them. */
  readonly sealedRecords: ReadonlyMap<string, number>;
  /** Keys of exchanges that are in use, by exchange. */
  readonly exchangeKeys: ReadonlyMap<string, number>;
  /** API keys that are still good. */
  readonly apiKeys: number;
  readonly hasVault: boolean;
  readonly hasPeppers: boolean;
  readonly hasOwnDatabase: boolean;
  readonly hasOwnerRole: boolean;
  readonly hasRedis: boolean;
  readonly hasMailServer: boolean;
}

/** Something that the operator does. command: what to run, or where. */
export interface RotationStep {
  readonly what: string;
  readonly command: string;
}

/** What is left to do after `ir:rotate-all`, in this order; what a deployment does not have is left out. */
export function rotationChecklist(facts: RotationFacts): readonly RotationStep[] {
  const exchanges = [...facts.exchangeKeys].map(([exchange, count]) => `${count} at ${exchange}`).join(', ');
  return [
    ...when(facts.exchangeKeys.size > 0, {
      what: `Keys of exchanges (${exchanges}): delete each at the exchange, make another, and give it to the account. Only that makes a stolen one worthless.`,
      command: 'mutation { replaceCredentials(account: "…", apiKey: "…", secret: "…") { errors { code } } }',
    }),
    ...when(facts.sealsItself, {
      what: `CREDENTIAL_KEYS (${sealings(facts)}): put a new key in front of the others, restart every node, and take the older ones out once none of them seals anything. A copy of the database from before still opens with an older one: replace what it sealed as well.`,
      command: 'openssl rand -base64 32; then, after the restarts, npm run credentials:keys',
    }),
    ...facts.transitKeys.map(({ mount, name }) => ({
      what: `The key ${name} that Vault keeps (${sealings(facts)}): rotate it there, and retire its older versions (min_decryption_version) once none of them seals anything. Nobody has the key itself, but whoever could sign in there as this server could unwrap with it.`,
      command: `vault write -f ${mount}/keys/${name}/rotate; then npm run credentials:keys`,
    })),
    ...when(facts.hasVault, {
      what: 'What signs in to Vault (VAULT_TOKEN, VAULT_SECRET_ID or VAULT_JWT): revoke it there, with every token that it gave, and give the server another.',
      command: 'vault token revoke …; vault write -f auth/approle/role/…/secret-id; then the settings',
    }),
    ...when(facts.apiKeys > 0, {
      what: `${facts.apiKeys} API keys are still good: their owners make others, or all are ended now.`,
      command: 'npm run ir:revoke -- --all --api-keys --yes',
    }),
    ...when(facts.hasOwnDatabase, {
      what: `The password of the database's ${facts.hasOwnerRole ? 'two roles (DATABASE_URL, MIGRATION_DATABASE_URL)' : 'role (DATABASE_URL)'}: set it there, then in the settings, and restart every node.`,
      command: "psql -c '\\password tickgate_server'",
    }),
    ...when(facts.hasRedis, {
      what: 'The password of Redis (REDIS_URL): set it there and in the settings, and restart every node.',
      command: 'redis-cli ACL SETUSER tickgate resetpass "#<sha256>" (docs/ACCESS.md)',
    }),
    ...when(facts.hasMailServer, {
      what: 'The password of the mail server (SMTP_URL), and whatever it has sent in our name.',
      command: 'at the mail server; then the settings, and a restart of every node',
    }),
    ...when(facts.hasPeppers, {
      what: 'PASSWORD_PEPPERS: put a new one in front and restart; each password is hashed anew at its next sign-in. With the database stolen too, have everybody choose another.',
      command: 'npm run ir:notify -- --all --template FILE; npm run user -- reset --email …',
    }),
    {
      what: 'AUDIT_KEY: only if it was stolen itself. It is not rotated: verify the old log first, then begin a new one.',
      command: 'npm run audit:verify -- --checkpoints FILE (docs/AUDIT.md: when the key is lost, or stolen)',
    },
    {
      what: 'The key of the TLS certificate, where it was on the same machine: revoke the certificate and get another.',
      command: 'certbot revoke --cert-name … --reason keycompromise',
    },
  ];
}

function sealings({ credentialKeys, sealedRecords }: RotationFacts): string {
  return listSealingKeys(credentialKeys, sealedRecords)
    .map(({ id, standing, records }) => `${id}, ${standing}: ${records} sealed`)
    .join('; ');
}

function when(isSo: boolean, step: RotationStep): readonly RotationStep[] {
  return isSo ? [step] : [];
}
