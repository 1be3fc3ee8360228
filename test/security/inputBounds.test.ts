import {
  buildSchema,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  printSchema,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import { AppError } from '../../src/errors/appError';
import { applyInputBounds } from '../../src/security/applyInputBounds';
import { authBounds, mainBounds, type Bound, type Bounds } from '../../src/security/inputBounds';

interface Api {
  readonly name: string;
  readonly sdl: string;
  readonly bounds: Bounds;
}

const apis: readonly Api[] = [
  { name: '/graphql', sdl: printSchema(buildMainSchema()), bounds: mainBounds },
  { name: '/auth/graphql', sdl: printSchema(buildAuthSchema()), bounds: authBounds },
];

/** A bound, and how to get a value to it from the arguments of a field. */
interface Place {
  readonly field: string;
  readonly path: string;
  readonly bound: Bound;
  readonly argsWith: (value: unknown) => Record<string, unknown>;
}

/** Every way to every bound: a type that two fields take is reached through both. */
function placesOf(schema: GraphQLSchema, bounds: Bounds): readonly Place[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.values(type.getFields()).flatMap((field) =>
          field.args.flatMap(({ name, type: given }) =>
            placesWithin(given, { place: `${type.name}.${field.name}`, name, bounds }).map(({ path, bound, wrap }) => ({
              field: `${type.name}.${field.name}`,
              path: [name, ...path].join('.'),
              bound,
              argsWith: (value: unknown) => ({ [name]: wrap(value) }),
            })),
          ),
        )
      : [],
  );
}

interface Within {
  readonly path: readonly (string | number)[];
  readonly bound: Bound;
  readonly wrap: (value: unknown) => unknown;
}

function placesWithin(
  type: GraphQLInputType,
  at: { readonly place: string; readonly name: string; readonly bounds: Bounds },
): readonly Within[] {
  const bound = at.bounds[at.place]?.[at.name];
  const own: Within[] = bound === undefined ? [] : [{ path: [], bound, wrap: (value) => value }];
  if (bound?.kind === 'list' && bound.item !== null)
    own.push({ path: [0], bound: bound.item, wrap: (value) => [value] });
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return own;
  const inList = isListType(isNonNullType(type) ? type.ofType : type);
  const inner = Object.values(named.getFields()).flatMap((field) =>
    placesWithin(field.type, { place: named.name, name: field.name, bounds: at.bounds }).map(
      ({ path, bound: of, wrap }) => ({
        path: [...(inList ? [0] : []), field.name, ...path],
        bound: of,
        wrap: (value: unknown) => {
          const object = { [field.name]: wrap(value) };
          return inList ? [object] : object;
        },
      }),
    ),
  );
  return [...own, ...inner];
}

const letters = (count: number): string => 'é'.repeat(count);
const items = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `m${index}`);

/** Values at the ends of a bound, and just beyond them. */
function edgesOf(bound: Bound): { readonly within: readonly unknown[]; readonly beyond: readonly unknown[] } {
  const { from, to, kind } = bound;
  if (kind === 'number') return { within: [from, to], beyond: [from - 1, to + 1] };
  if (kind === 'list') {
    const twice = bound.isSet ? [['m0', 'm0']] : [];
    return {
      within: [items(from), items(to)],
      beyond: [...(from > 0 ? [items(from - 1)] : []), items(to + 1), ...twice],
    };
  }
  const within = [letters(from), letters(to)];
  const beyond = [...(from > 0 ? [letters(from - 1)] : []), letters(to + 1)];
  if (kind === 'any') return { within: [...within, 'm\u0000'], beyond };
  const bad = ['é\u0000é', 'é\u001bé', 'é\ud800é', ...(kind === 'line' ? ['é\né'] : [])];
  return { within: kind === 'lines' ? [...within, 'é\té\r\né'] : within, beyond: [...beyond, ...bad] };
}

describe.each(apis)('$name', ({ sdl, bounds }) => {
  const schema = buildSchema(sdl);
  const asked: unknown[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const answer = (_parent: unknown, args: unknown): string => {
        asked.push(args);
        return 'asked';
      };
      if (type.name === 'Subscription') field.subscribe = answer;
      else field.resolve = answer;
    }
  }
  applyInputBounds(schema, bounds);
  const places = placesOf(schema, bounds);

  /** The error that the field throws before it asks anybody, else null. */
  function refusalOf({ field: coordinate }: Place, args: Record<string, unknown>): AppError | null {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
    const ask = field?.subscribe ?? field?.resolve;
    if (ask === undefined) throw new Error(`there is no ${coordinate}`);
    const before = asked.length;
    try {
      expect(ask(null, args, null, null as never)).toBe('asked');
      return null;
    } catch (error) {
      expect([coordinate, asked.length]).toEqual([coordinate, before]);
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  it('passes what lies within each bound, and refuses what lies beyond before anybody is asked, by name and rule', () => {
    expect(places.length).toBeGreaterThan(4);
    for (const place of places) {
      const { within, beyond } = edgesOf(place.bound);
      for (const value of within)
        expect([place.path, refusalOf(place, place.argsWith(value))]).toEqual([place.path, null]);
      for (const value of beyond) {
        const refusal = refusalOf(place, place.argsWith(value));
        expect([place.field, place.path, value, refusal?.code]).toEqual([
          place.field,
          place.path,
          value,
          'BAD_USER_INPUT',
        ]);
        expect(refusal?.publicMessage).toMatch(new RegExp(`^\`${place.path}(\\.0)?\` must `));
        expect(refusal?.publicMessage).not.toMatch(/é/);
      }
    }
  });

  it('has a bound for every input, and none too many; one that is missing is found', () => {
    for (const [place, row] of Object.entries(bounds)) {
      for (const name of Object.keys(row)) {
        const rest = Object.fromEntries(Object.entries(row).filter(([other]) => other !== name));
        const without = { ...bounds, [place]: rest };
        expect(() => {
          applyInputBounds(buildSchema(sdl), without);
        }).toThrow(`${place} ${name} has no bound`);
      }
    }
  });
});

describe('an input that is new', () => {
  const table = { 'Query.a': { known: { kind: 'line', from: 0, to: 1 } as const } };
  const checking =
    (args: string, more = '', bounds: Bounds = table): (() => void) =>
    () => {
      const schema = buildSchema(`scalar Decimal scalar Free ${more} type Query { a(known: String${args}): Int }`);
      applyInputBounds(schema, bounds);
    };

  it.each([
    ['text', 'text: String'],
    ['an id', 'id: ID!'],
    ['a number', 'count: Int = 1'],
    ['a fraction', 'share: Float'],
    ['a list', 'list: [Decimal!]!'],
    ['a scalar that says nothing of its size', 'free: Free'],
  ])('is found where it has no bound: %s', (_what, argument) => {
    expect(checking(`, ${argument}`)).toThrow(/Query\.a \w+ has no bound/);
  });

  it('is found as a field of an input type as well', () => {
    const inputs = 'input Outer { inner: [Inner!]! } input Inner { text: String }';
    expect(checking(', deep: Outer', inputs)).toThrow(/Outer inner has no bound/);
    expect(checking(', deep: Outer', inputs)).toThrow(/Inner text has no bound/);
  });

  it('needs none where its type bounds it; one of something that is gone is found', () => {
    expect(checking(', amount: Decimal, sure: Boolean, which: Which', 'enum Which { A }')).not.toThrow();
    const extra = { ...table, 'Query.b': { gone: table['Query.a'].known } };
    expect(checking('', '', extra)).toThrow('Query.b gone is not in the schema');
  });
});
