import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../makeFolders';
import { StorageError, reasonOf } from '../storageError';
import { chooseServerUser, mayEnter, type ServerUser } from './serverUser';

/** Where the embedded PostgreSQL lives and as whom. */
export interface Place {
  /** Holds the cluster and what belongs beside it (lock, log). */
  readonly root: string;
  /** The cluster: PostgreSQL's own data folder. */
  readonly clusterDir: string;
  readonly user: ServerUser;
  /** True where the data folder is closed to `user`, so that the cluster is elsewhere. */
  readonly isElsewhere: boolean;
}

export interface PlaceOptions {
  readonly dataDir: string;
  readonly isRoot: boolean;
  /** Where data and programs go that the unprivileged user could not reach otherwise: made here, open to enter. */
  readonly sharedRoot: string;
}

const pointerName = 'postgres.elsewhere';

/** Chooses the place, the same one at every start, and makes its folders. Throws StorageError where they cannot be made or used. */
export function preparePlace(options: PlaceOptions): Place {
  const { dataDir, isRoot } = options;
  // As root the folder stays open to enter, though not to list: the database's user has to pass through it.
  makeFolder(dataDir, isRoot ? 0o711 : 0o700);
  const pointed = readPointer(dataDir);
  const root = pointed ?? dataDir;
  const user = chooseServerUser({ isRoot, dataDir: path.join(root, 'postgres') });
  if (pointed === null && isRoot && !mayEnter(dataDir, user)) return moveElsewhere({ ...options, user });
  makeFolder(root, isRoot ? 0o711 : 0o700);
  return describePlace({ root, user, isElsewhere: pointed !== null });
}

function moveElsewhere(options: PlaceOptions & { readonly user: ServerUser }): Place {
  const { dataDir, sharedRoot } = options;
  const mark = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16);
  const root = path.join(sharedRoot, mark);
  makeSharedRoot(sharedRoot);
  makeFolder(root, 0o711);
  const user = chooseServerUser({ isRoot: options.isRoot, dataDir: path.join(root, 'postgres') });
  if (!mayEnter(root, user)) {
    throw new StorageError(
      `PostgreSQL does not run as root, and its user (uid ${user?.uid ?? 0}) can enter neither ${dataDir} nor ${root}. Set DATA_DIR to a folder that it can enter.`,
    );
  }
  writeFileSync(path.join(dataDir, pointerName), `${root}\n`, { mode: 0o600 });
  return describePlace({ root, user, isElsewhere: true });
}

function describePlace(found: Pick<Place, 'root' | 'user' | 'isElsewhere'>): Place {
  const clusterDir = path.join(found.root, 'postgres');
  const stat = statSync(clusterDir, { throwIfNoEntry: false });
  const ownUid = process.getuid?.();
  if (found.user === null && stat !== undefined && ownUid !== undefined && stat.uid !== ownUid) {
    throw new StorageError(
      `${clusterDir} belongs to uid ${stat.uid}, and this process runs as uid ${ownUid}. Start as that user, or give the folder back with "chown -R ${ownUid} ${clusterDir}".`,
    );
  }
  return { ...found, clusterDir };
}

/** Makes the folder for programs and data of checkouts that the database's user cannot enter. */
export function makeSharedRoot(sharedRoot: string): string {
  makeFolder(sharedRoot, 0o755);
  return sharedRoot;
}

/** Makes a folder with exactly this mode; one that is there already keeps its own. */
function makeFolder(folder: string, mode: number): void {
  try {
    if (existsSync(folder)) return;
    makeFolders(folder, mode);
    chmodSync(folder, mode);
  } catch (error) {
    throw new StorageError(
      `The folder ${folder} cannot be made (${reasonOf(error)}). Set DATA_DIR to a folder that can be written.`,
      {
        cause: error,
      },
    );
  }
}

/** Gives a file or folder of ours to the database's user. */
export function giveTo(user: ServerUser, file: string): void {
  if (user !== null) chownSync(file, user.uid, user.gid);
}

function readPointer(dataDir: string): string | null {
  const file = path.join(dataDir, pointerName);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}
