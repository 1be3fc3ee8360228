import {
  coerceInputValue,
  getNamedType,
  getOperationAST,
  GraphQLError,
  isCompositeType,
  isInputType,
  isNonNullType,
  typeFromAST,
  type DocumentNode,
  type GraphQLArgument,
  type GraphQLSchema,
} from 'graphql';
import { getComplexity, type ComplexityEstimator } from 'graphql-query-complexity';
import { AppError } from '../errors/appError';
import { withoutValues } from '../errors/withoutValues';
import type { ListSize, PermissionTable } from './permissions';

export interface CostQuestion {
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * The cost of a valid document. Throws QUERY_TOO_COSTLY where it is over the limit, BAD_USER_INPUT where a variable does not
 * fit its type.
 */
export function assessCost({ limit, ...question }: CostQuestion & { readonly limit: number }): number {
  const cost = countCost(question);
  if (cost > limit) {
    throw new AppError('QUERY_TOO_COSTLY', {
      publicMessage: `The document costs ${cost}, more than ${limit}. Ask for fewer items or fields, or in several documents.`,
      extensions: { cost, limit },
    });
  }
  return cost;
}

/** The first that is wrong is told: which, where, and what it should be; graphql-js would quote the whole of it. */
function assertVariables({ schema, document, operationName, variables }: CostQuestion): void {
  for (const { variable, type: written, defaultValue } of getOperationAST(document, operationName)
    ?.variableDefinitions ?? []) {
    const { value: name } = variable.name;
    const type = typeFromAST(schema, written);
    if (!isInputType(type)) continue;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined)
      coerceInputValue(value, type, (path, _value, error) => {
        throw badVariable([`$${name}`, ...path].join('.'), error);
      });
    else if (isNonNullType(type) && defaultValue === undefined) {
      throw new AppError('BAD_USER_INPUT', { publicMessage: `\`$${name}\` is required and was not given.` });
    }
  }
}

function badVariable(place: string, error: GraphQLError): AppError {
  return new AppError('BAD_USER_INPUT', {
    publicMessage: `\`${place}\` is not acceptable: ${withoutValues(error.message)}`,
    cause: error,
  });
}

/**
 * The cost of a valid document by the permission table: list arguments, variables and defaults included.
 * Throws BAD_USER_INPUT where a variable does not fit its type.
 */
export function countCost(question: CostQuestion): number {
  assertVariables(question);
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
    throw badVariable('variables', error);
  }
}

/** A root costs what its row says, times its list; an object costs 1 and a scalar nothing, unless their type's row says more. */
function tableEstimator(table: PermissionTable): ComplexityEstimator {
  return ({ type, field, args, childComplexity }) => {
    const row = table.roots[type.name]?.[field.name];
    if (row !== undefined) return sizeOf(row, args, field.args) * (row.cost + childComplexity);
    const own = table.objectTypes[type.name]?.fieldCosts?.[field.name];
    if (typeof own === 'object') {
      return Math.ceil(sizeOf(own, args, field.args) / own.itemsPerCost) * (1 + childComplexity);
    }
    return (own ?? (isCompositeType(getNamedType(field.type)) ? 1 : 0)) + childComplexity;
  };
}

/** What an argument asks for, of several the largest; null asks for as much as leaving it out does. */
function sizeOf(
  { times, otherwise = 1 }: ListSize,
  args: Readonly<Record<string, unknown>>,
  declared: readonly GraphQLArgument[],
): number {
  const asked = (typeof times === 'string' ? [times] : (times ?? []))
    .map((name) => args[name] ?? declared.find((argument) => argument.name === name)?.defaultValue)
    .map((value) => (Array.isArray(value) ? value.length : value))
    .filter((size) => typeof size === 'number');
  return asked.length === 0 ? otherwise : Math.max(1, ...asked);
}
