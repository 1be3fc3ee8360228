import { createHash } from 'node:crypto';
import { print, type DocumentNode } from 'graphql';
import { AppError } from '../errors/appError';

/** OPERATIONS=trusted: only the documents that this build knows may run. OPERATIONS=open: any. */
export class TrustedOperations {
  readonly #hashes: ReadonlySet<string> | null;

  /** documents: the ones to trust, or null to trust any. */
  constructor(documents: readonly DocumentNode[] | null) {
    this.#hashes = documents === null ? null : new Set(documents.map(hashOf));
  }

  /** Throws OPERATION_NOT_TRUSTED. White space and comments make no difference. */
  assertTrusted(document: DocumentNode): void {
    if (this.#hashes !== null && !this.#hashes.has(hashOf(document))) throw new AppError('OPERATION_NOT_TRUSTED');
  }
}

function hashOf(document: DocumentNode): string {
  return createHash('sha256').update(print(document)).digest('hex');
}
