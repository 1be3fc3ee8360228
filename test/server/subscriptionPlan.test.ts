import { parse, validate } from 'graphql';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import { mainTable } from '../../src/security/permissions';
import { SubscriptionPlans } from '../../src/server/subscriptionPlan';

type Request = readonly [query: string, variables?: Readonly<Record<string, unknown>>];

const schema = buildMainSchema();
const plans = new SubscriptionPlans({ schema, table: mainTable });

function keyOf([query, variables = {}]: Request): string {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const plan = plans.planOf(document);
  if (plan === null) throw new Error('not a subscription');
  return plans.groupKeyOf(plan, document, variables);
}

const btc = 'fake:BTC/USDT';
const book = `orderBook(market: "${btc}")`;
const bookOfVariable =
  'subscription ($market: MarketId!, $depth: Int) { orderBook(market: $market, depth: $depth) { nonce } }';
const withDefault =
  'subscription ($market: MarketId!, $depth: Int = 5) { orderBook(market: $market, depth: $depth) { nonce } }';
const conditional = `subscription ($yes: Boolean!) { ${book} { nonce marketId @include(if: $yes) } }`;
const [one, other] = ['fragment One on OrderBookEvent { nonce }', 'fragment Other on OrderBookEvent { marketId }'];
const spread = `subscription { ${book} { ...One ...Other } }`;
const resuming = `subscription ($c: Cursor) { orderBook(market: "${btc}", after: $c) { nonce } }`;

describe('readers are sent the same where requests differ only in', () => {
  it.each<[what: string, one: Request, other: Request]>([
    ['layout and comments', [`subscription { ${book} { nonce } }`], [`# é\nsubscription{ ${book}, {\n nonce } }`]],
    ['the name of the operation', [`subscription { ${book} { nonce } }`], [`subscription Named { ${book} { nonce } }`]],
    ['the order of fragments', [`${spread} ${one} ${other}`], [`${other} ${spread} ${one}`]],
    ['the position that they go on from', [resuming, { c: 'c1' }], [resuming, { c: 'c2' }]],
    [
      'whether that is a variable',
      [resuming, { c: 'c1' }],
      [`subscription { orderBook(market: "${btc}", after: "c") { nonce } }`],
    ],
    ['whether they resume at all', [resuming], [`subscription { ${book} { nonce } }`]],
    ['whether a default is spelled out', [withDefault, { market: btc }], [withDefault, { market: btc, depth: 5 }]],
    [
      'the default of a variable that is given',
      [bookOfVariable, { market: btc, depth: 5 }],
      [withDefault, { market: btc, depth: 5 }],
    ],
    [
      'variables that are not declared',
      [bookOfVariable, { market: btc, x: 1 }],
      [bookOfVariable, { market: btc, x: 2 }],
    ],
  ])('%s', (_what, first, second) => {
    expect(keyOf(first)).toBe(keyOf(second));
  });
});

describe('readers are not sent the same where requests differ in', () => {
  it.each<[what: string, one: Request, other: Request]>([
    ['the field', [`subscription { ${book} { nonce } }`], [`subscription { ${book} { marketId } }`]],
    [
      'the order of fields',
      [`subscription { ${book} { nonce marketId } }`],
      [`subscription { ${book} { marketId nonce } }`],
    ],
    ['an alias', [`subscription { ${book} { nonce } }`], [`subscription { mine: ${book} { nonce } }`]],
    [
      'a literal',
      [`subscription { ${book} { nonce } }`],
      ['subscription { orderBook(market: "fake:ETH/USDT") { nonce } }'],
    ],
    ['a variable', [bookOfVariable, { market: btc }], [bookOfVariable, { market: 'fake:ETH/USDT' }]],
    [
      'whether a variable is null or not given',
      [bookOfVariable, { market: btc }],
      [bookOfVariable, { market: btc, depth: null }],
    ],
    ['what is included', [conditional, { yes: true }], [conditional, { yes: false }]],
    ['a fragment', [`${spread} ${one} ${other}`], [`${spread} ${one} ${other.replace('marketId', '__typename')}`]],
  ])('%s', (_what, first, second) => {
    expect(keyOf(first)).not.toBe(keyOf(second));
  });
});

describe('an operation', () => {
  it.each(['{ serverTime }', 'query { __typename }'])('that is no subscription has no plan: %s', (query) => {
    expect(plans.planOf(parse(query))).toBeNull();
  });

  it('has one plan, with its one field, wherever that is written', () => {
    const document = parse(
      `subscription { ... { ...Root } } fragment Root on Subscription { mine: ${book} { nonce } }`,
    );
    expect(plans.planOf(document)).toMatchObject({ rootField: 'orderBook', scope: 'public' });
    expect(plans.planOf(document)).toBe(plans.planOf(document));
  });
});
