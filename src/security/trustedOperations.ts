import { createHash } from 'node:crypto';
import { print, visit, type DocumentNode } from 'graphql';
import { AppError } from '../errors/appError';

/** OPERATIONS=trusted: only the documents that this build knows may run. OPERATIONS=open: any. */
export class TrustedOperations {
  readonly #hashes: ReadonlySet<string> | null;
  /** Documents that were found in the list: clients come back with the same. */
  readonly #found = new WeakSet<DocumentNode>();

  /** documents: the ones to trust, or null to trust any. */
  constructor(documents: readonly DocumentNode[] | null) {
    this.#hashes = documents === null ? null : new Set(documents.map(hashOf));
  }

  /**
   * White space, comments, where fragments stand and further `__typename` make no difference: clients with a cache add the latter to every
   * selection. Anything else does, the names of operations and the order of fields included. A document is one of the list as a whole:
   * none of it beside others.
   */
  isTrusted(document: DocumentNode): boolean {
    if (this.#hashes === null || this.#found.has(document)) return true;
    if (!this.#hashes.has(hashOf(document))) return false;
    this.#found.add(document);
    return true;
  }

  /** Throws OPERATION_NOT_TRUSTED. */
  assertTrusted(document: DocumentNode): void {
    if (!this.isTrusted(document)) throw new AppError('OPERATION_NOT_TRUSTED');
  }
}

function hashOf(document: DocumentNode): string {
  const definitions = withoutTypenames(document).definitions.map(print).sort();
  return createHash('sha256').update(definitions.join('\n')).digest('hex');
}

/** A plain `__typename` tells what the schema tells; one with an alias or a directive is the author's own. */
function withoutTypenames(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field: ({ name, alias, directives = [] }) =>
      name.value === '__typename' && alias === undefined && directives.length === 0 ? null : undefined,
  });
}
