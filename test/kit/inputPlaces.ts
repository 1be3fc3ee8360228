import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  OperationTypeNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import type { PermissionTable } from '../../src/security/permissions';
import { selectionOf } from './sampleDocument';

/** Gives what is usual for an argument or an input field: `coordinate` is "Mutation.createOrder.input.price". Undefined leaves it out. */
export type Usual = (coordinate: string, type: GraphQLInputType) => unknown;

/** A place of the schema that takes something from outside, and the operation that carries it there. */
export interface InputPlace {
  /** "Mutation.createOrder.input.price"; "0" is an item of a list. */
  readonly coordinate: string;
  readonly type: GraphQLInputType;
  readonly operation: OperationTypeNode;
  /** The root field that leads there. */
  readonly rootField: string;
  /** What is usual there, as JSON. */
  usualJson(): string;
  /** With the value in the variables, as JSON, or in the text of the document. */
  inVariables(json: string): { readonly query: string; readonly variablesJson: string };
  inDocument(literal: string): { readonly query: string };
}

/** Stands where the value goes, until it is written. */
const marker = 'the hostile value';

/** Every argument and every input field of a schema, those of fields below the root too. */
export function inputPlacesOf(schema: GraphQLSchema, table: PermissionTable, usual: Usual): readonly InputPlace[] {
  const trails = trailsOf(schema);
  return [...trails].flatMap(([typeName, trail]) => {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) =>
      field.args.flatMap((argument) =>
        pathsIn(argument.type).map(({ path, type: at }) => {
          const steps = [...trail.steps, { parent: typeName, field }];
          const write = (isLiteral: boolean): Written =>
            writeSteps(steps, { argument: argument.name, path, usual, isLiteral });
          const { operation } = trail;
          const selection = selectionOf(field.type, table, 2);
          const place: InputPlace = {
            coordinate: [typeName, field.name, argument.name, ...path].join('.'),
            type: at,
            operation,
            rootField: steps[0]!.field.name,
            usualJson: () =>
              JSON.stringify(usualValue(at, { coordinate: place.coordinate, usual, path: null }) ?? null),
            inVariables: (json) => {
              const { calls, variables, declared } = write(false);
              const query = `${operation} (${declared.join(', ')}) { ${nested(calls, selection)} }`;
              return { query, variablesJson: JSON.stringify(variables).replace(JSON.stringify(marker), () => json) };
            },
            inDocument: (literal) => {
              const { calls } = write(true);
              const query = `${operation} { ${nested(calls, selection)} }`;
              return { query: query.replace(JSON.stringify(marker), () => literal) };
            },
          };
          return place;
        }),
      ),
    );
  });
}

interface Step {
  readonly parent: string;
  readonly field: GraphQLField<unknown, unknown>;
}

/** The shortest way from the root to each type that has fields with arguments. */
function trailsOf(
  schema: GraphQLSchema,
): ReadonlyMap<string, { readonly operation: OperationTypeNode; readonly steps: readonly Step[] }> {
  const found = new Map<string, { operation: OperationTypeNode; steps: readonly Step[] }>();
  const waiting: { name: string; operation: OperationTypeNode; steps: readonly Step[] }[] = [];
  for (const operation of [OperationTypeNode.QUERY, OperationTypeNode.MUTATION, OperationTypeNode.SUBSCRIPTION]) {
    const root = schema.getRootType(operation);
    if (root != null) waiting.push({ name: root.name, operation, steps: [] });
  }
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { name, operation, steps } = next;
    const type = schema.getType(name);
    if (found.has(name) || !isObjectType(type)) continue;
    found.set(name, { operation, steps });
    for (const field of Object.values(type.getFields()))
      waiting.push({ name: getNamedType(field.type).name, operation, steps: [...steps, { parent: name, field }] });
  }
  return found;
}

function pathsIn(
  type: GraphQLInputType,
  depth = 0,
): readonly { readonly path: readonly string[]; readonly type: GraphQLInputType }[] {
  const own = [{ path: [], type }];
  if (depth > 6) return own;
  const open = isNonNullType(type) ? type.ofType : type;
  if (isListType(open))
    return [
      ...own,
      ...pathsIn(open.ofType, depth + 1).map(({ path, type: at }) => ({ path: ['0', ...path], type: at })),
    ];
  if (!isInputObjectType(open)) return own;
  const inner = Object.values(open.getFields()).flatMap((field) =>
    pathsIn(field.type, depth + 1).map(({ path, type: at }) => ({ path: [field.name, ...path], type: at })),
  );
  return [...own, ...inner];
}

interface Written {
  readonly calls: readonly string[];
  readonly declared: readonly string[];
  readonly variables: Readonly<Record<string, unknown>>;
}

interface Writing {
  /** Of the last step; the others are as usual. */
  readonly argument: string;
  readonly path: readonly string[];
  readonly usual: Usual;
  readonly isLiteral: boolean;
}

function writeSteps(steps: readonly Step[], { argument, path, usual, isLiteral }: Writing): Written {
  const declared: string[] = [];
  const variables: Record<string, unknown> = {};
  const calls = steps.map(({ parent, field }, index) => {
    const given = field.args.flatMap((one) => {
      const isPlace = index === steps.length - 1 && one.name === argument;
      const coordinate = `${parent}.${field.name}.${one.name}`;
      if (!isPlace && !isRequiredArgument(one) && usual(coordinate, one.type) === undefined) return [];
      const value = usualValue(one.type, { coordinate, usual, path: isPlace ? path : null });
      if (isLiteral) return [`${one.name}: ${literalOf(one.type, value)}`];
      const variable = `v${String(declared.length)}`;
      declared.push(`$${variable}: ${String(one.type)}`);
      variables[variable] = value;
      return [`${one.name}: $${variable}`];
    });
    return given.length === 0 ? field.name : `${field.name}(${given.join(', ')})`;
  });
  return { calls, declared, variables };
}

interface Asked {
  readonly coordinate: string;
  readonly usual: Usual;
  /** Where the marker stands; null where everything is as usual. */
  readonly path: readonly string[] | null;
}

function usualValue(type: GraphQLInputType, { coordinate, usual, path }: Asked): unknown {
  if (path?.length === 0) return marker;
  const open = isNonNullType(type) ? type.ofType : type;
  if (isListType(open)) {
    const inner = path === null ? null : path.slice(1);
    return [usualValue(open.ofType, { coordinate: `${coordinate}.0`, usual, path: inner })];
  }
  if (!isInputObjectType(open)) return usual(coordinate, type);
  const [step = null, ...rest] = path ?? [];
  return Object.fromEntries(
    Object.values(open.getFields()).flatMap((field) => {
      const at = `${coordinate}.${field.name}`;
      const isPlace = field.name === step;
      if (!isPlace && !isRequiredInputField(field) && usual(at, field.type) === undefined) return [];
      return [[field.name, usualValue(field.type, { coordinate: at, usual, path: isPlace ? rest : null })]];
    }),
  );
}

function literalOf(type: GraphQLInputType, value: unknown): string {
  if (value === marker) return JSON.stringify(marker);
  if (isNonNullType(type)) return literalOf(type.ofType, value);
  if (isListType(type))
    return `[${(value as readonly unknown[]).map((item) => literalOf(type.ofType, item)).join(', ')}]`;
  if (isEnumType(type)) return String(value);
  if (!isInputObjectType(type)) return JSON.stringify(value);
  const fields = Object.entries(value as object).map(
    ([name, one]) => `${name}: ${literalOf(type.getFields()[name]!.type, one)}`,
  );
  return `{ ${fields.join(', ')} }`;
}

function nested(calls: readonly string[], selection: string): string {
  return calls
    .toReversed()
    .reduce(
      (inner, call) => `${call} ${inner.startsWith('{') || inner === '' ? inner : `{ ${inner} }`}`,
      selection.trim(),
    );
}
