import type { ManagerSettings } from '../secrets/secretManagers';
import type { VaultAuth } from '../secrets/vault/vaultToken';
import type { KeyDefinition, Mode } from './keyDefinition';
import { isLoopback } from './loopback';
import { baseUrl, secretText, text } from './valueTypes';

const path = text({ pattern: /^[\w-]+(\/[\w-]+)*$/, allowed: 'a path of Vault, without a slash at either end' });
const role = text({ pattern: /^[\w.-]{1,256}$/, allowed: 'up to 256 of A-Z a-z 0-9 _ . -' });

/**
 * How the managers of secrets are reached. What opens them comes from the environment or a file: it cannot come from them. AWS and Google
 * are reached as their own programs do it, by variables that are theirs.
 */
export const managerKeys = {
  VAULT_ADDR: {
    type: baseUrl(['https:', 'http:']),
    default: null,
    description:
      'HashiCorp Vault: references vault://mount/path#field are read from it, keys transit://mount/key seal there (docs/SECRETS.md).',
  },
  VAULT_CACERT: {
    type: text({ pattern: /^[^\0]{1,1024}$/, allowed: 'a file' }),
    default: null,
    description: 'Certificate of the authority (PEM) that signed that of Vault, where it is not a public one.',
  },
  VAULT_NAMESPACE: { type: path, default: null, description: 'Namespace of Vault Enterprise or HCP.' },
  VAULT_TOKEN: {
    type: secretText,
    default: null,
    secret: true,
    opensManager: true,
    holdsPassword: { in: 'text', minBits: 0 },
    description:
      'Token to use Vault with; renewed. Or: VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_ROLE and VAULT_JWT.',
  },
  VAULT_ROLE_ID: { type: role, default: null, description: 'AppRole to sign in to Vault with.' },
  VAULT_SECRET_ID: {
    type: secretText,
    default: null,
    secret: true,
    opensManager: true,
    holdsPassword: { in: 'text', minBits: 0 },
    description: 'Secret id of that AppRole.',
  },
  VAULT_ROLE: { type: role, default: null, description: 'Role of Vault to sign in to with VAULT_JWT.' },
  VAULT_JWT: {
    type: secretText,
    default: null,
    secret: true,
    opensManager: true,
    description: 'Token of the platform; in Kubernetes VAULT_JWT_FILE names that of the pod (docs/DEPLOYMENT.md).',
  },
  VAULT_AUTH_MOUNT: {
    type: path,
    default: null,
    description: 'Where Vault has that way of signing in; approle or kubernetes where it is not set.',
  },
  GOOGLE_SECRETS_URL: {
    type: baseUrl(['https:', 'http:']),
    default: 'https://secretmanager.googleapis.com',
    description: 'Google Secret Manager that references gcpsm://project/secret are read from; a region has its own.',
  },
} as const satisfies Readonly<Record<string, KeyDefinition>>;

export type ManagerKey = keyof typeof managerKeys;

/** readSecret: as it is now, for each sign-in. readFile: throws where it cannot be read. */
export interface ManagerSources {
  readonly mode: Mode;
  readonly value: (name: ManagerKey) => string | null;
  readonly isSet: (name: ManagerKey) => boolean;
  readonly readSecret: (name: ManagerKey) => ReturnType<Extract<VaultAuth, { method: 'token' }>['token']>;
  readonly readFile: (file: string) => string;
}

/** `problems`: sentences about settings that are right one by one and wrong together. */
export function toManagerSettings(sources: ManagerSources): {
  readonly settings: ManagerSettings;
  readonly problems: readonly string[];
} {
  const { mode, value, readFile } = sources;
  const google = { address: value('GOOGLE_SECRETS_URL') ?? managerKeys.GOOGLE_SECRETS_URL.default };
  const address = value('VAULT_ADDR');
  const problems = Object.entries({ VAULT_ADDR: address, GOOGLE_SECRETS_URL: google.address }).flatMap(([name, url]) =>
    mode === 'production' && url !== null && !isProtected(new URL(url))
      ? [`${name} is not encrypted: production needs https://, except on loopback.`]
      : [],
  );
  if (problems.length > 0) return { settings: { vault: null, google }, problems };
  if (address === null) return { settings: { vault: null, google }, problems: [] };
  const auth = authOf(sources);
  if (auth === null) return { settings: { vault: null, google }, problems: [authProblem] };
  const file = value('VAULT_CACERT');
  let ca: string | null;
  try {
    ca = file === null ? null : readFile(file);
  } catch {
    return { settings: { vault: null, google }, problems: [`VAULT_CACERT names a file that cannot be read: ${file}`] };
  }
  const vault = { address, ca, namespace: value('VAULT_NAMESPACE'), auth };
  return { settings: { vault, google }, problems: [] };
}

function isProtected(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url);
}

const authProblem =
  'VAULT_ADDR is set: set one way to sign in there as well, VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_ROLE and VAULT_JWT, and nothing of another; VAULT_AUTH_MOUNT goes with the latter two.';

/** Null where it is not one way, and whole: what is set and not used is a mistake. */
function authOf({ value, isSet, readSecret }: ManagerSources): VaultAuth | null {
  const mount = value('VAULT_AUTH_MOUNT');
  const roleId = value('VAULT_ROLE_ID');
  const role = value('VAULT_ROLE');
  const [hasToken, hasSecretId, hasJwt] = [isSet('VAULT_TOKEN'), isSet('VAULT_SECRET_ID'), isSet('VAULT_JWT')];
  const begun = [hasToken, roleId !== null || hasSecretId, role !== null || hasJwt];
  if (begun.filter(Boolean).length !== 1) return null;
  if (hasToken) return mount === null ? { method: 'token', token: () => readSecret('VAULT_TOKEN') } : null;
  if (roleId !== null && hasSecretId)
    return { method: 'approle', mount: mount ?? 'approle', roleId, secretId: () => readSecret('VAULT_SECRET_ID') };
  if (role !== null && hasJwt)
    return { method: 'jwt', mount: mount ?? 'kubernetes', role, jwt: () => readSecret('VAULT_JWT') };
  return null;
}
