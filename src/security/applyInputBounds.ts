import {
  defaultFieldResolver,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLFieldResolver,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import { AppError } from '../errors/appError';
import { boundedScalars, type Bound, type Bounds } from './inputBounds';

/** Throws BAD_USER_INPUT that names the argument and the rule; never the value, which may be a secret in the wrong field. */
type Check = (path: string, value: unknown) => void;

/**
 * Puts the bounds around every field that takes arguments, before its resolver and before its source: what is beyond them reaches no service,
 * no database and no exchange. Asked after the permission table, which is put around this. Throws where bounds and schema do not cover each
 * other exactly: no server starts with an input that has no bound.
 */
export function applyInputBounds(schema: GraphQLSchema, bounds: Bounds): GraphQLSchema {
  const builder = new ChecksBuilder(bounds);
  for (const { field, place } of fieldsOf(schema)) {
    const check = builder.ofMembers(place, field.args);
    const { subscribe, resolve = defaultFieldResolver } = field;
    if (subscribe === undefined) field.resolve = checkedFirst(check, resolve);
    else field.subscribe = checkedFirst(check, subscribe);
  }
  for (const type of Object.values(schema.getTypeMap())) if (isInputObjectType(type)) builder.ofInput(type);
  builder.assertExact();
  return schema;
}

function fieldsOf(schema: GraphQLSchema) {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !isIntrospectionType(type)
      ? Object.values(type.getFields())
          .filter(({ args }) => args.length > 0)
          .map((field) => ({ field, place: `${type.name}.${field.name}` }))
      : [],
  );
}

type Resolve = GraphQLFieldResolver<unknown, unknown>;

function checkedFirst(check: Check, resolve: Resolve): Resolve {
  return (...call) => {
    check('', call[1]);
    return resolve(...call);
  };
}

/** The check of each type and field, and what is missing or too much in the table. */
class ChecksBuilder {
  readonly #inputs = new Map<string, Check>();
  readonly #used = new Set<string>();
  readonly #missing: string[] = [];

  constructor(private readonly bounds: Bounds) {}

  ofInput(type: GraphQLInputObjectType): Check {
    const known = this.#inputs.get(type.name);
    if (known !== undefined) return known;
    // A type may hold itself: whoever comes upon it again is given what it will be.
    let check: Check = () => undefined;
    this.#inputs.set(type.name, (path, value) => {
      check(path, value);
    });
    check = this.ofMembers(type.name, Object.values(type.getFields()));
    return check;
  }

  ofMembers(place: string, members: readonly (GraphQLArgument | GraphQLInputField)[]): Check {
    const checks = members.map(({ name, type }) => {
      const bound = this.bounds[place]?.[name] ?? null;
      if (bound !== null) this.#used.add(`${place} ${name}`);
      return [name, this.#of(`${place} ${name}`, type, bound)] as const;
    });
    return (path, value) => {
      const given = value as Readonly<Record<string, unknown>>;
      for (const [name, check] of checks) {
        const one = given[name];
        if (one != null) check(path === '' ? name : `${path}.${name}`, one);
      }
    };
  }

  assertExact(): void {
    const stated = Object.entries(this.bounds).flatMap(([place, row]) =>
      Object.keys(row).map((name) => `${place} ${name}`),
    );
    const tooMuch = stated.filter((name) => !this.#used.has(name));
    const problems = [
      ...this.#missing.map((name) => `${name} has no bound`),
      ...tooMuch.map((name) => `${name} is not in the schema`),
    ];
    if (problems.length === 0) return;
    throw new Error(
      `src/security/inputBounds.ts does not cover the schema: ${problems.join('; ')}. Add or remove the rows named.`,
    );
  }

  #of(name: string, type: GraphQLInputType, bound: Bound | null): Check {
    if (isNonNullType(type)) return this.#of(name, type.ofType, bound);
    if (isListType(type)) {
      if (bound?.kind !== 'list') this.#missing.push(name);
      const isBound = bound?.kind === 'list';
      const item = this.#of(`${name} (its items)`, type.ofType, isBound ? bound.item : null);
      return (path, value) => {
        const values = value as readonly unknown[];
        if (isBound) assertList(path, values, bound);
        for (const [index, one] of values.entries()) if (one != null) item(`${path}.${index}`, one);
      };
    }
    if (isInputObjectType(type)) return this.ofInput(type);
    if (isEnumType(type) || boundedScalars.has(type.name)) return () => undefined;
    if (bound === null || bound.kind === 'list' || (bound.kind === 'number') !== (type.name === 'Int')) {
      this.#missing.push(name);
      return () => undefined;
    }
    return (path, value) => {
      if (bound.kind === 'number') assertNumber(path, value as number, bound);
      else assertCharacters(path, value as string, bound);
    };
  }
}

type Range = { readonly from: number; readonly to: number };

function assertNumber(path: string, value: number, { from, to }: Range): void {
  if (value < from || value > to) throw refused(path, `must be a whole number from ${from} to ${to}`);
}

function assertList(path: string, values: readonly unknown[], bound: Bound & { readonly kind: 'list' }): void {
  const { from, to, isSet } = bound;
  if (values.length < from || values.length > to) throw refused(path, `must have ${from} to ${to} items`);
  if (isSet && new Set(values).size < values.length) throw refused(path, 'must not name anything twice');
}

/** PostgreSQL holds no U+0000, and half a surrogate pair is no character. */
const notInText = { line: /[\p{Cc}\p{Cs}]/u, lines: /(?![\t\n\r])[\p{Cc}\p{Cs}]/u, any: null } as const;

function assertCharacters(path: string, value: string, bound: Range & { readonly kind: keyof typeof notInText }): void {
  const { kind, from, to } = bound;
  if (value.length < from || value.length > to) throw refused(path, `must have ${from} to ${to} characters`);
  if (notInText[kind]?.test(value) === true) throw refused(path, 'must be text without control characters');
}

function refused(path: string, rule: string): AppError {
  return new AppError('BAD_USER_INPUT', { publicMessage: `\`${path}\` ${rule}.` });
}
