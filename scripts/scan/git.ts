import { execFileSync } from 'node:child_process';

/** More than any list of files or any object that a repository of sources holds. */
const maxOutputBytes = 1024 * 1024 * 1024;

/** What git itself says of why it cannot. */
class GitError extends Error {
  constructor(
    message: string,
    readonly status: number | null,
  ) {
    super(message);
    this.name = 'GitError';
  }
}

/** Throws GitError. */
export function git(projectDir: string, args: readonly string[], input?: string): Buffer {
  // A hook of git that runs us says by variables which repository it is of: what we ask is about the folder that we are given.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  try {
    // Whose files they are does not matter: the scripts of this checkout are run already.
    return execFileSync('git', ['-c', `safe.directory=${projectDir}`, ...args], {
      cwd: projectDir,
      env,
      maxBuffer: maxOutputBytes,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    });
  } catch (cause) {
    const { code, stderr, status } = cause as {
      readonly code?: string;
      readonly stderr?: Buffer;
      readonly status?: number;
    };
    const said =
      code === 'ENOENT' ? 'is missing: apt-get install -y git' : (stderr?.toString().trim() ?? String(cause));
    throw new GitError(`git ${said}`, status ?? null);
  }
}

/** Files that a commit would hold: tracked ones, and those that are neither tracked nor ignored. */
export function listFiles(projectDir: string): string[] {
  const listed = git(projectDir, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']).toString();
  // A repository of its own inside this one, which no commit takes along, ends with a slash.
  return [...new Set(listed.split('\0'))].filter((file) => file !== '' && !file.endsWith('/'));
}

/** Those of the paths that .gitignore keeps out of a commit; what a person ignores on a machine of theirs does not count. */
export function ignoredAmong(projectDir: string, paths: readonly string[]): readonly string[] {
  const asked = ['-c', 'core.excludesFile=', 'check-ignore', '--no-index', '--stdin', '-z'];
  try {
    return git(projectDir, asked, paths.join('\0')).toString().split('\0');
  } catch (error) {
    // Its way of saying "none of them".
    if (error instanceof GitError && error.status === 1) return [];
    throw error;
  }
}

/** Everything that a push would send: blobs, commits and annotated tags that a branch, a tag or the stash reaches. */
export interface GitObject {
  readonly id: string;
  readonly kind: 'blob' | 'commit' | 'tag';
  /** One of the paths that the blob has had. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** Objects are read so many bytes at a time, that a large history does not have to fit into memory. */
const batchBytes = 32 * 1024 * 1024;

export function* readHistory(projectDir: string): Generator<GitObject> {
  const listed = git(projectDir, ['rev-list', '--objects', '--all']).toString();
  const format = '%(objectname) %(objecttype) %(objectsize) %(rest)';
  const described = git(projectDir, ['cat-file', `--batch-check=${format}`], listed);
  let batch: Omit<GitObject, 'bytes'>[] = [];
  let size = 0;
  for (const line of described.toString().split('\n')) {
    const [, id, kind, bytes, path] = /^(\w+) (blob|commit|tag) (\d+) ?(.*)$/.exec(line) ?? [];
    if (id === undefined) continue;
    batch.push({ id, kind: kind as GitObject['kind'], path: path ?? '' });
    size += Number(bytes);
    if (size < batchBytes) continue;
    yield* readObjects(projectDir, batch);
    batch = [];
    size = 0;
  }
  yield* readObjects(projectDir, batch);
}

function* readObjects(projectDir: string, objects: readonly Omit<GitObject, 'bytes'>[]): Generator<GitObject> {
  const output = git(projectDir, ['cat-file', '--batch'], objects.map(({ id }) => `${id}\n`).join(''));
  let offset = 0;
  for (const object of objects) {
    const endOfHeader = output.indexOf(0x0a, offset);
    const length = Number(output.toString('latin1', offset, endOfHeader).split(' ')[2]);
    const start = endOfHeader + 1;
    yield { ...object, bytes: output.subarray(start, start + length) };
    offset = start + length + 1;
  }
}

/** The oldest commit that brought an object in, for people who want to look at it. */
export function commitOf(projectDir: string, { id, kind }: GitObject): string {
  if (kind !== 'blob') return id;
  const commits = git(projectDir, ['log', '--all', '--reverse', '--format=%H', `--find-object=${id}`]).toString();
  return commits.split('\n')[0] ?? '';
}

/** Every path that a file ever had: of two with the same content readHistory knows one. */
export function everyPath(projectDir: string): string[] {
  const added = ['log', '--all', '-m', '--no-renames', '--diff-filter=A', '--name-only', '--format=', '-z'];
  const listed = git(projectDir, added).toString().split('\0');
  return [...new Set(listed)].filter((file) => file !== '');
}

/** The commit that first had a path. */
export function firstCommitOf(projectDir: string, file: string): string {
  const commits = git(projectDir, ['log', '--all', '--reverse', '--format=%h', '--', file]).toString();
  return `commit ${commits.split('\n')[0] ?? ''}`;
}
