import {
  defaultFieldResolver,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import type { PermissionTable, StreamScope } from './permissions';

/** Directives that depend on variables alone. */
const knownDirectives = new Set(['include', 'skip']);

/** What a subscription's field does with an event that can be shared: nothing. */
export function giveEvent(event: unknown): unknown {
  return event;
}

export interface ScopeQuestion {
  /** The schema as it was built, before guards were put around its fields. */
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
  /** A valid subscription. */
  readonly document: DocumentNode;
}

/**
 * Whom a subscription's events are the same for: the narrowest of all that it selects; null where they must be executed
 * for each reader. Sharing has to be declared: what the table says nothing about belongs to its user, and a field below
 * the root with code of its own, which could look at the reader, is never shared.
 */
export function streamScopeOf({ schema, table, document }: ScopeQuestion): StreamScope | null {
  const rootName = schema.getSubscriptionType()?.name ?? '';
  const typeInfo = new TypeInfo(schema);
  const scopes = new Set<StreamScope | null>();
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Field: ({ name, selectionSet }) => {
        if (name.value.startsWith('__')) return;
        const parent = typeInfo.getParentType();
        const field = typeInfo.getFieldDef();
        if (parent?.name === rootName) {
          const shared = table.roots[rootName]?.[name.value]?.shared ?? null;
          scopes.add(field?.resolve === giveEvent ? shared : null);
        } else if ((field?.resolve ?? defaultFieldResolver) !== defaultFieldResolver) {
          scopes.add(null);
        }
        if (selectionSet !== undefined) scopes.add(table.objectTypes[typeNameOf(field?.type)]?.shared ?? 'user');
      },
      Directive: ({ name }) => {
        if (!knownDirectives.has(name.value)) scopes.add(null);
      },
    }),
  );
  if (scopes.size === 0 || scopes.has(null)) return null;
  return scopes.has('user') ? 'user' : 'public';
}

/** The name of a type without the marks of lists and of what is never null. */
function typeNameOf(type: unknown): string {
  return String(type).replace(/[[\]!]/g, '');
}
