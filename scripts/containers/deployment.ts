import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DockerfileParser, type Dockerfile } from 'dockerfile-ast';
import { parse, parseAllDocuments } from 'yaml';

export type Node = Readonly<Record<string, unknown>>;

/** A pod's template, as Deployments, StatefulSets and CronJobs have one. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly labels: Node;
  readonly pod: Node;
}

/** What is said of containers in docker/, read and not yet judged. */
export interface Deployment {
  readonly dockerfile: Dockerfile;
  /** Lines of .dockerignore that are neither blank nor a comment. */
  readonly ignored: readonly string[];
  readonly compose: Node;
  readonly services: Readonly<Record<string, Node>>;
  /** Every object of docker/kubernetes. */
  readonly manifests: readonly Node[];
  readonly workloads: readonly Workload[];
  /** Variables that nginx/templates are rendered with. */
  readonly templateVariables: readonly string[];
  /** Settings of docker/postgres/postgresql.conf: where a name stands twice, the last counts, as PostgreSQL has it. */
  readonly postgres: Readonly<Record<string, string>>;
}

/** Text of each file by its place in the project, so that a test can change one. */
export type Files = ReadonlyMap<string, string>;

export function readFiles(projectDir: string): Files {
  const below = (place: string): readonly string[] => {
    const dir = path.join(projectDir, place);
    return existsSync(dir) ? readdirSync(dir).map((name) => `${place}/${name}`) : [];
  };
  const places = [
    '.dockerignore',
    'docker/Dockerfile',
    'docker/compose.yaml',
    'docker/postgres/postgresql.conf',
    ...below('docker/kubernetes'),
    ...below('nginx/templates'),
  ];
  return new Map(places.map((place) => [place, readFileSync(path.join(projectDir, place), 'utf8')]));
}

export function readDeployment(files: Files): Deployment {
  const text = (place: string): string => files.get(place) ?? '';
  const among = (place: string): readonly string[] =>
    [...files].flatMap(([name, content]) => (name.startsWith(`${place}/`) ? [content] : []));
  const compose = nodeOf(parse(text('docker/compose.yaml'), { merge: true }));
  // kubectl reads YAML 1.1, where 0440 is octal.
  const manifests = among('docker/kubernetes').flatMap((content) =>
    parseAllDocuments(content, { version: '1.1' }).map((document) => nodeOf(document.toJS())),
  );
  return {
    dockerfile: DockerfileParser.parse(text('docker/Dockerfile')),
    ignored: text('.dockerignore')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
    compose,
    services: Object.fromEntries(Object.entries(nodeOf(compose['services'])).map(([name, of]) => [name, nodeOf(of)])),
    manifests,
    workloads: manifests.flatMap(workloadOf),
    templateVariables: [
      ...new Set(
        among('nginx/templates').flatMap((content) =>
          [...content.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name = '']) => name),
        ),
      ),
    ].sort(),
    postgres: Object.fromEntries(
      [...text('docker/postgres/postgresql.conf').matchAll(/^\s*(\w+)\s*(?:=|\s)\s*'?([^'#\n]*?)'?\s*(?:#.*)?$/gm)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    ),
  };
}

function workloadOf(manifest: Node): readonly Workload[] {
  const kind = String(manifest['kind']);
  if (!['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'].includes(kind)) return [];
  const spec = nodeOf(manifest['spec']);
  const template = nodeOf((kind === 'CronJob' ? nodeOf(nodeOf(spec['jobTemplate'])['spec']) : spec)['template']);
  return [
    {
      kind,
      name: String(nodeOf(manifest['metadata'])['name']),
      labels: nodeOf(nodeOf(template['metadata'])['labels']),
      pod: nodeOf(template['spec']),
    },
  ];
}

/** What is no mapping holds nothing. */
export function nodeOf(value: unknown): Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textsOf(value: unknown): readonly string[] {
  return listOf(value).map(textOf);
}

/** A word or a number as it stands in the file; empty for everything else. */
export function textOf(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}
