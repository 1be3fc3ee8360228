import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../storage/makeFolders';
import { IdentityError } from './identityError';

const ownerOnly = 0o600;

/** The file's text, or null where there is none. */
export function readPrivateFile(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** Replaces the file as a whole, readable by its owner alone. Throws IdentityError where it cannot be written. */
export function replacePrivateFile(file: string, text: string): void {
  const draft = writeDraft(file, text);
  renameSync(draft, file);
}

/** Makes the file as a whole, or leaves the one that another process made first. Returns the text that is there in the end. */
export function keepPrivateFile(file: string, text: string): string {
  const draft = writeDraft(file, text);
  try {
    linkSync(draft, file);
    return text;
  } catch (error) {
    const found = readPrivateFile(file);
    if (found === null) throw error;
    return found;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(file: string, text: string): string {
  const draft = `${file}.${randomUUID()}`;
  try {
    makeFolders(path.dirname(file), 0o700);
    writeFileSync(draft, text, { mode: ownerOnly, flag: 'wx' });
    return draft;
  } catch (error) {
    const hasCode = typeof error === 'object' && error !== null && 'code' in error;
    throw new IdentityError(`${file} cannot be written (${hasCode ? String(error.code) : 'unknown failure'}).`, {
      cause: error,
    });
  }
}
