import { keys } from '../../src/config/keys';
import type { KeyDefinition } from '../../src/config/keyDefinition';
import { textOf, type Deployment } from './deployment';

/** One thing that containers must have or must not have. */
export interface Rule {
  /** Stable: reports and tests name it. */
  readonly name: string;
  /** What it keeps from happening. */
  readonly reason: string;
  /** The breaches: a sentence each, that says where. */
  readonly find: (deployment: Deployment) => readonly string[];
}

/** Of programs of others: PostgreSQL's, nginx's, whatever comes. */
const secretName = /PASSWORD|PASSWD|SECRET|TOKEN|(^|_)KEYS?(_|$)|CREDENTIAL/;

/** True where a variable is a secret by its name and holds it; not where it says in which file the secret is. */
export function holdsSecret(name: string, value: unknown): boolean {
  const known = (keys as Readonly<Record<string, KeyDefinition>>)[name];
  const isSecret = known === undefined ? secretName.test(name) : known.secret === true;
  return isSecret && !textOf(value).startsWith('/');
}

/** Ours is built here, and named by a digest where it is deployed; of others the tag says what it is and the digest which one. */
export function imageProblem(image: string): string | null {
  const [, tag, digest] =
    /^[a-z0-9.:/_-]+?(?::([\w][\w.-]*))?(?:@sha256:([0-9a-f]{64}|unresolved))?$/.exec(image) ?? [];
  if (digest === undefined) return `${image} has no digest`;
  if (tag === 'latest') return `${image} is of no version`;
  return null;
}

/** What the image says itself (docker/Dockerfile), and what is Node's own. */
const toldByImage = ['NODE_ENV', 'HOST', 'DATA_DIR'];
const ofNode = ['NODE_ENV', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'];

/** What the server would say of these settings at its start. */
export function settingProblems(names: readonly string[]): readonly string[] {
  const definitions = Object.entries<KeyDefinition>(keys);
  const known = definitions.flatMap(([name]) => [name, `${name}_FILE`]);
  const unknown = names.filter(
    (name) => !known.includes(name) && !ofNode.includes(name) && !/^EXCHANGE_[A-Z_]+_URL$/.test(name),
  );
  const missing = definitions
    .filter(([name, { requiredInProduction }]) => requiredInProduction === true && !toldByImage.includes(name))
    .filter(([name]) => !names.includes(name) && !names.includes(`${name}_FILE`));
  return [
    ...unknown.map((name) => `${name} is no setting of this server`),
    ...missing.map(([name]) => `${name} is not set, and production needs it`),
  ];
}
