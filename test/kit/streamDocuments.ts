import fc from 'fast-check';

/** What a client sends to open a stream. */
export interface StreamRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** An object type's fields for a document: leaves, and objects by the fields that they hold. */
interface Shape {
  readonly type: string;
  readonly leaves: readonly string[];
  readonly objects: Readonly<Record<string, Shape>>;
}

const meta: Shape = { type: 'StreamMeta', leaves: ['kind', 'seq', 'at', 'cursor', 'reason'], objects: {} };
const level: Shape = { type: 'PriceLevel', leaves: ['price', 'amount'], objects: {} };
const ticker: Shape = { type: 'Ticker', leaves: ['marketId', 'last', 'bid', 'exchangeTime'], objects: {} };
const trade: Shape = { type: 'PublicTrade', leaves: ['marketId', 'id', 'side', 'price', 'exchangeTime'], objects: {} };
const candle: Shape = { type: 'Candle', leaves: ['openTime', 'close', 'closed'], objects: {} };

/** Where an argument may be left out, undefined is among its values. */
interface Argument {
  readonly type: string;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

interface StreamField {
  readonly name: string;
  readonly event: Shape;
  readonly arguments: Readonly<Record<string, Argument>>;
}

/** The markets that exist for documents. */
export const documentMarkets = ['fake:BTC/USDT', 'fake:ETH/USDT'] as const;
const [first, second] = documentMarkets;
const oneMarket = { type: 'MarketId!', good: [first, second], bad: ['fake:NO/USDT', 'nonsense', null] };
const manyMarkets = {
  type: '[MarketId!]!',
  good: [[first], [first, second], [second, first], first],
  bad: [[], [null]],
};
const intervalMs = { type: 'Int', good: [undefined, 0, 1, 2, null], bad: [-1, 60_001, 'soon'] };
/** Of another process; and what is no cursor. */
const foreignCursor = Buffer.from('elsewhere.1.3').toString('base64url');
const after = { type: 'Cursor', good: [undefined, null, foreignCursor], bad: ['nonsense', 'x'.repeat(513), 7] };

const streamFields: readonly StreamField[] = [
  {
    name: 'tickers',
    event: { type: 'TickerEvent', leaves: [], objects: { meta, tickers: ticker } },
    arguments: { markets: manyMarkets, intervalMs, after },
  },
  {
    name: 'orderBook',
    event: { type: 'OrderBookEvent', leaves: ['marketId', 'nonce'], objects: { meta, bids: level, asks: level } },
    arguments: {
      market: oneMarket,
      depth: { type: 'Int', good: [undefined, 1, 2, 500, null], bad: [0, 501] },
      intervalMs,
      after,
    },
  },
  {
    name: 'trades',
    event: { type: 'PublicTradeEvent', leaves: [], objects: { meta, trades: trade } },
    arguments: { markets: manyMarkets, after },
  },
  {
    name: 'candles',
    event: { type: 'CandleEvent', leaves: ['timeframe', 'receivedTime'], objects: { meta, candle } },
    arguments: { market: oneMarket, timeframe: { type: 'Timeframe!', good: ['M1', 'M5'], bad: ['M7', null] }, after },
  },
];

/** Names that readers of an answer know to differ between two streams of the same events, whatever they are called. */
export const perStreamNames = ['seq', 'at', 'cursor', 'mySeq', 'myAt', 'myCursor'] as const;
const aliases: Readonly<Record<string, string>> = { seq: 'mySeq', at: 'myAt', cursor: 'myCursor' };

interface Style {
  readonly form: 'plain' | 'inline' | 'untyped' | 'named';
  readonly directive: '' | '@include(if: true)' | '@include(if: $yes)' | '@skip(if: $no)' | '@skip(if: true)';
  readonly isAliased: boolean;
}

const style: fc.Arbitrary<Style> = fc.record({
  form: fc.constantFrom('plain', 'plain', 'inline', 'untyped', 'named'),
  directive: fc.constantFrom(
    '',
    '',
    '',
    '@include(if: true)',
    '@include(if: $yes)',
    '@skip(if: $no)',
    '@skip(if: true)',
  ),
  isAliased: fc.boolean(),
});

interface Selection {
  readonly text: string;
  readonly fragments: readonly string[];
}

/** Some of the fields of a type in some order, written in one of the ways in which GraphQL lets them be written. */
function selectionOf(shape: Shape, place = 'Event'): fc.Arbitrary<Selection> {
  const leaves = fc.shuffledSubarray([...shape.leaves, '__typename']);
  const objects = Object.entries(shape.objects).map(([name, inner]) =>
    selectionOf(inner, name).map(({ text, fragments }) => ({ text: `${name} ${text}`, fragments })),
  );
  return fc.tuple(leaves, fc.tuple(...objects), style, fc.boolean()).map(([names, inner, written, isReversed]) => {
    const fields = names.map((name) => `${written.isAliased ? `${aliases[name] ?? `my_${name}`}: ` : ''}${name}`);
    const parts = [...fields, ...inner.map(({ text }) => text)];
    const all = isReversed ? parts.reverse() : parts;
    const fragments = inner.flatMap((one) => one.fragments);
    return write({ fields: all.length === 0 ? ['__typename'] : all, fragments, place }, shape, written);
  });
}

function write(
  {
    fields,
    fragments,
    place,
  }: { readonly fields: readonly string[]; readonly fragments: readonly string[]; readonly place: string },
  { type }: Shape,
  { form, directive }: Style,
): Selection {
  const body = fields.join(' ');
  switch (form) {
    case 'plain':
      return { text: `{ ${body} __typename ${directive} }`, fragments };
    case 'inline':
      return { text: `{ ... on ${type} ${directive} { ${body} } }`, fragments };
    case 'untyped':
      return { text: `{ ... ${directive} { ${body} } }`, fragments };
    case 'named': {
      const name = `${place}Parts`;
      return {
        text: `{ ...${name} ${directive} }`,
        fragments: [...fragments, `fragment ${name} on ${type} { ${body} }`],
      };
    }
  }
}

function literal(type: string, value: unknown): string {
  return type === 'Timeframe!' ? String(value) : JSON.stringify(value);
}

const layouts: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replaceAll(' { ', '\n{ # a comment: é\n\t'),
  (text) => text.replaceAll(' ', ' , '),
  (text) => `\ufeff${text}\n`,
];

interface ArgumentChoice {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
  readonly place: 'literal' | 'variable' | 'default';
}

function argumentChoice(
  [name, { type, good, bad }]: readonly [string, Argument],
  kind: 'good' | 'any',
): fc.Arbitrary<ArgumentChoice> {
  const place = fc.constantFrom<ArgumentChoice['place'][]>('literal', 'variable', 'default');
  const value = fc.constantFrom(...(kind === 'good' ? good : [...good, ...bad]));
  return fc.record({ name: fc.constant(name), type: fc.constant(type), value, place });
}

function requestFor(field: StreamField, kind: 'good' | 'any'): fc.Arbitrary<StreamRequest> {
  const choices = fc.tuple(...Object.entries(field.arguments).map((one) => argumentChoice(one, kind)));
  return fc
    .tuple(
      choices,
      selectionOf(field.event),
      fc.constantFrom(...layouts),
      fc.boolean(),
      fc.constantFrom('', 'Named'),
      fc.boolean(),
    )
    .map(([args, selection, layout, isAliased, name, yes]) => {
      const given = args.filter(({ value }) => value !== undefined);
      const written = given.map(
        (one) => `${one.name}: ${one.place === 'literal' ? literal(one.type, one.value) : `$${one.name}`}`,
      );
      const text = [selection.text, ...selection.fragments].join(' ');
      const declared = [
        ...given.filter(({ place }) => place !== 'literal').map((one) => declare(one)),
        ...(text.includes('$yes') ? ['$yes: Boolean!'] : []),
        ...(text.includes('$no') ? ['$no: Boolean = false'] : []),
      ];
      const variables = given.filter(({ place }) => place === 'variable').map((one) => [one.name, one.value] as const);
      const head = `subscription ${name} ${declared.length === 0 ? '' : `(${declared.join(', ')})`}`;
      const root = `${isAliased ? 'mine: ' : ''}${field.name}(${written.join(', ')})`;
      const query = layout(`${head} { ${root} ${selection.text} } ${selection.fragments.join(' ')}`);
      return { query, variables: { ...Object.fromEntries(variables), yes } };
    });
}

function declare({ name, type, value, place }: ArgumentChoice): string {
  if (place === 'variable') return `$${name}: ${type}`;
  return `$${name}: ${type} = ${literal(type, value)}`;
}

/** What is refused before anything of it runs, or is no stream. */
const otherRequests: readonly StreamRequest[] = [
  { query: '' },
  { query: 'subscription {' },
  { query: 'subscription { nonsense }' },
  { query: `subscription { tickers(markets: ["${first}"]) { tickers { last nonsense } } }` },
  { query: `subscription { tickers(markets: ["${first}"]) }` },
  { query: 'subscription { tickers { meta { kind } } }' },
  {
    query: `subscription { a: tickers(markets: ["${first}"]) { meta { kind } } b: tickers(markets: ["${first}"]) { meta { kind } } }`,
  },
  { query: `subscription { tickers(markets: ["${first}"]) @skip(if: false) { meta { kind } } }` },
  { query: 'subscription ($m: [MarketId!]!) { tickers(markets: $m) { meta { kind } } }' },
  { query: 'subscription ($m: [MarketId!]!) { tickers(markets: $m) { meta { kind } } }', variables: { m: [5] } },
  { query: 'subscription { __typename }' },
  { query: '{ __typename }' },
  { query: 'mutation { nothing }' },
];

/** Anything a client may ask for; mostly streams that are in order. */
export const streamRequests: fc.Arbitrary<StreamRequest> = fc.oneof(
  { weight: 8, arbitrary: fc.oneof(...streamFields.map((field) => requestFor(field, 'good'))) },
  { weight: 1, arbitrary: fc.oneof(...streamFields.map((field) => requestFor(field, 'any'))) },
  { weight: 1, arbitrary: fc.constantFrom(...otherRequests) },
);
