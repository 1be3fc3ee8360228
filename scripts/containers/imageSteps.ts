import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Copy, JSONInstruction, type Instruction } from 'dockerfile-ast';
import type { Deployment } from './deployment';

/** What an image is: its files, and how it is started. */
export interface RehearsedImage {
  /** Holds what would be the image's root. */
  readonly root: string;
  readonly workDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/** The stage that the image is made of has no name. */
const lastStage = 'last';

export interface Builder {
  /** Whom the commands of RUN run as: they need no root. */
  readonly uid: number;
  /** Program → what is run in its place, e.g. npm by a certain Node. */
  readonly programs: Readonly<Record<string, readonly string[]>>;
  readonly environment: Readonly<Record<string, string>>;
}

/** Copies what .dockerignore lets into a build. It has to begin with "*", which a rule holds; so only what is named goes in. */
export function copyContext(projectDir: string, { ignored }: Deployment, target: string): void {
  for (const line of ignored.filter((entry) => entry.startsWith('!'))) {
    const name = line.slice(1);
    const source = path.join(projectDir, name);
    if (existsSync(source)) cpSync(source, path.join(target, name), { recursive: true });
  }
}

/** Takes the steps of the Dockerfile, each stage in a folder of its own below dir. No base image is there: only what the steps themselves do. */
export async function takeSteps(
  { dockerfile }: Deployment,
  {
    context,
    dir,
    builder,
    say,
  }: {
    readonly context: string;
    readonly dir: string;
    readonly builder: Builder;
    readonly say: (line: string) => void;
  },
): Promise<RehearsedImage> {
  const stages = new Map<string, string>();
  let image: RehearsedImage = emptyImage(dir);
  for (const instruction of dockerfile.getInstructions()) {
    const content = instruction.getArgumentsContent() ?? '';
    switch (instruction.getKeyword()) {
      case 'FROM': {
        const [, name = lastStage] = /\bAS\s+(\S+)/i.exec(content) ?? [];
        image = emptyImage(path.join(dir, `stage-${name}`));
        mkdirSync(image.root);
        chownSync(image.root, builder.uid, builder.uid);
        stages.set(name, image.root);
        break;
      }
      case 'WORKDIR':
        image = { ...image, workDir: content };
        mkdirSync(path.join(image.root, content), { recursive: true });
        chownSync(path.join(image.root, content), builder.uid, builder.uid);
        break;
      case 'COPY':
        if (instruction instanceof Copy) copy(instruction, { image, stages, context, uid: builder.uid });
        break;
      case 'RUN':
        await runStep(wordsOf(instruction), { image, builder, say });
        break;
      case 'ENV':
        image = { ...image, environment: { ...image.environment, ...variablesOf(content) } };
        break;
      case 'USER':
        image = { ...image, user: content };
        break;
      case 'ENTRYPOINT':
        image = { ...image, entrypoint: wordsOf(instruction) };
        break;
      case 'CMD':
        image = { ...image, command: wordsOf(instruction) };
        break;
      case 'HEALTHCHECK':
        image = { ...image, healthcheck: JSON.parse(/CMD\s+(\[.*\])/.exec(content)?.[1] ?? '[]') as string[] };
        break;
      default:
    }
  }
  return image;
}

function emptyImage(root: string): RehearsedImage {
  return { root, workDir: '/', environment: {}, user: '0:0', entrypoint: [], command: [], healthcheck: [] };
}

function copy(
  instruction: Copy,
  {
    image,
    stages,
    context,
    uid,
  }: {
    readonly image: RehearsedImage;
    readonly stages: ReadonlyMap<string, string>;
    readonly context: string;
    readonly uid: number;
  },
): void {
  const flag = (name: string): string | undefined =>
    instruction
      .getFlags()
      .find((found) => found.getName() === name)
      ?.getValue() ?? undefined;
  const from = flag('from');
  const base = from === undefined ? context : (stages.get(from) ?? '');
  const words = instruction.getArguments().map((argument) => argument.getValue());
  const [sources, to = ''] = [words.slice(0, -1), words.at(-1)];
  const target = path.resolve('/', image.workDir, to);
  for (const source of sources) {
    const place = path.join(base, source);
    // A folder's content is copied, a file into the folder that is named with a slash.
    const isInto = statSync(place).isFile() && (to.endsWith('/') || sources.length > 1);
    const end = path.join(image.root, isInto ? path.join(target, path.basename(source)) : target);
    mkdirSync(path.dirname(end), { recursive: true });
    cpSync(place, end, { recursive: true, verbatimSymlinks: true });
    // In the stage that builds the builder owns the files, as root does in a container; in the last one root does here too.
    const owner = flag('chown') ?? (stages.has(lastStage) ? '0:0' : `${uid}:${uid}`);
    execFileSync('chown', ['-Rh', owner, end]);
  }
}

async function runStep(
  words: readonly string[],
  {
    image,
    builder,
    say,
  }: {
    readonly image: RehearsedImage;
    readonly builder: Builder;
    readonly say: (line: string) => void;
  },
): Promise<void> {
  const startedAt = Date.now();
  const [program = '', ...args] = words;
  const [command = '', ...before] = builder.programs[program] ?? [program];
  const child = spawn(command, [...before, ...args], {
    cwd: path.join(image.root, image.workDir),
    uid: builder.uid,
    gid: builder.uid,
    env: { ...builder.environment, ...image.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${String(status)}: ${complaint}`);
  say(`RUN ${words.join(' ')} (${Math.round((Date.now() - startedAt) / 1000)} s)`);
}

function wordsOf(instruction: Instruction): readonly string[] {
  if (!(instruction instanceof JSONInstruction)) return [];
  return instruction.getJSONStrings().map((word) => JSON.parse(word.getValue()) as string);
}

function variablesOf(content: string): Readonly<Record<string, string>> {
  return Object.fromEntries(content.split(/\s+/).map((pair) => pair.split('=') as [string, string]));
}

/** Of glibc and of the compiler, as the distroless image has them beside those that Node itself is linked with. */
const libraries = ['librt.so.1', 'libdl.so.2', 'libpthread.so.0', 'libm.so.6', 'libresolv.so.2', 'libgcc_s.so.1'];

/** Node, and the libraries of the system, where the distroless image has them. */
export function addNode(root: string, node: string): void {
  const target = path.join(root, 'nodejs/bin/node');
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(node, target);
  chmodSync(target, 0o755);
  const linked = [...execFileSync('ldd', [node], { encoding: 'utf8' }).matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(
    ([, file = '']) => file,
  );
  const libDir = path.dirname(linked.find((file) => path.basename(file) === 'libc.so.6') ?? '/lib/libc.so.6');
  const besides = libraries.map((name) => path.join(libDir, name)).filter((file) => existsSync(file));
  for (const file of new Set([...linked, ...besides])) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    cpSync(file, path.join(root, file), { dereference: true });
  }
}

/** What is in a tree: how many files, how much, and those that must not be there. */
export function inspectTree(
  root: string,
  isForbidden: (file: string) => boolean,
): {
  readonly files: number;
  readonly bytes: number;
  readonly forbidden: readonly string[];
} {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => path.join(entry.parentPath, entry.name));
  return {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    forbidden: files.map((file) => `/${path.relative(root, file)}`).filter(isForbidden),
  };
}
