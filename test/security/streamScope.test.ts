import {
  buildSchema,
  defaultFieldResolver,
  isObjectType,
  parse,
  validate,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import { mainTable, type PermissionTable, type StreamScope } from '../../src/security/permissions';
import { giveEvent, streamScopeOf } from '../../src/security/streamScope';

describe('the scope of the real streams', () => {
  const schema = buildMainSchema();
  const fields = Object.values(schema.getSubscriptionType()?.getFields() ?? {});
  const given: Readonly<Record<string, string>> = {
    tickers: '(markets: ["fake:BTC/USDT"])',
    orderBook: '(market: "fake:BTC/USDT")',
    trades: '(markets: ["fake:BTC/USDT"])',
    candles: '(market: "fake:BTC/USDT", timeframe: M1)',
    orders: '(account: "a")',
    positions: '(account: "a")',
    balances: '(account: "a")',
    risk: '(account: "a")',
  };
  const ofAccounts = ['orders', 'positions', 'balances', 'risk'];

  const everythingOf = (type: GraphQLNamedType | undefined): string => {
    if (!isObjectType(type)) return '';
    // What has code of its own is not streamed at all: NOT_STREAMABLE.
    const plain = Object.values(type.getFields()).filter(
      ({ resolve = defaultFieldResolver }) => resolve === defaultFieldResolver,
    );
    const inner = plain.map(({ name, type: fieldType }) => {
      return `${name} ${everythingOf(schema.getType(String(fieldType).replaceAll(/[[\]!]/g, '')))}`;
    });
    return `{ __typename ${inner.join(' ')} }`;
  };

  it.each(fields.map(({ name }) => name))('is public for %s, or its user’s own where it is of an account', (name) => {
    const type = schema.getType(String(schema.getSubscriptionType()?.getFields()[name]?.type).replaceAll('!', ''));
    const query = `subscription { ${name}${given[name] ?? ''} ${everythingOf(type)} }`;
    expect(validate(schema, parse(query))).toEqual([]);
    expect(streamScopeOf({ schema, table: mainTable, document: parse(query) })).toBe(
      ofAccounts.includes(name) ? 'user' : 'public',
    );
  });
});

const row = { who: 'marketReaders', rate: 'stream', cost: 1 } as const;

const table: PermissionTable = {
  roots: {
    Subscription: {
      prices: { ...row, shared: 'public' },
      orders: { ...row, shared: 'user' },
      silent: row,
      ownCode: { ...row, shared: 'public' },
      noCode: { ...row, shared: 'public' },
      anything: { ...row, shared: 'public' },
    },
  },
  objectTypes: {
    Price: { who: 'reachable', shared: 'public' },
    Secret: { who: 'reachable' },
  },
};

/** prices is shared with everybody, down to Price; Secret says nothing; own code stands below and at the root. */
function makeSchema(): GraphQLSchema {
  const schema = buildSchema(`
    directive @mine on FIELD | SUBSCRIPTION | FRAGMENT_SPREAD
    type Query { nothing: String }
    type Subscription { prices(depth: Int): Price orders: Price silent: Price ownCode: Price noCode: Price anything: Anything }
    union Anything = Price | Secret
    type Price { last: String ofMine: String secret: Secret again: Price }
    type Secret { text: String }
  `);
  const events = schema.getSubscriptionType()?.getFields() ?? {};
  for (const { name } of Object.values(events)) if (name !== 'noCode') events[name]!.resolve = giveEvent;
  events['ownCode']!.resolve = (event: unknown) => event;
  const price = schema.getType('Price');
  if (isObjectType(price)) price.getFields()['ofMine']!.resolve = () => 'mine';
  return schema;
}

describe('the scope of a stream', () => {
  const schema = makeSchema();
  const scopeOf = (query: string): StreamScope | null => {
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    return streamScopeOf({ schema, table, document });
  };

  it.each<[what: string, query: string, scope: StreamScope | null]>([
    ['all that it selects is declared public', 'subscription { prices { last again { last } } }', 'public'],
    ['it is declared the user’s', 'subscription { orders { last } }', 'user'],
    ['nothing is declared of its root', 'subscription { silent { last } }', null],
    ['its root has code of its own', 'subscription { ownCode { last } }', null],
    ['its root was not made to give events as they are', 'subscription { noCode { last } }', null],
    ['it selects a type of which nothing is declared', 'subscription { prices { secret { text } } }', 'user'],
    ['it selects such a type only by its name', 'subscription { prices { secret { __typename } } }', 'user'],
    ['it may give one of several types', 'subscription { anything { ... on Price { last } } }', 'user'],
    ['it selects a field with code of its own', 'subscription { prices { ofMine } }', null],
    ['such a field stands deep below', 'subscription { prices { again { again { last ofMine } } } }', null],
    ['both the user’s and somebody’s own code', 'subscription { orders { secret { text } ofMine } }', null],
    ['it selects nothing but a name', 'subscription { prices { __typename } }', 'public'],
  ])('where %s', (_what, query, scope) => {
    expect(scopeOf(query)).toBe(scope);
  });

  it.each([
    ['an alias', (field: string) => `subscription { mine: prices { last: ${field} } }`],
    ['an inline fragment', (field: string) => `subscription { prices { ... on Price { ... { ${field} } } } }`],
    [
      'a named fragment',
      (field: string) =>
        `subscription { ...Root } fragment Root on Subscription { prices { ...One } } fragment One on Price { ${field} }`,
    ],
    ['@include(if: false)', (field: string) => `subscription { prices { last ... @include(if: false) { ${field} } } }`],
    [
      '@skip with a variable',
      (field: string) => `subscription ($no: Boolean!) { prices { last ... @skip(if: $no) { ${field} } } }`,
    ],
  ])('is as narrow with %s around a field as without', (_what, write) => {
    expect(scopeOf(write('again { last }'))).toBe('public');
    expect(scopeOf(write('secret { text }'))).toBe('user');
    expect(scopeOf(write('ofMine'))).toBeNull();
  });

  it.each([
    'subscription @mine { prices { last } }',
    'subscription { prices @mine { last } }',
    'subscription { prices { last @mine } }',
    'subscription { prices { ...One @mine } } fragment One on Price { last }',
  ])('is nobody’s where a directive may mean anything: %s', (query) => {
    expect(scopeOf(query)).toBeNull();
  });

  it('is nobody’s where nothing is declared at all', () => {
    const document = parse('subscription { prices { last } }');
    expect(streamScopeOf({ schema, table: { roots: {}, objectTypes: {} }, document })).toBeNull();
  });

  it('is nobody’s where a document selects nothing that is known', () => {
    const document = parse('subscription { __typename }');
    expect(streamScopeOf({ schema, table, document })).toBeNull();
  });
});
