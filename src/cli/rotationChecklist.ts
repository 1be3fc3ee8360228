import { listSealingKeys, type ConfiguredSealing } from './sealingKeys';

/** What there is that a thief may have, and that no command of ours can replace. */
export interface RotationFacts {
  /** Of CREDENTIAL_KEYS. */
  readonly credentialKeys: ConfiguredSealing;
  /** Whether the first of them is this server's own. */
  readonly sealsItself: boolean;
  /** Those of them that this server holds itself. */
  readonly ownKeys: readonly string[];
  /** Those of them that Vault keeps. */
  readonly transitKeys: readonly { readonly mount: string; readonly name: string }[];
  /** By the id of the key that seals them. */
  readonly sealedRecords: ReadonlyMap<string, number>;
  /** Keys of exchanges that are in use, by exchange. */
  readonly exchangeKeys: ReadonlyMap<string, number>;
  /** API keys that are still good. */
  readonly apiKeys: number;
  /** Of users who are let in. */
  readonly secondFactors: number;
  readonly hasVault: boolean;
  /** Settings that a secret manager holds: Vault, AWS or Google. */
  readonly managedSecrets: readonly string[];
  /** Secrets that stand in the environment: another value is taken at a start alone. */
  readonly environmentSecrets: readonly string[];
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
      what: `CREDENTIAL_KEYS (${sealings(facts)}): put a new key in front of the others${taking(facts, 'CREDENTIAL_KEYS')}, and take the older ones out once none of them seals anything. A copy of the database from before still opens with an older one: replace what it sealed as well.`,
      command: 'openssl rand -base64 32; then npm run credentials:keys, which counts what each of them seals',
    }),
    ...when(!facts.sealsItself && facts.ownKeys.length > 0, {
      what: `CREDENTIAL_KEYS holds ${facts.ownKeys.join(', ')} beside Vault's key: take that out once it seals nothing (${sealings(facts)})${taking(facts, 'CREDENTIAL_KEYS')}. A copy of the database from before still opens with it: replace what it sealed as well.`,
      command: 'npm run credentials:keys, which counts what each of them seals; then the settings',
    }),
    ...facts.transitKeys.map(({ mount, name }) => ({
      what: `The key ${name} that Vault keeps (${sealings(facts)}): rotate it there, and retire its older versions (min_decryption_version) once none of them seals anything. Nobody has the key itself, but whoever could sign in there as this server could unwrap with it.`,
      command: `vault write -f ${mount}/keys/${name}/rotate; then npm run credentials:keys`,
    })),
    ...when(facts.hasVault, {
      what: 'What signs in to Vault (VAULT_TOKEN, VAULT_SECRET_ID or VAULT_JWT): revoke it there, with every token that it gave, and give the server another.',
      command: 'vault token revoke …; vault write -f auth/approle/role/…/secret-id; then the settings',
    }),
    ...when(facts.managedSecrets.length > 0, {
      what: `What signs in to the secret manager (of AWS, Google or Vault) that holds ${facts.managedSecrets.join(', ')}: whoever has it reads each of them. Revoke it there and give the server another, before the values themselves are replaced in it.`,
      command:
        'aws iam delete-access-key …; gcloud iam service-accounts keys delete …; Vault: as above (docs/SECRETS.md)',
    }),
    ...when(facts.secondFactors > 0, {
      what: `${facts.secondFactors} second factors are sealed in the database, and CREDENTIAL_KEYS open them: whoever has both makes codes. Where both were stolen, take each away, admins first, together with the password; they enroll another.`,
      command: 'npm run user -- reset --email …; npm run user -- reset-mfa --email …',
    }),
    ...when(facts.apiKeys > 0, {
      what: `${facts.apiKeys} API keys are still good: their owners make others, or all are ended now.`,
      command: 'npm run ir:revoke -- --all --api-keys --yes',
    }),
    ...when(facts.hasOwnDatabase, {
      what: `The password of the database's ${facts.hasOwnerRole ? 'two roles (DATABASE_URL, MIGRATION_DATABASE_URL)' : 'role (DATABASE_URL)'}: set it in the settings and there${taking(facts, 'DATABASE_URL')}.`,
      command: "psql -c '\\password tickgate_server'",
    }),
    ...when(facts.hasRedis, {
      what: `The password of Redis (REDIS_URL): set it in the settings and there${taking(facts, 'REDIS_URL')}.`,
      // Of the containers' Redis nobody may say ACL SETUSER.
      command:
        'scripts/generate-secrets.sh --rotate, which replaces the other passwords as well (docs/DEPLOYMENT.md, "Other secrets"); then docker compose -f docker/compose.yaml restart redis. Where the Redis is your own: the hash into its aclfile and a restart (docs/ACCESS.md), or redis-cli ACL SETUSER tickgate resetpass "#<sha256>" and ACL SAVE, as a user of yours who may',
    }),
    ...when(facts.hasMailServer, {
      what: `The password of the mail server (SMTP_URL), and whatever it has sent in our name: set it there and in the settings${taking(facts, 'SMTP_URL')}.`,
      command: 'at the mail server; then the settings',
    }),
    {
      what: facts.hasPeppers
        ? `PASSWORD_PEPPERS: put a new one in front${taking(facts, 'PASSWORD_PEPPERS')}; each password is hashed anew at its next sign-in. With the database stolen too, void each password, and have everybody choose another.`
        : 'Password hashes: without PASSWORD_PEPPERS a copy of the database alone is enough to guess at them. Void each password, and have everybody choose another, there and wherever else they use it; set PASSWORD_PEPPERS.',
      command: 'npm run ir:notify -- --all --template FILE; npm run user -- reset --email …',
    },
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

/** How nodes come by another value: files and managers are read again while they run. */
function taking({ environmentSecrets }: RotationFacts, name: string): string {
  return environmentSecrets.includes(name)
    ? ', then restart every node'
    : ' (every node takes it within a minute: GET /health on the metrics port says whether)';
}

function when(isSo: boolean, step: RotationStep): readonly RotationStep[] {
  return isSo ? [step] : [];
}
