import {
  getNamedType,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  isCompositeType,
  type DocumentNode,
  type GraphQLArgument,
  type GraphQLSchema,
} from 'graphql';
import { getComplexity, type ComplexityEstimator } from 'graphql-query-complexity';
import { AppError } from '../errors/appError';
import { limits } from './limits';
import type { FieldPermission, PermissionTable } from './permissions';

/** graphql-js quotes the value it complains about, however long. */
const maxMessageLength = 300;

export interface CostQuestion {
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly isSignedIn: boolean;
}

/**
 * The cost of a valid document by the permission table: list arguments, variables and defaults included.
 * Throws QUERY_TOO_COSTLY where it is over the asker's limit, BAD_USER_INPUT where a variable does not fit its type.
 */
export function assessCost(question: CostQuestion): number {
  const limit = question.isSignedIn ? limits.cost.signedIn : limits.cost.anonymous;
  assertVariables(question);
  const cost = countCost(question);
  if (cost > limit) {
    throw new AppError('QUERY_TOO_COSTLY', {
      publicMessage: `The document costs ${cost}, more than ${limit}. Ask for fewer items or fields, or in several documents.`,
      extensions: { cost, limit },
    });
  }
  return cost;
}

/** Every wrong part of a variable is an error that quotes the whole of it: the first is told, the rest is not looked at. */
function assertVariables({ schema, document, operationName, variables }: CostQuestion): void {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  const { errors } = getVariableValues(schema, definitions, variables, { maxErrors: 1 });
  const [first] = errors ?? [];
  if (first !== undefined) throw badVariable(first);
}

function badVariable(error: GraphQLError): AppError {
  const { message } = error;
  const publicMessage = message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)} …` : message;
  return new AppError('BAD_USER_INPUT', { publicMessage, cause: error });
}

function countCost(question: CostQuestion): number {
  try {
    return getComplexity({
      schema: question.schema,
      query: question.document,
      variables: { ...question.variables },
      ...(question.operationName === null ? {} : { operationName: question.operationName }),
      estimators: [tableEstimator(question.table)],
    });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw badVariable(error);
  }
}

/** A root costs what its row says, times its list; an object costs 1 and a scalar nothing, unless their type's row says more. */
function tableEstimator(table: PermissionTable): ComplexityEstimator {
  return ({ type, field, args, childComplexity }) => {
    const row = table.roots[type.name]?.[field.name];
    if (row !== undefined) return sizeOf(row, args, field.args) * (row.cost + childComplexity);
    const ownCost = table.objectTypes[type.name]?.fieldCosts?.[field.name];
    return (ownCost ?? (isCompositeType(getNamedType(field.type)) ? 1 : 0)) + childComplexity;
  };
}

/** What an argument asks for; null asks for as much as leaving it out does. */
function sizeOf(
  row: FieldPermission,
  args: Readonly<Record<string, unknown>>,
  declared: readonly GraphQLArgument[],
): number {
  if (row.times === undefined) return 1;
  const asked = args[row.times] ?? declared.find(({ name }) => name === row.times)?.defaultValue;
  if (Array.isArray(asked)) return Math.max(1, asked.length);
  return typeof asked === 'number' ? Math.max(1, asked) : 1;
}
