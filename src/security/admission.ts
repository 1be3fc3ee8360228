import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql';
import { AppError } from '../errors/appError';
import { toGraphqlError } from '../errors/graphqlError';
import { asParseError } from '../errors/parseError';
import { withoutValues } from '../errors/withoutValues';
import { callerOf } from './costLimiter';
import { assessCost, countCost } from './documentCost';
import { documentRules } from './documentRules';
import { assertIntrospectionAllowed, type IntrospectionSettings } from './introspection';
import { limits } from './limits';
import { aloneRule } from './aloneRule';
import type { PermissionTable } from './permissions';
import type { RequestContext } from './requestContext';
import { streamableRule } from './streamableRule';
import type { TrustedOperations } from './trustedOperations';

export interface AdmissionParts {
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
  readonly settings: IntrospectionSettings;
  readonly trustedOperations: TrustedOperations;
}

export interface Operation {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
}

export const parseOptions = { maxTokens: limits.document.maxTokens } as const;
const validationOptions = { maxErrors: limits.document.maxErrors } as const;

/**
 * What an operation must pass before anything of it runs, the same on both transports, in this order:
 *   1 size of text and variables                                          assertText
 *   2 tokens and syntax                                                   parse (over HTTP Apollo's own, with parseOptions)
 *   3 trusted operations                                                  refusalsOf
 *   4 shape: one operation, selections, depth, aliases, directives            "
 *   5 the rules of GraphQL and of the schema                                  "
 *   6 the kind of operation that this transport carries                       "
 *   7 introspection                                                           "
 *   8 cost, with variables                                                    "  (charged with the first field that is asked for)
 * Each step bounds what the next one may take: the rules of GraphQL compare fields with each other, and run only on
 * documents whose shape has been found acceptable. Where operations are trusted, the others are refused before anything is told of the schema.
 */
export class Admission {
  /** Documents that passed the steps 4 and 5; these do not depend on who asks. */
  readonly #valid = new WeakSet<DocumentNode>();
  /** What a document was last found to cost within which limit and with what variables: many readers ask for the same. */
  readonly #affordable = new WeakMap<DocumentNode, { readonly asked: string; readonly cost: number }>();
  /** The ones that were parsed here, by their text, in the order of last use. */
  readonly #documents = new Map<string, DocumentNode>();

  readonly #shapeRules: readonly ValidationRule[];

  constructor(private readonly parts: AdmissionParts) {
    this.#shapeRules = [...documentRules, aloneRule(parts.table), streamableRule(parts.table)];
  }

  /** Throws QUERY_TOO_LARGE, GRAPHQL_PARSE_FAILED for nothing at all, BAD_USER_INPUT for a number that is none. */
  assertText(query: string, variables: unknown): void {
    const { maxBytes, maxVariablesBytes, maxVariablesDepth } = limits.document;
    if (query.trim() === '') throw new AppError('GRAPHQL_PARSE_FAILED', { publicMessage: 'The document is empty.' });
    if (Buffer.byteLength(query) > maxBytes) {
      throw new AppError('QUERY_TOO_LARGE', { publicMessage: `The document is larger than ${maxBytes} bytes.` });
    }
    if (isDeeperThan(maxVariablesDepth, variables)) {
      throw new AppError('QUERY_TOO_LARGE', {
        publicMessage: `The variables are nested deeper than ${maxVariablesDepth} levels.`,
      });
    }
    if (holdsEndlessNumber(variables)) {
      throw new AppError('BAD_USER_INPUT', { publicMessage: 'A number of the variables is too large for any number.' });
    }
    if (variables != null && Buffer.byteLength(JSON.stringify(variables)) > maxVariablesBytes) {
      const publicMessage = `The variables are larger than ${maxVariablesBytes} bytes.`;
      throw new AppError('QUERY_TOO_LARGE', { publicMessage });
    }
  }

  /** Throws QUERY_TOO_LARGE for too many tokens, GRAPHQL_PARSE_FAILED. */
  parse(query: string): DocumentNode {
    const known = this.#documents.get(query);
    const document = known ?? parseText(query);
    this.#documents.delete(query);
    this.#documents.set(query, document);
    const [oldest] = this.#documents.keys();
    if (this.#documents.size > limits.document.maxRemembered && oldest !== undefined) this.#documents.delete(oldest);
    return document;
  }

  /** Why the operation may not run; empty where it may. Every error carries a code of the catalogue. */
  refusalsOf(document: DocumentNode, operation: Operation, context: RequestContext): readonly GraphQLError[] {
    try {
      this.parts.trustedOperations.assertTrusted(document);
      const errors = this.#validate(document);
      if (errors.length > 0) return errors;
      this.#assertAllowed(document, operation, context);
      return [];
    } catch (error) {
      if (error instanceof AppError) return [toGraphqlError(error)];
      throw error;
    }
  }

  /** By the permission table; null where the document is not valid or a variable does not fit, so that it cannot be said. */
  costOf(document: DocumentNode, operation: Operation): number | null {
    if (this.#validate(document).length > 0) return null;
    const { schema, table } = this.parts;
    try {
      return countCost({ schema, table, document, ...operation });
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  #validate(document: DocumentNode): readonly GraphQLError[] {
    if (this.#valid.has(document)) return [];
    const { schema } = this.parts;
    for (const rules of [this.#shapeRules, specifiedRules]) {
      const errors = validate(schema, document, rules, validationOptions);
      if (errors.length > 0) return errors.map(asValidationError);
    }
    this.#valid.add(document);
    return [];
  }

  #assertAllowed(document: DocumentNode, operation: Operation, context: RequestContext): void {
    const { schema, table, settings } = this.parts;
    assertCarried(getOperationAST(document, operation.operationName)?.operation, schema, context);
    assertIntrospectionAllowed(document, context, settings);
    const limit = limits.cost[callerOf(context)];
    const asked = `${limit} ${operation.operationName} ${JSON.stringify(operation.variables)}`;
    const known = this.#affordable.get(document);
    const cost = known?.asked === asked ? known.cost : assessCost({ schema, table, document, ...operation, limit });
    context.cost.units = cost;
    this.#affordable.set(document, { asked, cost });
  }
}

/** Level by level: what recurses, JSON.stringify included, runs out of stack on a value that is made for it. */
function isDeeperThan(maxDepth: number, value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? (Object.values(item) as unknown[]) : [],
    );
  }
  return false;
}

/** JSON can say 1e400, which is read as Infinity and written as null: what was judged for the one would then count for the other. */
function holdsEndlessNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsEndlessNumber);
}

function parseText(query: string): DocumentNode {
  try {
    return parse(query, parseOptions);
  } catch (cause) {
    throw asParseError(cause);
  }
}

/** Says that it is the document and not the server that is at fault; a rule of ours has said more exactly what. */
function asValidationError(error: GraphQLError): GraphQLError {
  const { message, nodes, extensions } = error;
  return new GraphQLError(withoutValues(message), {
    nodes: nodes ?? null,
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...extensions },
  });
}

/** Subscriptions run over the WebSocket alone, mutations over HTTP alone. */
function assertCarried(kind: OperationTypeNode | undefined, schema: GraphQLSchema, context: RequestContext): void {
  if (kind === undefined) {
    throw new AppError('BAD_USER_INPUT', { publicMessage: 'The document has no operation of that name.' });
  }
  const isOverSocket = context.transport === 'ws';
  if (kind === (isOverSocket ? OperationTypeNode.MUTATION : OperationTypeNode.SUBSCRIPTION)) {
    const rightTransport = isOverSocket ? 'HTTP POST' : 'WebSocket (graphql-transport-ws)';
    throw new AppError('BAD_USER_INPUT', { publicMessage: `Send a ${kind} over ${rightTransport}.` });
  }
  if (schema.getRootType(kind) === undefined) {
    // graphql-js validates a document of a kind that the schema does not have, and fails while executing it.
    throw new AppError('GRAPHQL_VALIDATION_FAILED', { publicMessage: `This endpoint has no ${kind}s.` });
  }
}
