import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from './storageError';

/**
 * Makes a folder and those above it that are missing, each with this mode (as the umask leaves it). One that is there is left as it is.
 * Throws the failure of the system. Level by level: Node's own recursive way never ends below a folder such as
 * /proc, where making anything fails with ENOENT.
 */
export function makeFolders(folder: string, mode: number): void {
  if (existsSync(folder)) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolders(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it in the meantime.
    if (codeOf(error) !== 'EEXIST' || !existsSync(folder)) throw error;
  }
}
