import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationTypeNode,
} from 'graphql';
import type { PermissionTable } from '../../src/security/permissions';

export interface SampleQuestion {
  readonly schema: GraphQLSchema;
  readonly table: PermissionTable;
  readonly operation: OperationTypeNode;
  readonly field: string;
  /** Stands in every argument that is an id. */
  readonly id: string;
}

/** How a value of each scalar is written. */
const literals: Readonly<Record<string, string>> = {
  String: '"text"',
  Int: '1',
  Float: '1.5',
  Boolean: 'false',
  Decimal: '"1"',
  DateTime: '"2026-01-31T12:00:00.000Z"',
  MarketId: '"simulator:BTC/USDT"',
  Cursor: '"c1"',
  Sequence: '"1"',
  JSON: '{}',
};

/**
 * A document that asks for one root field, written from the schema alone: every argument that is required or holds an id, and of the
 * answer what is a value, two levels deep. What streams do not carry and what does work of its own is left out.
 */
export function sampleDocument(question: SampleQuestion): string {
  const { schema, operation, field: name } = question;
  if (name.startsWith('__')) return schemaDocument(name);
  const field = schema.getRootType(operation)?.getFields()[name];
  if (field === undefined) throw new Error(`the schema has no ${operation} ${name}`);
  const given = field.args
    .filter((argument) => isRequiredArgument(argument) || holdsId(argument.type))
    .map((argument) => `${argument.name}: ${literalOf(argument.type, question.id)}`);
  const called = `${name}${given.length === 0 ? '' : `(${given.join(', ')})`}`;
  return `${operation} { ${called}${selectionOf(field.type, question.table, 2)} }`;
}

/** Of the two fields that every schema has. */
function schemaDocument(name: string): string {
  return name === '__type' ? '{ __type(name: "Query") { name } }' : `{ ${name} { queryType { name } } }`;
}

function literalOf(type: GraphQLInputType, id: string): string {
  if (isNonNullType(type)) return literalOf(type.ofType, id);
  if (isListType(type)) return `[${literalOf(type.ofType, id)}]`;
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((one) => isRequiredInputField(one) || holdsId(one.type));
    return `{ ${fields.map((one) => `${one.name}: ${literalOf(one.type, id)}`).join(', ')} }`;
  }
  const literal = type.name === 'ID' ? JSON.stringify(id) : literals[type.name];
  if (literal === undefined) throw new Error(`say in test/kit/sampleDocument.ts how a ${type.name} is written`);
  return literal;
}

function holdsId(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  return isInputObjectType(named)
    ? Object.values(named.getFields()).some((field) => holdsId(field.type))
    : named.name === 'ID';
}

/** Of a type whatever is a value, as deep as is said; "" where the type is one itself. */
export function selectionOf(type: GraphQLOutputType, table: PermissionTable, depth: number): string {
  const named = getNamedType(type);
  if (!isObjectType(named) && !isInterfaceType(named)) return '';
  const ownWork = table.objectTypes[named.name]?.fieldCosts ?? {};
  const fields = Object.values(named.getFields()).filter(
    (field: GraphQLField<unknown, unknown>) =>
      !(field.name in ownWork) && field.args.length === 0 && (depth > 1 || isLeafType(getNamedType(field.type))),
  );
  const inner = fields.map((field) => `${field.name}${selectionOf(field.type, table, depth - 1)}`);
  return ` { ${['__typename', ...inner].join(' ')} }`;
}
