import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { AppError } from '../errors/appError';
import { asParseError } from '../errors/parseError';
import { assessCost } from './documentCost';
import { documentRules } from './documentRules';
import { assertIntrospectionAllowed, type IntrospectionSettings } from './introspection';
import { limits } from './limits';
import type { PermissionTable } from './permissions';
import type { RequestContext } from './requestContext';
import type { TrustedOperations } from './trustedOperations';

export interface AdmissionParts {
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
  readonly settings: IntrospectionSettings;
  readonly trustedOperations: TrustedOperations;
}

export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
}

/**
 * What an operation must pass before anything of it runs, in this order:
 *   1 size of text and variables   2 tokens and syntax   3 the schema's own rules, and depth, aliases, directives, one operation
 *   4 trusted operations           5 the kind of operation that this transport carries   6 introspection   7 cost, with variables
 * Both transports walk the same list. For the WebSocket `admit` does all of it; over HTTP Apollo does 2 and 3 with the same
 * limits and rules, and the plugin of `server/apollo.ts` calls the rest.
 */
export class Admission {
  constructor(private readonly parts: AdmissionParts) {}

  /** Step 1. Throws QUERY_TOO_LARGE, GRAPHQL_PARSE_FAILED for nothing at all. */
  assertText(query: string, variables: unknown): void {
    const { maxBytes, maxVariablesBytes } = limits.document;
    if (query.trim() === '') throw new AppError('GRAPHQL_PARSE_FAILED', { publicMessage: 'The document is empty.' });
    if (Buffer.byteLength(query) > maxBytes) {
      throw new AppError('QUERY_TOO_LARGE', { publicMessage: `The document is larger than ${maxBytes} bytes.` });
    }
    if (variables != null && Buffer.byteLength(JSON.stringify(variables)) > maxVariablesBytes) {
      throw new AppError('QUERY_TOO_LARGE', {
        publicMessage: `The variables are larger than ${maxVariablesBytes} bytes.`,
      });
    }
  }

  /** Steps 4 to 7, for a document that has been parsed and validated. Returns its cost. */
  assertAllowed(document: DocumentNode, operation: Omit<Operation, 'query'>, context: RequestContext): number {
    const { parts } = this;
    parts.trustedOperations.assertTrusted(document);
    assertCarried(getOperationAST(document, operation.operationName)?.operation, parts.schema, context);
    assertIntrospectionAllowed(document, context, parts.settings);
    return assessCost({
      schema: parts.schema,
      table: parts.table,
      document,
      operationName: operation.operationName,
      variables: operation.variables,
      isSignedIn: context.principal !== null,
    });
  }

  /** All seven steps. Returns the document, or the errors of step 3; throws AppError. */
  admit(operation: Operation, context: RequestContext): DocumentNode | readonly GraphQLError[] {
    this.assertText(operation.query, operation.variables);
    const document = parseDocument(operation.query);
    const errors = validate(this.parts.schema, document, [...specifiedRules, ...documentRules], validationOptions);
    if (errors.length > 0) return errors.map(asValidationError);
    this.assertAllowed(document, operation, context);
    return document;
  }
}

export const parseOptions = { maxTokens: limits.document.maxTokens } as const;
export const validationOptions = { maxErrors: limits.document.maxErrors } as const;

function parseDocument(query: string): DocumentNode {
  try {
    return parse(query, parseOptions);
  } catch (cause) {
    throw asParseError(cause);
  }
}

/** Says, as Apollo does over HTTP, that it is the document and not the server that is at fault. */
function asValidationError(error: GraphQLError): GraphQLError {
  const { message, nodes, extensions } = error;
  return new GraphQLError(message, {
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
