import {
  getOperationAST,
  getVariableValues,
  Kind,
  OperationTypeNode,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
} from 'graphql';
import type { PermissionTable, StreamScope } from '../security/permissions';
import { streamScopeOf } from '../security/streamScope';

/** What is known of a subscription before it runs; the same for all who send the same document. */
export interface SubscriptionPlan {
  /** Null where it is executed for each reader. */
  readonly scope: StreamScope | null;
  /** The one field that it reads. */
  readonly rootField: string;
  /** The document without what does not matter for its events: names, comments, `after`. */
  readonly text: string;
  /** The variables that its events depend on. */
  readonly variableNames: readonly string[];
}

export interface SubscriptionPlansParts {
  /** As it was built, before guards were put around its fields. */
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
}

/** Looks at each document once. */
export class SubscriptionPlans {
  readonly #plans = new WeakMap<DocumentNode, SubscriptionPlan | null>();

  constructor(private readonly parts: SubscriptionPlansParts) {}

  /** Null where the operation is no subscription. The document has been found valid, with one operation. */
  planOf(document: DocumentNode): SubscriptionPlan | null {
    const known = this.#plans.get(document);
    if (known !== undefined) return known;
    const plan = getOperationAST(document)?.operation === OperationTypeNode.SUBSCRIPTION ? this.#make(document) : null;
    this.#plans.set(document, plan);
    return plan;
  }

  /** Equal for requests that are sent the same events, whoever makes them; within the plan's scope. */
  groupKeyOf(plan: SubscriptionPlan, document: DocumentNode, variables: Readonly<Record<string, unknown>>): string {
    const definitions = getOperationAST(document)?.variableDefinitions ?? [];
    const { coerced } = getVariableValues(this.parts.schema, definitions, variables);
    // A variable that is not given is left out: an argument may take null for something else.
    const given = plan.variableNames.map((name) => [name, coerced?.[name]] as const);
    return `${plan.text}\n${JSON.stringify(Object.fromEntries(given))}`;
  }

  #make(document: DocumentNode): SubscriptionPlan {
    const { schema } = this.parts;
    const rootName = schema.getSubscriptionType()?.name;
    const typeInfo = new TypeInfo(schema);
    const names = new Set<string>();
    let rootField = '';
    const bare = visit(
      document,
      visitWithTypeInfo(typeInfo, {
        Field: (node) => {
          if (typeInfo.getParentType()?.name !== rootName) return undefined;
          rootField = node.name.value;
          return { ...node, arguments: (node.arguments ?? []).filter(({ name }) => name.value !== 'after') };
        },
      }),
    );
    visit(bare, {
      VariableDefinition: () => false,
      Variable: ({ name }) => {
        names.add(name.value);
      },
    });
    return {
      scope: streamScopeOf({ ...this.parts, document }),
      rootField,
      text: textOf(bare),
      variableNames: [...names].sort(),
    };
  }
}

/** Selections and fragments; the order of fragments does not matter. */
function textOf(document: DocumentNode): string {
  const operation = getOperationAST(document);
  const fragments = document.definitions
    .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
    .map((fragment) => print(fragment))
    .sort();
  return [operation === null || operation === undefined ? '' : print(operation.selectionSet), ...fragments].join('\n');
}
