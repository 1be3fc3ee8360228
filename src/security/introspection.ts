import { visit, BREAK, type DocumentNode } from 'graphql';
import { AppError } from '../errors/appError';
import { decideAccess, type AccessSettings } from './access';
import type { RequestContext } from './requestContext';

export interface IntrospectionSettings extends AccessSettings {
  /** INTROSPECTION of the configuration: off in production. */
  readonly introspection: boolean;
}

/** Throws FORBIDDEN (or UNAUTHENTICATED) where the document reads the schema and the asker may not. */
export function assertIntrospectionAllowed(
  document: DocumentNode,
  context: RequestContext,
  settings: IntrospectionSettings,
): void {
  if (!readsSchema(document)) return;
  if (!settings.introspection) {
    throw new AppError('FORBIDDEN', {
      publicMessage: 'Introspection is switched off here. The schema is published as schema/schema.graphql.',
    });
  }
  const decision = decideAccess('schemaReaders', context, settings);
  if (decision !== true) throw decision;
}

/** `__typename` reads nothing that the document does not know already. */
function readsSchema(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field(node) {
      if (node.name.value !== '__schema' && node.name.value !== '__type') return undefined;
      found = true;
      return BREAK;
    },
  });
  return found;
}
