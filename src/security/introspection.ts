import { visit, BREAK, type DocumentNode } from 'graphql';
import { AppError } from '../errors/appError';
import { decideAccess, type AccessSettings } from './access';
import { schemaReading } from './permissions';
import type { RequestContext } from './requestContext';

export interface IntrospectionSettings extends AccessSettings {
  /** INTROSPECTION of the configuration: off in production, where the schema is for API keys alone. */
  readonly introspection: boolean;
}

/** Throws FORBIDDEN (or UNAUTHENTICATED) where the document reads the schema and the asker may not. */
export function assertIntrospectionAllowed(
  document: DocumentNode,
  context: RequestContext,
  settings: IntrospectionSettings,
): void {
  if (!readsSchema(document)) return;
  const decision = decideIntrospection(context, settings);
  if (decision !== true) throw decision;
}

/** True where the asker may read the schema, else the error to answer with. */
export function decideIntrospection(
  context: Pick<RequestContext, 'principal'>,
  settings: IntrospectionSettings,
): true | AppError {
  // Who makes a key that reads the schema means it to, in production too.
  const isByKey = context.principal !== null && context.principal.scopes !== null;
  if (settings.introspection || isByKey) return decideAccess(schemaReading, context, settings);
  return new AppError('FORBIDDEN', {
    publicMessage: 'Introspection is switched off here. The schema is published as schema/schema.graphql.',
  });
}

const known = new WeakMap<DocumentNode, boolean>();

/** The same for all who send the same document. */
function readsSchema(document: DocumentNode): boolean {
  const answer = known.get(document) ?? findsSchemaField(document);
  known.set(document, answer);
  return answer;
}

/** `__typename` reads nothing that the document does not know already. */
function findsSchemaField(document: DocumentNode): boolean {
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
