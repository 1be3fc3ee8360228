import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import {
  Kind,
  OperationTypeNode,
  validate,
  type ASTVisitor,
  type DocumentNode,
  type GraphQLSchema,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { ErrorCode } from '../errors/catalogue';
import { refusal } from '../errors/refusal';
import { limits } from './limits';
import { maxSelectionsRule } from './maxSelectionsRule';

/** How the armor rules report. Thrown instead, Apollo would answer 500 and graphql-ws would close the socket. */
function reportAs(
  code: ErrorCode,
  message: string,
): { onReject: [(context: ValidationContext | null) => void]; propagateOnRejection: false } {
  return { onReject: [(context) => context?.reportError(refusal(code, message))], propagateOnRejection: false };
}

const { document } = limits;

/** One operation a document: several would be a batch in disguise. */
function oneOperationRule(context: ValidationContext): ASTVisitor {
  return {
    Document(node) {
      const operations = node.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
      if (operations.length > document.maxOperations) {
        context.reportError(refusal('BATCH_REFUSED', 'Send one operation a document.'));
      }
    },
  };
}

/** A subscription whose only field is left out has nothing to subscribe to; graphql-js fails over it instead of refusing it. */
function noConditionalSubscriptionRule(context: ValidationContext): ASTVisitor {
  const isConditional = (selectionSet: SelectionSetNode, seen: ReadonlySet<string>): boolean =>
    selectionSet.selections.some((selection) => {
      if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include') === true)
        return true;
      if (selection.kind === Kind.FIELD) return false;
      if (selection.kind === Kind.INLINE_FRAGMENT) return isConditional(selection.selectionSet, seen);
      const fragment = seen.has(selection.name.value) ? null : context.getFragment(selection.name.value);
      return fragment != null && isConditional(fragment.selectionSet, new Set([...seen, selection.name.value]));
    });
  return {
    OperationDefinition(node) {
      if (node.operation !== OperationTypeNode.SUBSCRIPTION || !isConditional(node.selectionSet, new Set())) return;
      context.reportError(
        refusal('GRAPHQL_VALIDATION_FAILED', 'The field of a subscription cannot be skipped or included.'),
      );
    },
  };
}

/** GraphQL's own rule compares every two fields of one name with each other. */
function maxRepetitionsRule(context: ValidationContext): ASTVisitor {
  return {
    SelectionSet(node) {
      const counts = new Map<string, number>();
      for (const selection of node.selections) {
        if (selection.kind !== Kind.FIELD) continue;
        const name = (selection.alias ?? selection.name).value;
        const count = (counts.get(name) ?? 0) + 1;
        counts.set(name, count);
        if (count <= document.maxRepetitions) continue;
        const message = `The document asks for \`${name}\` more than ${document.maxRepetitions} times in one place.`;
        context.reportError(refusal('QUERY_TOO_COSTLY', message));
        return;
      }
    },
  };
}

// Levels are levels of fields: a fragment is no level of its own, however a client cuts its documents up.
const depthOptions = { flattenFragments: true } as const;

/** How many levels a document is deep, as the rule below counts them. */
export function depthOf(schema: GraphQLSchema, parsed: DocumentNode): number {
  let depth = 0;
  const onAccept = (_context: unknown, { n }: { readonly n: number }): void => {
    depth = Math.max(depth, n);
  };
  validate(schema, parsed, [maxDepthRule({ ...depthOptions, n: Number.POSITIVE_INFINITY, onAccept: [onAccept] })]);
  return depth;
}

/** What a document may look like, as validation rules: the same on HTTP and WebSocket, run beside the rules of GraphQL itself. */
export const documentRules: readonly ValidationRule[] = [
  oneOperationRule,
  maxSelectionsRule(document.maxSelections),
  maxRepetitionsRule,
  noConditionalSubscriptionRule,
  maxDepthRule({
    ...depthOptions,
    n: document.maxDepth,
    ...reportAs(
      'QUERY_TOO_DEEP',
      `The document is nested deeper than ${document.maxDepth} levels. Ask in several documents.`,
    ),
  }),
  maxAliasesRule({
    n: document.maxAliases,
    ...reportAs(
      'QUERY_TOO_MANY_ALIASES',
      `The document uses more than ${document.maxAliases} aliases. Ask in several documents.`,
    ),
  }),
  maxDirectivesRule({
    n: document.maxDirectives,
    ...reportAs('QUERY_TOO_MANY_DIRECTIVES', `The document uses more than ${document.maxDirectives} directives.`),
  }),
];
